import type {Touch} from "../journal/events.js";

/** Quotes of one pair at the newest scan; prices in quote per coin. */
export interface PairQuote {
  pair: string;
  /** venue time, UTC ms */
  ts: number;
  spot: Touch | undefined;
  perp: Touch | undefined;
  predictedRate: string | undefined;
  nextFundingTs: number | undefined;
  turnover24h: string | undefined;
}
