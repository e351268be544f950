export type {Hole} from "../../lib/market/coverage.js";
export type {ExplorerRow, Issue, JobSummary as Job, Range, SeriesStatus, Status} from "../../lib/market/snapshot.js";

/** One settlement with its derived columns; rates are shares, instants UTC ms. */
export interface Settlement {
  venue: string;
  ts: number;
  boundaryTs: number;
  rate: number;
  intervalHours: number | null;
  intervalSource: "reported" | "inferred" | "ambiguous" | null;
  rate8h: number | null;
  spotOpen: number | null;
  perpOpen: number | null;
  basis: number | null;
  mean7: number | null;
  sd7: number | null;
  z7: number | null;
  mean30: number | null;
  sd30: number | null;
  z30: number | null;
  mean90: number | null;
  sd90: number | null;
  z90: number | null;
}

/** One day of the perpetual with the close of the spot market. */
export interface Daily {
  venue: string;
  ts: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
  turnover: number | null;
  spotClose: number | null;
  basisClose: number | null;
  realisedVol30: number | null;
  atr14: number | null;
  rsi14: number | null;
  ema20: number | null;
  ema50: number | null;
}

/** Costs of trading both legs: shares of notional, slippage in basis points. */
export interface Costs {
  spotFee: number;
  perpFee: number;
  slippageBps: number;
  roundTrip: number;
}
