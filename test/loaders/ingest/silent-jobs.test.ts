import {afterEach, describe, expect, it} from "vitest";
import {JobService} from "../../../loaders/ingest/jobs/service.js";
import {openDatabase, type Database} from "../../../loaders/store/database.js";
import type {SeriesKey} from "../../../loaders/store/key.js";
import type {CandleRow} from "../../../loaders/rows.js";
import {madeExchange} from "../../helpers/exchange.js";
import {virtualClock} from "../../helpers/clock.js";
import {NOW} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";
import type {Span} from "../../../src/lib/market/coverage.js";

const HOUR = 3_600_000;
const span = {from: NOW - 20 * HOUR, to: NOW};
const keyOf = (pair: string): SeriesKey => ({venue: "made", series: "perp", pair, timeframe: "1h"});

const open: Database[] = [];
afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
});

/** A queue on a venue whose replies for one pair are made by the test. */
async function start(spoiled: (window: Span, n: number) => Promise<CandleRow[]>) {
  const clock = virtualClock(NOW);
  let n = 0;
  const rowsOf = ({from, to}: Span) =>
    Array.from({length: (to - from) / HOUR}, (_, i): CandleRow => ({tsMs: from + i * HOUR, close: "1"}));
  const exchange = madeExchange({
    patienceMs: 150,
    candles: async (pair: string, _: string, __: string, window: Span) => ({
      rows: pair === "BAD/USDT" ? await spoiled(window, ++n) : rowsOf(window),
      rejected: [],
      repeats: 0,
      outside: 0,
      asOfMs: NOW
    })
  });
  const db = await openDatabase(tmp(), {now: clock.now});
  open.push(db);
  const service = await JobService.open(db, {connect: async () => exchange, clock, random: () => 0.5});
  const batch = await service.submit({
    kind: "backfill",
    venue: "made",
    histories: ["BAD/USDT", "GOOD/USDT"].map((pair) => ({key: keyOf(pair), wanted: span}))
  });
  await service.run({batches: [batch.id]});
  return {service, children: service.children(batch.id), rowsOf};
}

describe("a history's work", () => {
  it("whose reply never ends fails by name, is retried, and does not hold the others", async () => {
    const {children} = await start(() => new Promise(() => undefined));
    expect(children.map(({status, attempts}) => [status, attempts])).toEqual([
      ["failed", 3],
      ["completed", 1]
    ]);
    expect(children[0]).toMatchObject({errorCode: "network"});
    expect(children[0]!.error).toContain("made BAD/USDT perp 1h: no progress for 0 s");
  });

  it("whose first reply never ends is complete after a retry", async () => {
    const all = Array.from({length: 20}, (_, i): CandleRow => ({tsMs: span.from + i * HOUR, close: "1"}));
    const {children} = await start(async (_, n) => (n === 1 ? new Promise(() => undefined) : all));
    expect(children.map(({status, attempts, rowsFetched}) => [status, attempts, rowsFetched])).toEqual([
      ["completed", 2, 20],
      ["completed", 1, 20]
    ]);
  });

  it("that fails for an unforeseen reason fails alone, with the reason", async () => {
    const {children} = await start(async () => {
      throw new RangeError("invalid order: settlement 2 is not after 2");
    });
    expect(children.map(({status}) => status)).toEqual(["failed", "completed"]);
    expect(children[0]).toMatchObject({errorCode: "unexpected", attempts: 1});
    expect(children[0]!.error).toContain("RangeError: invalid order");
  });
});
