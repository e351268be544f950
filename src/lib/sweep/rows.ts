import type {Statistic} from "../stats/ratios.js";
import type {Trial} from "./trials.js";

/** The numeric columns of an exported trial, after its parameters. */
const NUMBERS = [
  "net",
  "totalReturn",
  "sharpe",
  "sortino",
  "maxDrawdown",
  "exposure",
  "turnover",
  "trades",
  "wins",
  "liquidated",
  "payments",
  "noPrice",
  "ambiguous",
  "cannotOpen",
  "funding",
  "basis",
  "fees",
  "slippage",
  "liquidationLoss",
  "liquidationDrift",
  "equity"
] as const;

/** A trial as one flat row; an insufficient statistic is `null`. */
export type TrialRow = Record<string, string | number | null>;

/** Flattens a trial to a row; parameters keep their text. */
export function trialRow({index, pair, params, outcome, engine}: Trial): TrialRow {
  const numbers = NUMBERS.map((name) => [name, numberOrNull(outcome[name])] as const);
  return {trial: index, pair, ...params, engine, ...Object.fromEntries(numbers)};
}

const numberOrNull = (value: Statistic): number | null => (typeof value === "number" ? value : null);

/** Formats rows as CSV with a header line; cells with a comma, quote or line break are quoted. */
export function rowsToCsv(rows: readonly TrialRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cell = (value: string | number | null | undefined): string => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))].join("\n") + "\n";
}
