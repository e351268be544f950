import {isSeries, parsePair} from "../../../src/lib/market/pair.js";
import {isTimeframe} from "../../../src/lib/time/grid.js";
import {UsageError} from "../../errors.js";
import type {Field} from "../../rows.js";
import type {DateOrder} from "./stamp.js";
import {checkZone} from "./zone.js";

export type RateUnit = "share" | "percent" | "bps";

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
  /** how `12/01/2026` is read */
  dateOrder?: DateOrder | undefined;
  badRows?: "refuse" | "skip" | undefined;
  /** rows that differ from stored ones replace them */
  replace?: boolean | undefined;
  /** folder of uploaded files: names of folders above it say nothing of a file */
  root?: string | undefined;
  /** the interval of the settlements of files that do not tell whether their rates are carried on */
  intervalHours?: number | undefined;
}

/**
 * Checks what was given for all files, before any is opened.
 * @throws UsageError naming the value that is none
 */
export function checkGiven(given: Given): void {
  if (given.series !== undefined && (!isSeries(given.series) || given.series === "predicted")) {
    throw new UsageError(`invalid series: ${given.series}`, {fix: "series are funding, spot, perp, mark, index"});
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
  if (given.intervalHours !== undefined && ![1, 2, 4, 6, 8].includes(given.intervalHours)) {
    throw new UsageError(`invalid interval-hours: ${given.intervalHours}`, {
      fix: "intervals are 1, 2, 4, 6 or 8 hours"
    });
  }
}
