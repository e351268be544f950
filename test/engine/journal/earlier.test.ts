import {appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {JournalledAccount} from "../../../engine/execution/live/books.js";
import type {FilledEvent, RefusedEvent, StartedEvent} from "../../../engine/journal/events.js";
import {currentEvent} from "../../../engine/journal/codec.js";
import {Journal} from "../../../engine/journal/journal.js";
import {GENESIS, readLine, writeLine, type JournalEvent} from "../../../engine/journal/line.js";
import {Recorder} from "../../../engine/journal/recorder.js";
import {auditJournal} from "../../../engine/loop/audit.js";
import {decisionsOf} from "../../../engine/loop/decisions.js";
import {noteOf} from "../../../engine/loop/notes.js";
import {Trader} from "../../../engine/trader/trader.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";
import {allLines} from "../../helpers/journal.js";
import {tmp} from "../../helpers/tmp.js";

const FIXTURES = join(import.meta.dirname, "../../fixtures/journals/v0");
const NAME = "000001.ndjson";

/** Reads the lines of a fixture. */
const rowsOf = (name: string): string[] =>
  readFileSync(join(FIXTURES, name, NAME), "utf8")
    .trimEnd()
    .split("\n");

/** Reads the events of a fixture. */
function writtenEvents(name: string): JournalEvent[] {
  let previous = GENESIS;
  return rowsOf(name).map((row, i) => {
    const line = readLine(row, {seq: i + 1, previous}, {file: NAME, line: i + 1});
    previous = line.checksum;
    return line.event;
  });
}

const typesOf = (rows: readonly string[]): string[] =>
  rows.map((row) => (JSON.parse(row) as {event: JournalEvent}).event.type);

/** Writes a journal of these events with valid checksums. */
function journalOf(events: readonly JournalEvent[]): string {
  const dir = tmp();
  let previous = GENESIS;
  for (const [i, event] of events.entries()) {
    const {text, checksum} = writeLine(i + 1, previous, event);
    previous = checksum;
    appendFileSync(join(dir, NAME), `${text}\n`);
  }
  return dir;
}

async function recovered(journal: Journal): Promise<{trader: Trader; venue: JournalledAccount}> {
  const started = journal.opened.recent[0]!.event as StartedEvent;
  const venue = new JournalledAccount();
  const trader = new Trader({
    recorder: new Recorder(journal, journal.opened.recent),
    venue,
    config: parseConfig(started.file.strategy),
    venueName: started.venue,
    barMs: HOUR_MS
  });
  await trader.recover();
  return {trader, venue};
}

describe("journal from before unfilled orders had codes", () => {
  it.each([
    ["live", {lines: 81, decisions: 10, trades: 4}],
    ["dry-run", {lines: 11, decisions: 1, trades: 0}]
  ])("journal %s audits as a whole and up to each of its lines", async (name, found) => {
    expect(await auditJournal(join(FIXTURES, name))).toMatchObject(found);
    const rows = rowsOf(name);
    for (let n = 1; n <= rows.length; n++) {
      const dir = tmp();
      mkdirSync(dir, {recursive: true});
      writeFileSync(
        join(dir, NAME),
        rows
          .slice(0, n)
          .map((row) => `${row}\n`)
          .join("")
      );
      // a step without the outcome of its orders would query the venue, and an audit has none
      const next = typesOf(rows.slice(n)).find((type) => type === "filled" || type === "input");
      const unanswered = next === "filled";
      const audit = auditJournal(dir);
      if (unanswered) await expect(audit).rejects.toThrow("missing venue");
      else expect((await audit).lines).toBe(n);
    }
  });

  it("its orders get the codes that this version would write", () => {
    const events = (name: string) => allLines(join(FIXTURES, name)).map(({event}) => event);
    const codes = (name: string) =>
      events(name).flatMap((event) =>
        event.type === "filled" ? ((event as FilledEvent).unfilled ?? []).map(([, code]) => code) : []
      );
    const refused = (name: string) =>
      events(name).flatMap((event) => (event.type === "refused" ? [(event as RefusedEvent).code] : []));
    expect(codes("live")).toEqual([
      ...["spread", "spread", "lost", "lost", "spread", "spread"],
      ...["maker", "maker", "cut", "maker", "maker", "maker"],
      ...["refused", "refused", "expired", "refused", "refused", "refused"]
    ]);
    expect(refused("live")).toEqual(["spread", "lost", "maker", "refused"]);
    expect(codes("dry-run")).toEqual(["not-sent", "not-sent"]);
    expect(refused("dry-run")).toEqual(["not-sent"]);
  });

  it.each([
    ["lost: the venue does not know the order", "lost"],
    ["not sent: an emergency stop acts at the venue itself", "withheld"],
    ["the perp leg filled too little to be hedged", "cut"],
    ["rejected at 0 of 3 (EC_Others)", "refused"],
    ["partiallyfilledcanceled at 1.5 of 3", "expired"],
    ["the leverage is 5, not 3", "refused"],
    ["not filled", "refused"],
    ["under-minimum-notional", "under-minimum-notional"]
  ])("refusal %j is read as %s", (reason, code) => {
    const event = {type: "refused", ts: 1, pair: "SOL/USDT", reason};
    expect(currentEvent(event)).toEqual({...event, code});
  });

  it("events of this version are read unchanged", () => {
    const filled: FilledEvent = {
      type: "filled",
      ts: 1,
      tradeId: "a-1",
      fills: [],
      unfilled: [["a", "maker", "lost: x"]]
    };
    const refused: RefusedEvent = {type: "refused", ts: 1, pair: "A/USDT", reason: "lost: x", code: "refused"};
    expect(currentEvent(filled)).toBe(filled);
    expect(currentEvent(refused)).toBe(refused);
  });

  it.each(["live", "dry-run"])("%s yields its original notifications and decisions", (name) => {
    const lines = allLines(join(FIXTURES, name));
    const decisions = lines.flatMap((line) => decisionsOf(line)).map(({code: _, ...rest}) => rest);
    const expected: unknown = JSON.parse(readFileSync(join(FIXTURES, name, "expected.json"), "utf8"));
    expect({notes: lines.flatMap((line) => noteOf(line) ?? []), decisions}).toEqual(expected);
  });

  it("recovery knows which orders were lost, and continues in the same file", async () => {
    const dir = tmp();
    cpSync(join(FIXTURES, "live"), dir, {recursive: true});
    const journal = new Journal(dir);
    const {trader, venue} = await recovered(journal);
    const lost = writtenEvents("live").flatMap((event) =>
      event.type === "filled"
        ? ((Reflect.get(event, "unfilled") as [string, string][] | undefined) ?? [])
            .filter(([, why]) => why.startsWith("lost: "))
            .map(([id]) => id)
        : []
    );
    expect(lost).toHaveLength(2);
    expect((venue.snapshot() as {lost: string[]}).lost).toEqual(lost);
    expect(trader.open).toEqual([]);
    trader.setMode({type: "paused", ts: trader.lastTs, why: "a test"});
    journal.close();
    expect((await auditJournal(dir)).lines).toBe(82);
    // the old lines are unchanged
    const rows = readFileSync(join(dir, NAME), "utf8").trimEnd().split("\n");
    expect(rows.slice(0, 81)).toEqual(rowsOf("live"));
  });

  it("audit still fails where a refusal contradicts its orders", async () => {
    const events = writtenEvents("live");
    expect((await auditJournal(journalOf(events))).lines).toBe(81);
    const changed = events.map((event) =>
      event.type === "refused" && (event as RefusedEvent).reason.startsWith("lost: ")
        ? {...event, reason: "as a maker: the venue does not know the order"}
        : event
    );
    await expect(auditJournal(journalOf(changed))).rejects.toThrow(/line \d+ does not follow from what came before/);
  });
});
