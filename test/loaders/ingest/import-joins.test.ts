import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {generator} from "../../../src/lib/stats/random.js";
import {rowsOf} from "../../../loaders/store/database.js";
import {imported, tree} from "../../helpers/imports.js";
import {funding as fundingKey, open, write} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const HOUR = 3_600_000;
const T0 = Date.UTC(2024, 0, 1);
const given = {venue: "binance", pair: "BTC/USDT", series: "funding"} as const;

const next = generator(8);
/** 30 settlements, 8 hours apart. */
const settlements = Array.from({length: 30}, () => ((next() - 0.4) / 1_000).toFixed(8));

/** A file of hourly rows, each with the rate that `at` gives its hour. */
const hourly = (at: (hour: number) => string | number): string =>
  tree({
    "joined.csv": `ts,funding_rate\n${Array.from({length: 29 * 8}, (_, hour) => `${T0 + hour * HOUR},${at(hour)}`).join("\n")}\n`
  });
const rate = (hour: number): string => settlements[Math.floor(hour / 8)] ?? settlements[0]!;

const outcome = async (path: string, more = {}) => {
  const {files, funding} = await imported(path, {...given, ...more});
  return {state: files[0]!.state, code: files[0]!.code, rows: funding.length};
};

describe("a file that a join filled between its settlements gives the settlements, is asked about, or is refused", () => {
  it("carried on from the hour of the settlement: the settlements alone", async () => {
    expect(await outcome(hourly(rate))).toEqual({state: "stored", code: null, rows: 29});
  });

  it.each([
    ["a row late, as a stamp that jitters by a millisecond joins", (hour: number) => rate(Math.max(0, hour - 1))],
    ["three rows late", (hour: number) => rate(Math.max(0, hour - 3))],
    ["filled from behind", (hour: number) => rate(hour + 7)],
    [
      "late after some settlements and not after others",
      (hour: number) => rate(hour - (Math.floor(hour / 8) % 7 === 3 && hour % 8 === 0 ? 1 : 0))
    ]
  ])("%s: asked about, and refused as settlements 8 hours apart", async (_, at) => {
    expect(await outcome(hourly(at))).toEqual({state: "open", code: "carried-rates", rows: 0});
    expect(await outcome(hourly(at), {intervalHours: 8})).toMatchObject({state: "refused", rows: 0});
    expect(await outcome(hourly(at), {intervalHours: 1})).toMatchObject({state: "stored", rows: 232});
  });

  it.each([
    ["zeros between", (hour: number) => (hour % 8 === 0 ? rate(hour) : "0")],
    ["zeros with decimals between", (hour: number) => (hour % 8 === 0 ? rate(hour) : "0.0")],
    [
      "straight lines between",
      (hour: number) => {
        const [a, b] = [Number(rate(hour)), Number(rate(hour + 8))];
        return a + ((b - a) * (hour % 8)) / 8;
      }
    ],
    [
      "straight lines between, with exponents",
      (hour: number) => {
        const [a, b] = [Number(rate(hour)), Number(rate(hour + 8))];
        return (a + ((b - a) * (hour % 8)) / 8).toExponential(6);
      }
    ],
    [
      "straight lines between, rounded",
      (hour: number) => {
        const [a, b] = [Number(rate(hour)), Number(rate(hour + 8))];
        return (a + ((b - a) * (hour % 8)) / 8).toFixed(8);
      }
    ]
  ])("%s: refused", async (_, at) => {
    expect(await outcome(hourly(at))).toEqual({state: "refused", code: "carried-rates", rows: 0});
  });

  it("settlements that truly come every hour are stored as they are", async () => {
    const own = generator(21);
    const rates = Array.from({length: 300}, () => ((own() - 0.4) / 10_000).toFixed(8));
    expect(await outcome(hourly((hour) => rates[hour]!))).toEqual({state: "stored", code: null, rows: 232});
  });
});

describe("a market at rest", () => {
  it("settles every 4 hours at the same rate for weeks, and is stored as it is", async () => {
    const own = generator(5);
    const rates = Array.from({length: 400}, () => (own() < 0.8 ? "0.00005" : ((own() - 0.4) / 10_000).toFixed(8)));
    const path = tree({
      "rest.csv": `ts,funding_rate\n${rates.map((one, i) => `${T0 + i * 4 * HOUR},${one}`).join("\n")}\n`
    });
    expect(await outcome(path)).toEqual({state: "stored", code: null, rows: 400});
  });
});

describe("an interval that a source reports and its rows contradict", () => {
  const intervals = async (told: number, apart: number) => {
    const db = await open(tmp());
    const rows = settlements.map((own, i) => ({tsMs: T0 + i * apart * HOUR, rate: own, intervalHours: told}));
    await write(db, fundingKey, rows);
    const stored = await rowsOf<{hours: number}>(
      db.connection,
      "select distinct interval_hours as hours from (select * from funding order by boundary_ts offset 2)"
    );
    await db.close();
    return stored.map(({hours}) => hours);
  };

  it("is not believed, whether the rows are further apart or nearer", async () => {
    expect(await intervals(8, 8)).toEqual([8]);
    expect(await intervals(8, 4)).toEqual([4]);
    expect(await intervals(4, 8)).toEqual([8]);
  });
});

describe("two rates of one settlement in a file", () => {
  it("the later stamp stands; both rates are shown and are a finding of the series", async () => {
    const lines = settlements.flatMap((own, i) => {
      const ts = T0 + i * 8 * HOUR;
      return i === 3 ? [`${ts},${own}`, `${ts + 4},0.00042`] : [`${ts},${own}`];
    });
    const path = tree({"twice.csv": `ts,funding_rate\n${lines.join("\n")}\n`});
    const {files, remarks} = await imported(path, given);
    const twice = {ts: T0 + 24 * HOUR, was: String(Number(settlements[3])), now: "0.00042"};
    expect(files[0]).toMatchObject({state: "stored", rows: 30, revised: 1, revisions: [twice]});
    expect(remarks).toMatchObject([{kind: "revised", ...twice}]);
  });
  it("many are recorded once each up to a bound, the others by their count, and again they are the same", async () => {
    const lines = Array.from({length: 150}, (_, i) => {
      const ts = T0 + i * 8 * HOUR;
      return `${ts},0.000${101 + 2 * i}\n${ts + 4},0.000${102 + 2 * i}1`;
    });
    const path = join(tree({"twice.csv": `ts,funding_rate\n${lines.join("\n")}\n`}), "twice.csv");
    const {files, remarks} = await imported([path, path], given);
    expect(files[0]).toMatchObject({state: "stored", rows: 150, revised: 150});
    expect(remarks).toHaveLength(101);
    expect(remarks.filter(({was}) => was === null)).toMatchObject([{kind: "revised", ts: T0 + 100 * 8 * HOUR}]);
    const again = await imported([path], given);
    expect(again.remarks).toEqual(remarks);
  });
});
