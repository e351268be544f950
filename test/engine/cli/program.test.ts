import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {runCarrybook} from "../../../engine/cli/program.js";
import {cli, startCli} from "../../helpers/cli.js";
import {cliProcess} from "../../helpers/cli-process.js";
import {tmp} from "../../helpers/tmp.js";

describe("command line in one process", () => {
  it.each([[["--version"]], [["--help"]], [["stauts"]], [["gaps"]], [["config", "show"]]])(
    "%j has the same output and exit code as in its own process",
    async (args) => {
      const env = {CARRYBOOK_DATA: join(tmp(), "none")};
      expect(await cli(args, env)).toEqual(await cliProcess(args, env));
    }
  );

  it("concurrent commands keep inputs and outputs apart", async () => {
    const [a, b] = [join(tmp(), "a"), join(tmp(), "b")];
    const shown = (data: string) => cli(["config", "show"], {CARRYBOOK_DATA: data});
    const all = await Promise.all([shown(a), cli(["stauts"]), shown(b)]);
    expect(all.map(({code}) => code)).toEqual([0, 2, 0]);
    expect([all[0], all[2]].map(({stdout}) => (JSON.parse(stdout) as {data: string}).data)).toEqual([a, b]);
  });

  it("interruption ends only its own command", async () => {
    const args = ["sim", "--port", "0", "--speed", "0"];
    const [one, other] = [startCli(args), startCli(args)];
    await Promise.all([one.says("url"), other.says("url")]);
    one.interrupt();
    expect((await one.ended).code).toBe(0);
    const {url} = JSON.parse((await other.says("url")).stdout) as {url: string};
    expect((await fetch(`${url}/sim/requests`)).ok).toBe(true);
    other.interrupt();
    expect((await other.ended).code).toBe(0);
  });

  it("relative paths resolve against the caller's folder", async () => {
    let stderr = "";
    const code = await runCarrybook(["config", "check", "--config", "package.json"], {
      stdout: {write: () => undefined},
      stderr: {write: (text) => (stderr += text)},
      env: {},
      cwd: tmp(),
      signal: new AbortController().signal
    });
    expect([code, stderr]).toEqual([3, expect.stringContaining("missing config: package.json")]);
  });
});
