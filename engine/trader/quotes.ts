import type {Touch} from "../journal/events.js";

/** One pair as the newest scan saw it; prices in quote per coin. */
export interface PairQuote {
  pair: string;
  /** the venue's instant */
  ts: number;
  spot: Touch | undefined;
  perp: Touch | undefined;
  predictedRate: string | undefined;
  nextFundingTs: number | undefined;
  turnover24h: string | undefined;
}
