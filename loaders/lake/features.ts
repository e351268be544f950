import {ATR, EMA, RSI} from "trading-signals";
import {DOUBLE, DuckDBDataChunk} from "@duckdb/node-api";
import {DAY_MS, TIMEFRAMES, timeframeMs} from "../../src/lib/time/grid.js";
import {rowsOf, storedKey, type Database} from "../store/database.js";
import {whereKey} from "../store/key.js";
import type {Partition} from "./layout.js";
import {RATE_8H_SQL} from "../store/schema.js";

/** Derived series of the lake: per settlement, and per UTC day. */
export const FEATURE_SERIES: readonly string[] = ["features-funding", "features-price"];

/** Raised when features are computed otherwise: the lake then makes them anew with the next publication. */
export const FEATURES_VERSION = "2";

/** Windows of the rolling funding statistics, in days. */
const FUNDING_WINDOWS_DAYS = [7, 30, 90] as const;

/**
 * Days read before a year so that its recursive indicators lose their initial value: an EMA over 50 days keeps 1e-7 of
 * it. The start depends on the year alone, so an update and a rebuild give the same figures.
 */
const WARM_UP_DAYS = 400;

/**
 * Returns the feature partitions that market writes make stale: the year written and the next, where the lake has rows.
 * @param dirty partitions written
 * @param live every partition of the lake, after the writes
 */
export function derivedPartitions(dirty: readonly Partition[], live: readonly Partition[]): Partition[] {
  const legs = ["perp", "spot"];
  const id = (series: string, {venue, pair}: Partition, year: number) => [series, venue, pair, year].join("|");
  const existing = new Set(
    live.map((p) => id(legs.includes(p.series) ? "features-price" : `features-${p.series}`, p, p.year))
  );
  const result = new Map<string, Partition>();
  const add = (series: string, source: Partition, year: number) => {
    const key = id(series, source, year);
    if (existing.has(key)) result.set(key, {venue: source.venue, series, pair: source.pair, timeframe: "", year});
  };
  for (const source of dirty) {
    const {series, year} = source;
    if (series === "funding" || legs.includes(series)) add("features-funding", source, year);
    if (series === "funding") add("features-funding", source, year + 1);
    if (legs.includes(series)) for (const y of [year, year + 1]) add("features-price", source, y);
  }
  return [...result.values()];
}

/** Returns the SQL of one feature partition. Every statistic at `ts` uses only rows known by then. */
export async function featureSql(db: Database, partition: Partition): Promise<string> {
  return partition.series === "features-price" ? priceFeatures(db, partition) : fundingFeatures(db, partition);
}

async function priceFeatures(db: Database, partition: Partition): Promise<string> {
  await db.connection.run(
    `create or replace temp table daily_features (ts double, open double, high double, low double, close double,
       volume double, turnover double, spot_close double, basis double, vol30 double, atr14 double, rsi14 double, ema20 double, ema50 double)`
  );
  const rows = indicators(await dailyBars(db, partition)).filter((row) => row.ts >= Date.UTC(partition.year, 0, 1));
  if (rows.length > 0) {
    const appender = await db.connection.createAppender("daily_features", undefined, "temp");
    const columns = Object.keys(rows[0]!) as (keyof (typeof rows)[number])[];
    const chunk = DuckDBDataChunk.create(columns.map(() => DOUBLE));
    chunk.setColumns(columns.map((column) => rows.map((row) => row[column])));
    appender.appendDataChunk(chunk);
    appender.closeSync();
  }
  return `select ts::bigint as ts, * exclude (ts) from daily_features order by 1`;
}

async function fundingFeatures(db: Database, partition: Partition): Promise<string> {
  const from = Date.UTC(partition.year, 0, 1);
  const to = Date.UTC(partition.year + 1, 0, 1);
  const lookback = Math.max(...FUNDING_WINDOWS_DAYS) * DAY_MS;
  const windows = FUNDING_WINDOWS_DAYS.map(
    (days) => `w${days} as (order by boundary_ts range between ${days * DAY_MS - 1} preceding and current row)`
  );
  // A window that begins before the series is not full.
  const stats = FUNDING_WINDOWS_DAYS.flatMap((days) => [
    `case when boundary_ts - first_ts >= ${days * DAY_MS} then sum(r * h) over w${days} / sum(h) over w${days} end as mean${days}`,
    `case when boundary_ts - first_ts >= ${days * DAY_MS} then ${weightedSd(`w${days}`)} end as sd${days}`
  ]);
  const scores = FUNDING_WINDOWS_DAYS.map((days) => `(rate8h - mean${days}) / nullif(sd${days}, 0) as z${days}`);
  const {venue, pair} = partition;
  const where = whereKey(await storedKey(db, {venue, pair, series: "funding", timeframe: ""}));
  // A candle that opens at t has the same open in every timeframe, so any of them will do.
  const opens = (series: string) =>
    `(select ts, any_value(open)::double as open from candles where key_id in (${keyIds(db, {venue, pair, series})})
        and ts >= ${from} and ts < ${to} and ts in (select boundary_ts from funding where ${where}) group by ts)`;
  return `select f.*, s.open as spot_open, p.open as perp_open, (p.open - s.open) / s.open as basis from (
    select boundary_ts as ts, rate8h, mean7, sd7, ${scores[0]}, mean30, sd30, ${scores[1]}, mean90, sd90, ${scores[2]} from (
      select boundary_ts, r as rate8h, ${stats.join(", ")} from (
        select boundary_ts, ${RATE_8H_SQL} as r,
               case when interval_hours is not null then interval_hours end as h,
               (select min(boundary_ts) from funding where ${where}) as first_ts
        from funding where ${where} and boundary_ts >= ${from - lookback} and boundary_ts < ${to})
      window ${windows.join(", ")})
    where ts >= ${from}) f
    left join ${opens("spot")} s using (ts) left join ${opens("perp")} p using (ts) order by ts`;
}

/**
 * Returns the SQL of a deviation over a window in which rows count by their hours (§2), as `weightedDeviation` has it. The
 * sums of squares cancel where rates hardly vary: what is left under their last digits is no deviation.
 */
function weightedSd(window: string): string {
  const sum = (expression: string) => `sum(${expression}) over ${window}`;
  const variance = `(${sum("h * r * r")} - ${sum("h * r")} * ${sum("h * r")} / ${sum("h")}) / ${sum("h")}`;
  const scale = `1e-12 * ${sum("h * r * r")} / ${sum("h")}`;
  const n = `count(r) over ${window}`;
  return `case when ${n} > 1 then sqrt(case when ${variance} > ${scale} then ${variance} * ${n} / (${n} - 1) else 0 end) end`;
}

/** Returns the key numbers of all timeframes of a series, for an `in (…)`; `null` where there are none. */
function keyIds(db: Database, {venue, pair, series}: {venue: string; pair: string; series: string}): string {
  const own = [...db.keys.values()].filter((k) => k.venue === venue && k.pair === pair && k.series === series);
  return own.map((k) => k.id).join(", ") || "null";
}

interface DailyBar {
  ts: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
  turnover: number | null;
  spot_close: number | null;
}

/**
 * Returns the daily bars of a year and its warm-up, from the finest candles that cover a day; a day with a hole has no
 * bar. Sums are of decimals, or of floats in time order: in storage order their last digit would vary.
 */
async function dailyBars(db: Database, {venue, pair, year}: Partition): Promise<DailyBar[]> {
  const to = Date.UTC(year + 1, 0, 1);
  const from = Date.UTC(year, 0, 1) - WARM_UP_DAYS * DAY_MS;
  const side = (series: string) => {
    const where = `key_id in (${keyIds(db, {venue, pair, series})}) and ts >= ${from} and ts < ${to}`;
    const steps = TIMEFRAMES.map((timeframe) => `when '${timeframe}' then ${timeframeMs(timeframe)}`).join(" ");
    return `(select day, arg_min(o, step) as open, arg_min(h, step) as high, arg_min(l, step) as low, arg_min(c, step) as close,
               arg_min(v, step) as volume, arg_min(q, step) as turnover from (
        select ts // ${DAY_MS} * ${DAY_MS} as day, timeframe, case timeframe ${steps} end as step,
               arg_min(open, ts)::double as o, max(high)::double as h, min(low)::double as l, arg_max(close, ts)::double as c,
               sum(volume)::double as v,
               coalesce(sum(turnover)::double, 0) + coalesce(sum(volume::double * close::double order by ts) filter (turnover is null), 0) as q
        from candles join keys on id = key_id where ${where} group by 1, 2, 3 having count(*) = ${DAY_MS} // step)
      group by day)`;
  };
  return rowsOf<DailyBar>(
    db.connection,
    `select coalesce(p.day, s.day) as ts, p.open, p.high, p.low, p.close, p.volume, p.turnover, s.close as spot_close
     from ${side("perp")} p full join ${side("spot")} s on p.day = s.day order by 1`
  );
}

/**
 * Computes daily indicators, each from the bars up to its own. All skip a missing day; only the volatility restarts at
 * it.
 */
function indicators(bars: readonly DailyBar[]) {
  const atr = new ATR(14);
  const rsi = new RSI(14);
  const ema20 = new EMA(20);
  const ema50 = new EMA(50);
  const returns: number[] = [];
  let previous: {ts: number; close: number} | undefined;
  return bars.map((bar) => {
    const {ts, high, low, close, spot_close} = bar;
    if (high !== null && low !== null && close !== null) {
      atr.add({high, low, close});
      rsi.add(close);
      ema20.add(close);
      ema50.add(close);
      if (previous && ts - previous.ts === DAY_MS) returns.push(Math.log(close / previous.close));
      else returns.length = 0;
      previous = {ts, close};
    }
    const known = close !== null;
    return {
      ...bar,
      basis: close !== null && spot_close !== null ? (close - spot_close) / spot_close : null,
      vol30: known && returns.length >= 30 ? annualised(returns.slice(-30)) : null,
      atr14: known && atr.isStable ? atr.getResult() : null,
      rsi14: known && rsi.isStable ? rsi.getResult() : null,
      ema20: known && ema20.isStable ? ema20.getResult() : null,
      ema50: known && ema50.isStable ? ema50.getResult() : null
    };
  });
}

/** Returns the standard deviation (n − 1) of daily log returns × √365, as a fraction per year. */
function annualised(returns: readonly number[]): number {
  const mean = returns.reduce((sum, r) => sum + r, 0) / returns.length;
  const variance = returns.reduce((sum, r) => sum + (r - mean) ** 2, 0) / (returns.length - 1);
  return Math.sqrt(variance * 365);
}
