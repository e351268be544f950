import {expect, it} from "vitest";
import {cli, finished, startCli} from "../../helpers/cli.js";
import {client} from "../../helpers/venue-account.js";

it("carrybook sim --account opens an account that can trade; a wrong one is named without its secret", async () => {
  const child = startCli(["sim", "--port", "0", "--speed", "0", "--account", "mine:hush-hush:2500.5"]);
  const ended = finished(child);
  try {
    const line = await new Promise<string>((resolve) =>
      child.stdout!.once("data", (data: Buffer) => resolve(String(data)))
    );
    const {url, now} = JSON.parse(line) as {url: string; now: number};
    const exchange = client({url, now: () => now}, {apiKey: "mine", secret: "hush-hush"});
    expect((await exchange.fetchBalance())["USDT"]).toMatchObject({total: 2500.5});
  } finally {
    child.kill("SIGTERM");
  }
  const {stdout, stderr} = await ended;
  expect(stdout + stderr).not.toContain("hush-hush");
  const wrong = await cli(["sim", "--port", "0", "--account", "mine:hush-hush:much"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("invalid account: mine");
  expect(wrong.stdout + wrong.stderr).not.toContain("hush-hush");
});
