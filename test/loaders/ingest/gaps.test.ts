import {afterEach, describe, expect, it} from "vitest";
import type {MadeVenue} from "../../helpers/bybit-venue.js";
import {sendBybit} from "../../helpers/bybit-venue.js";
import {serve} from "../../helpers/http.js";
import {repairPlan} from "../../../loaders/ingest/repair-plan.js";
import {rowsOf} from "../../../loaders/store/database.js";
import type {SeriesKey} from "../../../loaders/store/key.js";
import {gridEdges, fundingEdges} from "../../../loaders/store/edges.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import {backfill, historiesFor, rig, type Rig} from "../../helpers/ingest.js";
import {virtualClock} from "../../helpers/clock.js";
import {tmp} from "../../helpers/tmp.js";

const NOW = Date.UTC(2026, 9, 1, 12, 30);
const START = Date.UTC(2026, 8, 21);
const wanted = {from: START, to: NOW};
const PAIR = "BTC/USDT";

const open: Rig[] = [];
afterEach(async () => {
  for (const own of open.splice(0)) await own.close();
});

const tickers = () => [
  {symbol: "BTCUSDT", lastPrice: "100", bid1Price: "99", ask1Price: "101", turnover24h: "5000000", volume24h: "1"}
];

/** A venue of one pair: every hour of the last days except those it withholds. */
function hourly(withheld: (hour: number) => boolean, given: Partial<MadeVenue> = {}): MadeVenue {
  return {
    now: () => NOW,
    klines: (_, interval) => {
      if (interval !== "60") return [];
      const rows: string[][] = [];
      for (let ts = START - 5 * DAY_MS; ts <= NOW; ts += HOUR_MS) {
        if (withheld((ts - START) / HOUR_MS)) continue;
        rows.unshift([String(ts), "100", "101", "99", "100.5", "10", "1000"]);
      }
      return rows;
    },
    ...given
  };
}

const settlements = (hours: readonly number[]) => hours.map((hour) => ({ts: START + hour * HOUR_MS, rate: "0.0001"}));
const everyEight = (from: number, to: number) =>
  Array.from({length: Math.floor((to - from) / 8) + 1}, (_, i) => from + 8 * i);

/** A store filled from a venue that the test may change afterwards. */
async function filled(
  venue: MadeVenue,
  series: "perp" | "funding"
): Promise<Rig & {venue: MadeVenue; key: SeriesKey; asked: () => number}> {
  const server = await serve((url, reply) => sendBybit({tickers, ...venue}, url, reply));
  const own = await rig(tmp(), {url: server.url, clock: virtualClock(NOW)});
  open.push(own);
  const [key] = await historiesFor(own, [PAIR], [series]);
  await backfill(own, [key!], wanted);
  const asked = () => server.seen.filter((url) => /kline|funding/.test(url.pathname)).length;
  return Object.assign(own, {venue, key: key!, asked});
}

const holes = async ({db}: Rig) =>
  (
    await rowsOf<{from: number; to: number; rows: number; state: string; tries: number}>(
      db.connection,
      `select from_ts as "from", to_ts as "to", missing as rows, state, tries from holes order by from_ts`
    )
  ).map(({from, to, ...rest}) => ({from: (from - START) / HOUR_MS, to: (to - START) / HOUR_MS, ...rest}));

async function repair(own: Rig): Promise<void> {
  for (const request of await repairPlan(own.db)) {
    const batch = await own.service.submit(request);
    await own.service.run({batches: [batch.id]});
    expect(own.service.get(batch.id)!.status).toBe("completed");
  }
}

describe("trap 13: a hole is found and refilled at any position", () => {
  const last = (NOW - START) / HOUR_MS - 0.5;
  const cases: [string, (hour: number) => boolean, {from: number; to: number; rows: number}][] = [
    ["at the head", (h) => h < 5, {from: 0, to: 5, rows: 5}],
    ["in the middle", (h) => h >= 100 && h < 130, {from: 100, to: 130, rows: 30}],
    ["at the tail", (h) => h >= last - 7, {from: last - 7, to: last, rows: 7}],
    ["one row long", (h) => h === 50, {from: 50, to: 51, rows: 1}]
  ];
  for (const [name, withheld, expected] of cases) {
    it(`candles: ${name}`, async () => {
      let missing = withheld;
      const own = await filled(
        hourly((h) => missing(h)),
        "perp"
      );
      expect(await holes(own)).toEqual([{...expected, state: "open", tries: 0}]);
      missing = () => false;
      const before = own.asked();
      await repair(own);
      expect(await holes(own)).toEqual([]);
      // Only the hole is requested, not the history around it.
      expect(own.asked() - before).toBe(1);
    });
  }

  it("settlements: in the middle, and one that spans a switch of the interval", async () => {
    const whole = [
      ...everyEight(0, 80),
      ...everyEight(80, 160).flatMap((h) => [h + 1, h + 2, h + 3, h + 4, h + 5, h + 6, h + 7, h + 8])
    ];
    const kept = whole.filter((h) => h !== 32 && !(h > 76 && h < 84));
    const venue: MadeVenue = {now: () => NOW, settlements: settlements(kept)};
    const own = await filled(venue, "funding");
    const found = await holes(own);
    expect(found.some((hole) => hole.from <= 32 && hole.to > 32)).toBe(true);
    expect(found.some((hole) => hole.from <= 80 && hole.to >= 84)).toBe(true);
    venue.settlements = settlements(whole);
    await repair(own);
    const stored = await rowsOf<{hour: number}>(
      own.db.connection,
      `select (boundary_ts - ${START}) // ${HOUR_MS} as hour from funding order by 1`
    );
    expect(stored.map((row) => row.hour)).toEqual([...new Set(whole)].sort((a, b) => a - b));
  });

  it("settlements: a tail that is overdue by more than any interval", async () => {
    const end = (NOW - START) / HOUR_MS;
    const whole = everyEight(0, end);
    const venue: MadeVenue = {now: () => NOW, settlements: settlements(whole.slice(0, -3))};
    const own = await filled(venue, "funding");
    const [tail] = await holes(own);
    expect(tail).toMatchObject({from: whole.at(-3), rows: 3, state: "open"});
    venue.settlements = settlements(whole);
    await repair(own);
    expect(await holes(own)).toEqual([]);
  });
});

describe("trap 15: a hole that no refetch fills", () => {
  it("becomes confirmed missing after two refetches, and is never requested again", async () => {
    const own = await filled(
      hourly((h) => h >= 100 && h < 103),
      "perp"
    );
    const before = own.asked();
    await repair(own);
    expect(await holes(own)).toEqual([{from: 100, to: 103, rows: 3, state: "confirmed missing", tries: 2}]);
    expect(own.asked() - before).toBe(2);
    expect(await repairPlan(own.db)).toEqual([]);
    await repair(own);
    expect(own.asked() - before).toBe(2);
  });

  it("is confirmed only where a refetch fills nothing", async () => {
    let missing = (h: number) => h >= 100 && h < 110;
    const own = await filled(
      hourly((h) => missing(h)),
      "perp"
    );
    missing = (h) => h >= 103 && h < 105;
    await repair(own);
    expect(await holes(own)).toEqual([{from: 103, to: 105, rows: 2, state: "confirmed missing", tries: 2}]);
  });

  it("stays ambiguous where it may be an interval switch, is counted, and is no longer requested", async () => {
    const hours = [...Array.from({length: 40}, (_, i) => i), 40, 48, 56, 64];
    const own = await filled(
      {now: () => NOW, settlements: settlements([...hours, ...everyEight(72, (NOW - START) / HOUR_MS)])},
      "funding"
    );
    const before = await holes(own);
    expect(before).toMatchObject([{to: 48, state: "ambiguous", rows: 7}]);
    await repair(own);
    expect(await holes(own)).toMatchObject([{to: 48, state: "ambiguous", rows: 7, tries: 2}]);
    expect(await repairPlan(own.db)).toEqual([]);
  });
});

describe("trap 14: the end of a market is not a gap", () => {
  const endHour = 150;
  it("candles and settlements stop at its end", async () => {
    const end = START + endHour * HOUR_MS;
    const own = await filled(
      hourly((h) => h >= endHour, {deliveryTs: end}),
      "perp"
    );
    expect(await holes(own)).toEqual([]);
    const before = own.asked();
    await backfill(own, [own.key], wanted);
    expect(own.asked()).toBe(before);
  });

  it("one row short of the end is a gap", () => {
    const edge = {
      first: 0,
      last: 8 * HOUR_MS,
      spans: [{from: 0, to: 24 * HOUR_MS}],
      life: {launchTs: 0, endTs: 10 * HOUR_MS}
    };
    expect(gridEdges(edge, HOUR_MS)).toEqual([{from: 9 * HOUR_MS, to: 10 * HOUR_MS, rows: 1, state: "open"}]);
    expect(gridEdges({...edge, last: 9 * HOUR_MS}, HOUR_MS)).toEqual([]);
  });
});

describe("edges", () => {
  const edge = {first: 10 * HOUR_MS, last: 50 * HOUR_MS, life: {launchTs: undefined, endTs: undefined}};
  it("before the first row nothing is missing unless the launch is known", () => {
    const spans = [{from: 0, to: 51 * HOUR_MS}];
    expect(gridEdges({...edge, spans}, HOUR_MS)).toEqual([]);
    expect(gridEdges({...edge, spans, life: {launchTs: 7.5 * HOUR_MS, endTs: undefined}}, HOUR_MS)).toEqual([
      {from: 8 * HOUR_MS, to: 10 * HOUR_MS, rows: 2, state: "open"}
    ]);
  });
  it("nothing is missing where the venue was never asked", () => {
    expect(gridEdges({...edge, spans: []}, HOUR_MS)).toEqual([]);
    expect(fundingEdges({...edge, spans: []}, {first: 8, last: 8})).toEqual([]);
  });
  it("a settlement is not missing when it is only just due, or when a longer interval would explain it", () => {
    const at = (to: number, last: number) => fundingEdges({...edge, spans: [{from: 0, to}]}, {first: last, last});
    expect(at(58 * HOUR_MS + 60_000, 8)).toEqual([]);
    expect(at(52 * HOUR_MS, 1)).toEqual([]);
    expect(at(58.5 * HOUR_MS, 1)).toEqual([{from: 51 * HOUR_MS, to: 58.5 * HOUR_MS, rows: 8, state: "open"}]);
  });
});
