import {readFileSync} from "node:fs";
import {fixture} from "./shared.js";

/** A backtest that was computed outside of this program: its data, its config, and what must come out. */
export interface ReferenceCase {
  name: string;
  /** pair of the recorded market data; without one, `files` names made histories */
  symbol?: string;
  files?: string;
  timeframe: "1h" | "8h";
  from?: string;
  to?: string;
  strategy: string;
  config: Record<string, string>;
  note?: string;
  expect: Record<string, unknown> & {list: Record<string, unknown>[]};
}

/** Returns the reference backtests. */
export const referenceCases = (): ReferenceCase[] =>
  JSON.parse(readFileSync(fixture("reference/backtests.json"), "utf8")) as ReferenceCase[];
