export {candleHistory, type CandleOptions} from "./candle-history.js";
export {fundingHistory} from "./funding-history.js";

import type {Span} from "../../src/lib/market/coverage.js";
import type {CallOptions, Rejected} from "./types.js";

/** A piece of history as it arrives: its rows, and the span of which it holds all that the venue has. */
export interface Stretch<Row> {
  proven: Span;
  /** ascending, inside `proven` */
  rows: Row[];
  rejected: Rejected[];
  repeats: number;
  outside: number;
}

export interface HistoryOptions extends CallOptions {
  /** when the market was listed, where that is known: nothing is older */
  launchTs?: number | undefined;
}
