import {isSeries, parsePair} from "../../../src/lib/market/pair.js";
import {DAY_MS, HOUR_MS, isTimeframe, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {UsageError} from "../../errors.js";
import type {Field} from "../../rows.js";
import type {DateOrder} from "./dates.js";
import {checkZone} from "./zone.js";

/** `42.100` is 42.1 with decimals behind a point, 42100 with decimals behind a comma. */
export type Decimals = "point" | "comma";

export type RateUnit = "share" | "percent" | "bps";

/** The time that a borrow rate is paid for; an hour's share is stored. */
export const RATE_PERIODS = ["hour", "day", "year"] as const;
export type RatePeriod = (typeof RATE_PERIODS)[number];

/** What the person who imports says of all files. */
export interface Given {
  venue: string;
  pair?: string | undefined;
  series?: string | undefined;
  timeframe?: string | undefined;
  mapping?: Partial<Record<Field, string>> | undefined;
  /** zone of stamps that name none */
  tz?: string | undefined;
  rateUnit?: RateUnit | undefined;
  /** what a borrow rate is paid for, where its column does not say */
  ratePeriod?: RatePeriod | undefined;
  /** time from a row's stamp until it is known, as `0`, `30m`, `1h` or `1d`, where rows do not say when */
  knownLag?: string | undefined;
  /** how `12/01/2026` is read */
  dateOrder?: DateOrder | undefined;
  /** what stands before the decimals of numbers, where the file does not say */
  decimal?: Decimals | undefined;
  badRows?: "refuse" | "skip" | undefined;
  /** rows that differ from stored ones replace them */
  replace?: boolean | undefined;
  /** folder of uploaded files: names of folders above it say nothing of a file */
  root?: string | undefined;
  /** the interval of the settlements of files that do not tell whether their rates are carried on */
  intervalHours?: number | undefined;
}

/**
 * Reads a lag, `0`, `30m`, `1h` or `1d`, to ms.
 * @throws UsageError for any other text
 */
export function lagMsOf(text: string): number {
  const match = /^(\d{1,5})([mhd])$/.exec(text.trim());
  if (!match && text.trim() !== "0")
    throw new UsageError(`invalid known-lag: ${text}`, {fix: "write 0, 30m, 1h or 1d"});
  return match ? Number(match[1]) * {m: MINUTE_MS, h: HOUR_MS, d: DAY_MS}[match[2] as "m" | "h" | "d"] : 0;
}

/**
 * Checks what was given for all files, before any is opened.
 * @throws UsageError naming the value that is none
 */
export function checkGiven(given: Given): void {
  if (given.series !== undefined && (!isSeries(given.series) || given.series === "predicted")) {
    throw new UsageError(`invalid series: ${given.series}`, {
      fix: "series are funding, spot, perp, mark, index, premium, open-interest, borrow, and own:NAME of a-z, 0-9 and -"
    });
  }
  if (given.pair !== undefined) {
    try {
      parsePair(given.pair);
    } catch (error) {
      throw new UsageError((error as Error).message, {fix: "write it as BTC/USDT"});
    }
  }
  if (given.timeframe !== undefined && !isTimeframe(given.timeframe)) {
    throw new UsageError(`invalid timeframe: ${given.timeframe}`, {fix: "timeframes are 1m, 5m, 15m, 1h, 4h, 8h, 1d"});
  }
  if (given.tz !== undefined) {
    try {
      checkZone(given.tz);
    } catch (error) {
      throw new UsageError((error as Error).message, {fix: "use UTC, a zone such as Europe/Berlin, or +03:00"});
    }
  }
  if (given.knownLag !== undefined) lagMsOf(given.knownLag);
  if (given.intervalHours !== undefined && ![1, 2, 4, 6, 8].includes(given.intervalHours)) {
    throw new UsageError(`invalid interval-hours: ${given.intervalHours}`, {
      fix: "intervals are 1, 2, 4, 6 or 8 hours"
    });
  }
}
