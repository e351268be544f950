import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {parseCosts} from "../../src/lib/market/costs.js";
import {explorerRows} from "../../loaders/snapshots/explorer.js";
import {pairFiles} from "../../loaders/snapshots/pairs.js";
import {publish} from "../../loaders/lake/publish.js";
import {withLake} from "../../loaders/lake/reader.js";
import {openDatabase, rowsOf, type Database} from "../../loaders/store/database.js";
import {Stage} from "../../loaders/store/stage.js";
import type {CandleRow} from "../../loaders/rows.js";
import {writeStage} from "../../loaders/store/write.js";
import {median, paired, time, type BenchRow} from "./harness.js";

const N = 200_000;
const T0 = Date.UTC(2023, 0, 1);
const MINUTE = 60_000;

function candles(n: number, from = 0): CandleRow[] {
  return Array.from({length: n}, (_, i) => {
    const k = from + i;
    const price = 40_000 + 1_000 * Math.sin(k / 100);
    return {
      tsMs: T0 + k * MINUTE,
      open: price.toFixed(2),
      high: (price + 10).toFixed(2),
      low: (price - 10).toFixed(2),
      close: (price + 1).toFixed(2),
      volume: (100 + (k % 100) / 7).toFixed(4)
    };
  });
}

async function append(db: Database, pair: string, rows: readonly CandleRow[]): Promise<void> {
  const stage = await Stage.open(db, {venue: "bench", series: "perp", pair, timeframe: "1m"});
  for (const row of rows) stage.add(row);
  await writeStage(db, stage, {
    proven: {from: rows[0]!.tsMs, to: rows.at(-1)!.tsMs + MINUTE},
    mode: "range",
    origin: "bench"
  });
}

/** The common approach: multi-row VALUES statements, without coverage. */
async function values(db: Database, rows: readonly CandleRow[]): Promise<void> {
  await db.connection.run(
    "create or replace temp table plain (ts bigint, o decimal(38,18), h decimal(38,18), l decimal(38,18), c decimal(38,18), v decimal(38,18))"
  );
  for (let i = 0; i < rows.length; i += 1_000) {
    const text = rows.slice(i, i + 1_000).map((r) => `(${r.tsMs},${r.open},${r.high},${r.low},${r.close},${r.volume})`);
    await db.connection.run(`insert into plain values ${text.join(",")}`);
  }
}

/** Measures append, incremental update, aggregation and reads. */
export async function storeBench(): Promise<BenchRow[]> {
  const dir = mkdtempSync(join(tmpdir(), "carrybook-bench-"));
  const db = await openDatabase(dir);
  const rows: BenchRow[] = [];
  try {
    const data = candles(N);
    const few = data.slice(0, N / 10);
    let serial = 0;
    const fast = await paired(
      () => values(db, few),
      () => append(db, `A${serial++}/USDT`, few),
      5
    );
    const whole: number[] = [];
    for (let i = 0; i < 5; i++) whole.push(await time(() => append(db, `B${serial++}/USDT`, data)));
    rows.push({
      work: `append ${N.toLocaleString("en-US")} candles with coverage, one transaction`,
      figure: `${Math.round((N / median(whole)) * 1000).toLocaleString("en-US")} rows/s`,
      against: "VALUES inserts without coverage (time ours / time theirs)",
      ratio: fast.ratio
    });
    rows.push(await updateRow(db));
    await append(db, "PAGE/USDT", candles(1_000_000));
    await appendFunding(db, "PAGE/USDT", 2_000);
    await publish(db);
    rows.push(...(await pageRows(dir)));
    rows.push(...(await queryRows(dir)));
  } finally {
    await db.close();
    rmSync(dir, {recursive: true, force: true});
  }
  return rows;
}

async function appendFunding(db: Database, pair: string, n: number): Promise<void> {
  const stage = await Stage.open(db, {venue: "bench", series: "funding", pair, timeframe: ""});
  for (let i = 0; i < n; i++) stage.add({tsMs: T0 + i * 480 * MINUTE, rate: (Math.sin(i / 9) / 1000).toFixed(8)});
  const proven = {from: T0, to: T0 + n * 480 * MINUTE};
  await writeStage(db, stage, {proven, mode: "range", origin: "bench"});
}

/** The pages' own queries, over a pair with a million one-minute candles. */
async function pageRows(dir: string): Promise<BenchRow[]> {
  const costs = parseCosts();
  const row = async (work: string, ask: () => Promise<unknown>): Promise<BenchRow> => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await time(ask));
    const ms = median(times);
    return {work, figure: `${ms.toFixed(0)} ms`, against: "100 ms, the bound of a page's query", ratio: ms / 100};
  };
  return [
    await row("Explorer: all ranges of the pairs with funding", () => explorerRows(dir, costs)),
    await row("Pair page: settlements with opens, and days, over 1,000,000 candles", () =>
      pairFiles(dir, costs, Date.now())
    )
  ];
}

/** Measures a one-hour update onto a month of history and onto one twelve times as long. */
async function updateRow(db: Database): Promise<BenchRow> {
  await append(db, "SHORT/USDT", candles(43_200));
  for (let m = 0; m < 12; m++) await append(db, "LONG/USDT", candles(43_200, m * 43_200));
  let short = 43_200;
  let long = 12 * 43_200;
  const result = await paired(
    () => append(db, "SHORT/USDT", candles(60, (short += 60) - 60)),
    () => append(db, "LONG/USDT", candles(60, (long += 60) - 60)),
    15
  );
  return {
    work: "append one hour of 1 m candles",
    figure: `${result.b.toFixed(1)} ms onto a year`,
    against: "the same onto a month (time year / time month)",
    ratio: result.ratio
  };
}

/** Measures page-like queries over a million rows of the lake. */
async function queryRows(dir: string): Promise<BenchRow[]> {
  return withLake(
    dir,
    async ({connection}) => {
      await connection.run(
        "create table m as select venue, pair, ts, open, high, low, close, volume from candles where pair like 'B%'"
      );
      const [{n}] = (await rowsOf<{n: number}>(connection, "select count(*) as n from m")) as [{n: number}];
      const queries: [string, string][] = [
        [
          "resample to 1 h",
          "select pair, ts // 3600000 as t, arg_min(open, ts), max(high), min(low), arg_max(close, ts), sum(volume) from m group by 1, 2"
        ],
        [
          "distance to the row before",
          "select max(d) from (select ts - lag(ts) over (partition by pair order by ts) as d from m)"
        ],
        [
          "rolling mean of 60",
          "select avg(a) from (select avg(close) over (partition by pair order by ts rows 59 preceding) as a from m)"
        ],
        [
          "gaps",
          "select count(*) from (select lead(ts) over (partition by pair order by ts) - ts as d from m) where d > 60000"
        ]
      ];
      const rows: BenchRow[] = [];
      for (const [name, sql] of queries) {
        const times: number[] = [];
        for (let i = 0; i < 5; i++) times.push(await time(() => connection.runAndReadAll(sql)));
        rows.push({
          work: `${name} over ${n.toLocaleString("en-US")} candles`,
          figure: `${median(times).toFixed(0)} ms`,
          against: "100 ms, the bound of a page's query",
          ratio: median(times) / 100
        });
      }
      return rows;
    },
    {only: (part) => part.venue === "bench"}
  );
}
