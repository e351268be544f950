import {afterEach, describe, expect, it} from "vitest";
import {
  instrumentsOfToday,
  RESELECT_MS,
  readSelection,
  selectionDue,
  selectTop,
  historiesOf,
  topPairs
} from "../../../loaders/ingest/universe.js";
import {lifeOf, newestInstruments, saveInstruments, type ListedInstrument} from "../../../loaders/store/instruments.js";
import {readTracked, track, untrack} from "../../../loaders/store/tracked.js";
import {publish} from "../../../loaders/lake/publish.js";
import {universeAt} from "../../../loaders/snapshots/universe.js";
import {rowsOf, type Database} from "../../../loaders/store/database.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {rig, SIM_NOW, type Rig} from "../../helpers/ingest.js";
import {open as openStore} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
async function start(): Promise<Rig> {
  const own = await rig(tmp());
  closing.push(own.close);
  return own;
}
async function store(): Promise<Database> {
  const db = await openStore(tmp(), {now: () => SIM_NOW});
  closing.push(db.close);
  return db;
}

const market = (
  pair: string,
  turnover24h: string | undefined,
  given: Partial<ListedInstrument> = {}
): ListedInstrument => ({
  venue: "bybit",
  dayTs: 0,
  pair,
  market: "perp",
  symbol: pair.replace("/", ""),
  coin: pair.split("/")[0]!,
  multiplier: 1,
  quote: "USDT",
  active: true,
  status: "Trading",
  contractSize: "1",
  turnover24h,
  ...given
});
const both = (pair: string, turnover: string): ListedInstrument[] => [
  market(pair, turnover),
  market(pair, "1", {market: "spot"})
];
const wanted = {series: ["funding", "spot", "perp"] as const, timeframes: ["1h"] as const};
const selection = (top: number) => ({top, days: 30, series: [...wanted.series], timeframes: [...wanted.timeframes]});

describe("top pairs", () => {
  it("are those with the highest turnover in quote, ties by name", () => {
    const list = [...both("AAA/USDT", "3000000"), ...both("CCC/USDT", "9000000"), ...both("BBB/USDT", "3000000")];
    expect(topPairs(list, 2)).toEqual(["CCC/USDT", "AAA/USDT"]);
    expect(topPairs(list, 9)).toEqual(["CCC/USDT", "AAA/USDT", "BBB/USDT"]);
  });

  it("trap 6: volume in the base coin does not affect the ranking", async () => {
    const own = await start();
    const list = await instrumentsOfToday(own.db, own.exchange, SIM_NOW);
    const doge = list.find((i) => i.market === "perp" && i.pair === "DOGE/USDT")!;
    const btc = list.find((i) => i.market === "perp" && i.pair === "BTC/USDT")!;
    expect(Number(btc.turnover24h)).toBeGreaterThan(Number(doge.turnover24h));
    expect(topPairs(list, 3)).toEqual(["BTC/USDT", "ETH/USDT", "SOL/USDT"]);
  });

  it("exclude pairs without a spot market, with unknown or low turnover, or no longer trading", () => {
    const list = [
      market("NOSPOT/USDT", "9000000"),
      ...both("THIN/USDT", "999999"),
      market("UNKNOWN/USDT", undefined),
      market("UNKNOWN/USDT", "1", {market: "spot"}),
      market("GONE/USDT", "9000000", {active: false}),
      market("GONE/USDT", "1", {market: "spot"}),
      market("HALF/USDT", "9000000"),
      market("HALF/USDT", "1", {market: "spot", active: false}),
      ...both("GOOD/USDT", "1000000")
    ];
    expect(topPairs(list, 9)).toEqual(["GOOD/USDT"]);
  });

  it("a perp counted in thousands is hedged with the coin itself", async () => {
    const own = await start();
    const list = await instrumentsOfToday(own.db, own.exchange, SIM_NOW);
    expect(list.find((i) => i.pair === "1000PEPE/USDT")).toMatchObject({coin: "PEPE", multiplier: 1000});
    const keys = historiesOf("sim", "1000PEPE/USDT", {series: ["funding", "spot", "perp"], timeframes: ["1h"]}, list);
    expect(keys.map((key) => [key.series, key.pair])).toEqual([
      ["funding", "1000PEPE/USDT"],
      ["spot", "PEPE/USDT"],
      ["perp", "1000PEPE/USDT"]
    ]);
  });
});

describe("tracked histories", () => {
  const pairsOf = async (db: Database) => [...new Set((await readTracked(db)).map((t) => t.pair))];

  it("are reselected after a week, and those no longer selected are removed", async () => {
    const db = await store();
    const first = [...both("AAA/USDT", "9000000"), ...both("BBB/USDT", "8000000"), ...both("CCC/USDT", "2000000")];
    await selectTop(db, "bybit", first, selection(2), SIM_NOW);
    expect(await pairsOf(db)).toEqual(["AAA/USDT", "BBB/USDT"]);
    const kept = await readSelection(db, "bybit");
    expect(selectionDue(kept, SIM_NOW + RESELECT_MS - 1)).toBe(false);
    expect(selectionDue(kept, SIM_NOW + RESELECT_MS)).toBe(true);
    const later = [...both("AAA/USDT", "9000000"), ...both("BBB/USDT", "1500000"), ...both("CCC/USDT", "7000000")];
    const changed = await selectTop(db, "bybit", later, selection(2), SIM_NOW + RESELECT_MS);
    expect(changed).toMatchObject({added: ["CCC/USDT"], dropped: ["BBB/USDT"]});
    expect(await pairsOf(db)).toEqual(["AAA/USDT", "CCC/USDT"]);
  });

  it("keep the operator's choice over a selection's", async () => {
    const db = await store();
    const list = [...both("AAA/USDT", "9000000"), ...both("BBB/USDT", "8000000")];
    const mine = historiesOf("bybit", "BBB/USDT", {series: [...wanted.series], timeframes: ["1h"]});
    await selectTop(db, "bybit", list, selection(2), SIM_NOW);
    expect(await untrack(db, ["AAA/USDT"])).toBe(3);
    await track(db, mine, {fromTs: 0, chosenBy: "person"});
    await selectTop(db, "bybit", both("AAA/USDT", "9000000"), selection(2), SIM_NOW + RESELECT_MS);
    expect(await pairsOf(db)).toEqual(["BBB/USDT"]);
  });

  it("only ever start further back", async () => {
    const db = await store();
    const keys = historiesOf("bybit", "AAA/USDT", {series: ["funding"], timeframes: []});
    await track(db, keys, {fromTs: 500, chosenBy: "person"});
    await track(db, keys, {fromTs: 900, chosenBy: "person"});
    expect((await readTracked(db))[0]!.fromTs).toBe(500);
    await track(db, keys, {fromTs: 100, chosenBy: "top"});
    expect((await readTracked(db))[0]).toMatchObject({fromTs: 100, chosenBy: "person"});
  });
});

describe("daily market listings", () => {
  it("are fetched once a day and stored, a later reply replacing an earlier one of that day", async () => {
    const own = await start();
    await instrumentsOfToday(own.db, own.exchange, SIM_NOW);
    const before = (await own.requests()).total;
    await instrumentsOfToday(own.db, own.exchange, SIM_NOW + 3_600_000);
    expect((await own.requests()).total).toBe(before);
    await instrumentsOfToday(own.db, own.exchange, SIM_NOW + DAY_MS);
    expect((await own.requests()).total).toBeGreaterThan(before);
    const days = await rowsOf<{n: number}>(own.db.connection, "select count(distinct day_ts) as n from instruments");
    expect(days[0]!.n).toBe(2);
  });

  it("trap 14: a past universe has the pairs of its day, including those delisted since, and no later ones", async () => {
    const db = await store();
    const day = (n: number) => SIM_NOW + n * DAY_MS;
    const listed = (...pairs: string[]) => pairs.flatMap((pair) => both(pair, "5000000"));
    await saveInstruments(db, "bybit", day(0), listed("AAA/USDT", "OLD/USDT"));
    await saveInstruments(db, "bybit", day(5), listed("AAA/USDT", "NEW/USDT"));
    await publish(db);
    const at = async (ts: number) =>
      (await universeAt(db.dataDir, "bybit", ts)).map(({pair, basis}) => `${pair} ${basis}`).sort();
    expect(await at(day(3))).toEqual(["AAA/USDT listed", "OLD/USDT listed"]);
    expect(await at(day(6))).toEqual(["AAA/USDT listed", "NEW/USDT listed"]);
    expect(await newestInstruments(db, "bybit")).toHaveLength(4);
  });

  it("a market missing from two listings in a row ended when first missed; one listing may be truncated", async () => {
    const db = await store();
    const key = {venue: "bybit", series: "perp" as const, pair: "OLD/USDT", timeframe: "1h"};
    const day = (n: number) => SIM_NOW + n * DAY_MS;
    await saveInstruments(db, "bybit", day(0), [...both("AAA/USDT", "1"), ...both("OLD/USDT", "1")]);
    await saveInstruments(db, "bybit", day(1), both("AAA/USDT", "1"));
    expect((await lifeOf(db, key)).endTs).toBeUndefined();
    await saveInstruments(db, "bybit", day(2), both("AAA/USDT", "1"));
    expect((await lifeOf(db, key)).endTs).toBe(day(1));
    await saveInstruments(db, "bybit", day(3), [...both("AAA/USDT", "1"), ...both("OLD/USDT", "1")]);
    expect((await lifeOf(db, key)).endTs).toBeUndefined();
  });

  it("a universe before the first listing is inferred from launches, and says so", async () => {
    const db = await store();
    const list = [
      ...both("AAA/USDT", "5000000").map((i) => ({...i, launchTs: SIM_NOW - 900 * DAY_MS})),
      ...both("YOUNG/USDT", "5000000").map((i) => ({...i, launchTs: SIM_NOW - 10 * DAY_MS}))
    ];
    await saveInstruments(db, "bybit", SIM_NOW, list);
    await publish(db);
    expect(
      (await universeAt(db.dataDir, "bybit", SIM_NOW - 100 * DAY_MS)).map(({pair, basis}) => [pair, basis])
    ).toEqual([["AAA/USDT", "launch"]]);
  });
});
