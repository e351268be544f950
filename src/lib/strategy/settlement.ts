import type {IntervalSource} from "../market/funding.js";
import {Decimal} from "../money/decimal.js";

/** One settlement with all that its own instant knows of it. */
export interface Settlement {
  /** the boundary, the instant all logic uses */
  t: number;
  /** the venue's own stamp */
  tsMs: number;
  rate: Decimal;
  intervalHours: number | undefined;
  intervalSource: IntervalSource | undefined;
  /** undefined for an ambiguous row and for the first of a series: such a row decides nothing */
  rate8h: Decimal | undefined;
  /** the newest interval known after this row, in hours */
  knownHours: number | undefined;
  nextSettlementMs: number | undefined;
}
