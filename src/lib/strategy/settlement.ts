import type {IntervalSource} from "../market/funding.js";
import {Decimal} from "../money/decimal.js";

/** One settlement with its interval, as known at its own instant. */
export interface Settlement {
  /** the boundary in UTC ms, which all logic uses (§1) */
  t: number;
  /** the venue's own stamp, UTC ms */
  tsMs: number;
  rate: Decimal;
  intervalHours: number | undefined;
  intervalSource: IntervalSource | undefined;
  /** undefined for an ambiguous row and for the first of a series, which cause no decision (§2) */
  rate8h: Decimal | undefined;
  /** the newest interval known after this row, in hours */
  knownHours: number | undefined;
  nextSettlementMs: number | undefined;
}
