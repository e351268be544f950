import type {RunResult} from "./run.js";
import {toNumber} from "../money/decimal.js";
import type {PairHistory} from "../strategy/history.js";
import {DAY_MS} from "../time/grid.js";
import {lastAtOrBefore} from "../time/search.js";
import {midnights, type EquityCurve} from "./curve.js";
import {maxDrawdown} from "../stats/ratios.js";

/** The result of one part of a run. */
export interface Split {
  /** `2024`, `2024-03`, or a regime's name */
  name: string;
  days: number;
  /** in quote */
  net: number;
  /** fraction of the equity at its start; for a regime, of the account's capital */
  return: number;
  maxDrawdown: number | undefined;
}

/** Splits a run by calendar year or month (UTC), from the equity at midnights; periods without a whole day are omitted. */
export function splitByCalendar(curve: EquityCurve, unit: "year" | "month"): Split[] {
  const {startMs, values} = midnights(curve);
  const nameOf = (d: number) => isoDay(startMs + d * DAY_MS).slice(0, unit === "year" ? 4 : 7);
  const splits: Split[] = [];
  for (let from = 0; from < values.length - 1;) {
    const name = nameOf(from);
    let to = from + 1;
    while (to < values.length - 1 && nameOf(to) === name) ++to;
    const first = values[from]!;
    const net = values[to]! - first;
    splits.push({
      name,
      days: to - from,
      net,
      return: net / first,
      maxDrawdown: maxDrawdown(values.subarray(from, to + 1))
    });
    from = to;
  }
  return splits;
}

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Funding regimes by the mean rate per 8 h of the preceding week; `below` is exclusive. */
export const REGIMES = [
  {name: "negative", below: 0},
  {name: "calm (under 0.01 %)", below: 0.0001},
  {name: "warm (0.01–0.03 %)", below: 0.0003},
  {name: "hot (0.03 % and more)", below: Infinity}
] as const;

const WEEK_MS = 7 * DAY_MS;

/** Returns the funding regime at an instant, or undefined if the preceding week has no rate. */
export function regimeAt(history: PairHistory, t: number): string | undefined {
  let sum = 0;
  let n = 0;
  for (let i = lastAtOrBefore(history.t, t); i >= 0 && history.t[i]! > t - WEEK_MS; --i) {
    const {rate8h} = history.settlements[i]!;
    if (!rate8h) continue;
    sum += toNumber(rate8h);
    ++n;
  }
  return n === 0 ? undefined : REGIMES.find(({below}) => sum / n < below)!.name;
}

/** Splits a run's daily P&L by the funding regime of one of its pairs. Days without a regime are omitted. */
export function splitByRegime(result: RunResult, curve: EquityCurve, history: PairHistory): Split[] {
  const {startMs, values} = midnights(curve);
  const capital = toNumber(result.config.capital);
  const sums = new Map<string, {days: number; net: number}>();
  for (let d = 0; d < values.length - 1; ++d) {
    const name = regimeAt(history, startMs + d * DAY_MS);
    if (name === undefined) continue;
    const sum = sums.get(name) ?? {days: 0, net: 0};
    sums.set(name, {days: sum.days + 1, net: sum.net + values[d + 1]! - values[d]!});
  }
  return REGIMES.flatMap(({name}) => {
    const sum = sums.get(name);
    return sum ? [{name, ...sum, return: sum.net / capital, maxDrawdown: undefined}] : [];
  });
}
