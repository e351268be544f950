import {readFileSync, writeFileSync} from "node:fs";
import {describe, expect, it} from "vitest";
import {Journal, journalFiles, REAL_DISK as REAL} from "../../engine/journal/journal.js";
import {Recorder} from "../../engine/journal/recorder.js";
import {PaperVenue} from "../../engine/execution/paper.js";
import {restoreState, snapshotOf} from "../../engine/trader/snapshot.js";
import {Trader} from "../../engine/trader/trader.js";
import {generator} from "../../src/lib/stats/random.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";
import {allLines, config, markets, runIntoCrash, runJournalled, type CrashAt} from "../helpers/journal.js";
import {tmp} from "../helpers/tmp.js";

const audit = () =>
  new Trader({
    recorder: new Recorder(undefined),
    venue: new PaperVenue(config),
    config,
    venueName: "",
    barMs: HOUR_MS
  });

describe("process that dies at a line of the journal", () => {
  it("recovery is exact: 24 deaths before, within and after a line end equal to the uninterrupted run", async () => {
    const clean = tmp();
    const state = snapshotOf(await runJournalled(clean, markets, config));
    const lines = allLines(clean);
    expect(lines.filter(({event}) => event.type === "closed").length).toBeGreaterThan(3);
    expect(lines.filter(({event}) => event.type === "snapshot").length).toBeGreaterThan(3);
    expect(lines.some(({event}) => event.type === "liquidated")).toBe(true);
    const random = generator(3);
    for (let i = 0; i < 24; i++) {
      const dir = tmp();
      const at = (["before", "within", "after"] as CrashAt[])[i % 3]!;
      const n = 1 + Math.floor(random() * lines.length);
      expect(await runIntoCrash(dir, markets, config, {n, at})).toBe(true);
      // every tenth dies again during recovery
      if (i % 10 === 0) await runIntoCrash(dir, markets, config, {n: 2, at: "within"});
      const recovered = snapshotOf(await runJournalled(dir, markets, config));
      expect(recovered, `line ${n}, ${at}`).toEqual(state);
      expect(allLines(dir), `line ${n}, ${at}`).toEqual(lines);
    }
  });

  it("replay of the journal alone makes the same decisions and ends in the same state", async () => {
    const dir = tmp();
    const state = snapshotOf(await runJournalled(dir, markets, config));
    const lines = allLines(dir);
    const seen: unknown[] = [];
    const recorder = new Recorder(undefined, lines, {audit: true, onLine: (line) => void seen.push(line)});
    const trader = new Trader({recorder, venue: new PaperVenue(config), config, venueName: "", barMs: HOUR_MS});
    await trader.recover();
    expect(snapshotOf(trader)).toEqual(state);
    expect(seen).toEqual(lines);
  });

  it("audit detects a decision that the code would not make", async () => {
    const dir = tmp();
    await runJournalled(dir, markets, config);
    const lines = allLines(dir).map((line) => structuredClone(line));
    const decided = lines.find(({event}) => event.type === "decided" && event.intents.length > 0)!;
    Object.assign(decided.event, {intents: []});
    const recorder = new Recorder(undefined, lines, {audit: true});
    const trader = new Trader({recorder, venue: new PaperVenue(config), config, venueName: "", barMs: HOUR_MS});
    await expect(trader.recover()).rejects.toThrow(`invalid journal: line ${decided.seq} does not follow`);
  });

  it("restored state continues like the original", async () => {
    const dir = tmp();
    const state = snapshotOf(await runJournalled(dir, markets, config));
    const copy = audit();
    restoreState(copy, JSON.parse(JSON.stringify(state)));
    expect(snapshotOf(copy)).toEqual(state);
  });
});

describe("tampered journal", () => {
  it("journal with any flipped byte is rejected with file and line", async () => {
    const dir = tmp();
    await runJournalled(dir, markets, config);
    const files = journalFiles(dir);
    const random = generator(8);
    for (let i = 0; i < 60; i++) {
      const file = files[Math.floor(random() * files.length)]!;
      const whole = readFileSync(file);
      const at = Math.floor(random() * (whole.length - 1));
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1 << Math.floor(random() * 8);
      // the line of the byte; a flipped newline damages the line it ended
      const line = whole.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
      writeFileSync(file, flipped);
      expect(() => new Journal(dir), `${file} byte ${at}`).toThrow(`invalid journal: ${file}:${line} `);
      writeFileSync(file, whole);
    }
    expect(() => new Journal(dir).close()).not.toThrow();
  });

  it("journal with a missing, repeated or moved line is rejected", async () => {
    const dir = tmp();
    await runJournalled(dir, markets, config);
    const file = journalFiles(dir)[0]!;
    const rows = readFileSync(file, "utf8").split("\n");
    for (const spoiled of [
      [...rows.slice(0, 3), ...rows.slice(4)],
      [...rows.slice(0, 4), ...rows.slice(3)],
      [...rows.slice(0, 3), rows[4], rows[3], ...rows.slice(5)]
    ]) {
      writeFileSync(file, spoiled.join("\n"));
      expect(() => new Journal(dir)).toThrow(/invalid journal: .*:[45] /);
    }
    writeFileSync(file, rows.join("\n"));
  });

  it("full disk leaves the journal unchanged, and the event can be written once there is space", () => {
    const dir = tmp();
    let full = false;
    const journal = new Journal(dir, {
      disk: {
        write: (fd, text) => {
          if (!full) return REAL.write(fd, text);
          REAL.write(fd, text.slice(0, 9));
          throw Object.assign(new Error("no space left on device"), {code: "ENOSPC"});
        },
        sync: REAL.sync
      }
    });
    journal.append({type: "paused", ts: 1});
    full = true;
    expect(() => journal.append({type: "resumed", ts: 2})).toThrow("no space left");
    full = false;
    journal.append({type: "resumed", ts: 2});
    journal.close();
    expect(allLines(dir).map(({seq, event}) => [seq, event.type])).toEqual([
      [1, "paused"],
      [2, "resumed"]
    ]);
  });
});
