import {expect, it} from "vitest";
import {cli, startCli} from "../../helpers/cli.js";
import {client} from "../../helpers/venue-account.js";

it("carrybook sim --account opens an account that can trade; the error of a malformed one omits its secret", async () => {
  const running = startCli(["sim", "--port", "0", "--speed", "0", "--account", "mine:hush-hush:2500.5"]);
  try {
    const {url, now} = JSON.parse((await running.says("url")).stdout) as {url: string; now: number};
    const exchange = client({url, now: () => now}, {apiKey: "mine", secret: "hush-hush"});
    expect((await exchange.fetchBalance())["USDT"]).toMatchObject({total: 2500.5});
  } finally {
    running.interrupt();
  }
  const {stdout, stderr} = await running.ended;
  expect(stdout + stderr).not.toContain("hush-hush");
  const wrong = await cli(["sim", "--port", "0", "--account", "mine:hush-hush:much"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("invalid account: mine");
  expect(wrong.stdout + wrong.stderr).not.toContain("hush-hush");
});
