import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {snapshotOf} from "../../engine/trader/snapshot.js";
import {generator} from "../../src/lib/stats/random.js";
import {allLines, config, markets, runIntoCrash, runJournalled, type CrashAt} from "../helpers/journal.js";
import {tmp} from "../helpers/tmp.js";

const DEATHS = 200;
const KILLS = 16;

describe("trading loop that dies at a line of its journal", () => {
  it(`${DEATHS} deaths before, within and after it end equal to the uninterrupted run`, async () => {
    const clean = tmp();
    const state = snapshotOf(await runJournalled(clean, markets, config));
    const lines = allLines(clean);
    const random = generator(17);
    for (let i = 0; i < DEATHS; i++) {
      const dir = tmp();
      const at = (["before", "within", "after"] as CrashAt[])[i % 3]!;
      const n = 1 + Math.floor(random() * lines.length);
      expect(await runIntoCrash(dir, markets, config, {n, at})).toBe(true);
      // every fifth dies again during recovery
      if (i % 5 === 0) await runIntoCrash(dir, markets, config, {n: 1 + (i % 4), at: "within"});
      expect(snapshotOf(await runJournalled(dir, markets, config)), `line ${n}, ${at}`).toEqual(state);
      expect(allLines(dir), `line ${n}, ${at}`).toEqual(lines);
    }
  }, 600_000);

  it(`${KILLS} processes killed with SIGKILL while writing a line reach the same end`, async () => {
    const clean = tmp();
    await runJournalled(clean, markets, config);
    const lines = allLines(clean);
    const random = generator(23);
    for (let i = 0; i < KILLS; i++) {
      const dir = tmp();
      const n = 1 + Math.floor(random() * lines.length);
      const script = join(import.meta.dirname, "../helpers/journalled-run.ts");
      const child = spawn(process.execPath, ["--import", "tsx", script, dir, String(n)], {stdio: "ignore"});
      const [, signal] = (await once(child, "exit")) as [number | null, string | null];
      expect(signal, `line ${n}`).toBe("SIGKILL");
      await runJournalled(dir, markets, config);
      expect(allLines(dir), `line ${n}`).toEqual(lines);
    }
  }, 300_000);
});
