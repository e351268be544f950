import {autocorrelation} from "../../lib/stats/dependence.js";
import {fiveNumbers} from "../../lib/stats/distribution.js";
import {sorted, weightedDeviation, weightedMean} from "../../lib/stats/quantile.js";
import {halfLife, runPeriods, runsAtOrAbove, survival} from "../../lib/stats/runs.js";
import type {Field} from "../ui/download.js";
import type {FundingSeries} from "../feed/marketFeed.js";

/** One pair at one venue over the selected range, with its statistics. Rates are shares per 8 h. */
export interface Sample {
  name: string;
  pair: string;
  venue: string;
  t: Float64Array;
  /** NaN where the interval is unknown */
  rate8h: Float64Array;
  /** hours that each rate was paid for */
  intervalHours: Float64Array;
  /** known rates, ascending */
  values: Float64Array;
  count: number;
  mean: number | undefined;
  sd: number | undefined;
  five: [number, number, number, number, number] | undefined;
  positive: number | undefined;
  /** share of settlements at or above the break-even */
  above: number | undefined;
  /** share of positive runs that last at least `length` periods of 8 h (Kaplan–Meier) */
  survival: {length: number; share: number}[];
  runs: number;
  longest: number | undefined;
  halfLife: number | undefined;
  autocorrelation: {lag: number; value: number}[];
}

const LAGS = 42;

/** Cuts a series to `[fromMs, toMs)` and computes its statistics. */
export function sampleOf(
  {pair, venue, t, rate8h, intervalHours}: FundingSeries,
  {fromMs, toMs, breakEven, named}: {fromMs: number; toMs: number; breakEven: number; named: boolean}
): Sample {
  let first = 0;
  while (first < t.length && t[first]! < fromMs) ++first;
  let end = first;
  while (end < t.length && t[end]! < toMs) ++end;
  const own = {
    t: t.slice(first, end),
    rate8h: rate8h.slice(first, end),
    intervalHours: intervalHours.slice(first, end)
  };
  const values = sorted(own.rate8h);
  const n = values.length;
  const runs = runsAtOrAbove(own.rate8h, own.t, Number.MIN_VALUE);
  const lastTs = own.t.at(-1) ?? 0;
  const lives = runs.map((run) => ({
    length: runPeriods(run) ?? (lastTs - run.fromTs) / (8 * 36e5),
    ended: run.end !== undefined
  }));
  const curve = lives.length ? survival(lives) : [];
  return {
    name: named ? `${pair} ${venue}` : pair,
    pair,
    venue,
    ...own,
    values,
    count: n,
    mean: weightedMean(own.rate8h, own.intervalHours),
    sd: weightedDeviation(own.rate8h, own.intervalHours),
    five: fiveNumbers(values),
    positive: n ? values.filter((rate) => rate > 0).length / n : undefined,
    above: n ? values.filter((rate) => rate >= breakEven).length / n : undefined,
    survival: curve,
    runs: runs.length,
    longest: lives.length ? Math.max(...lives.map(({length}) => length)) : undefined,
    halfLife: curve.length ? halfLife(curve) : undefined,
    autocorrelation: autocorrelation(own.rate8h, LAGS)
  };
}

const number = (name: string, value: (d: Sample) => number | undefined): Field<Sample> => ({
  name,
  type: "number",
  value
});

/** Columns of the download; rates as shares per 8 h. */
export const SAMPLE_FIELDS: readonly Field<Sample>[] = [
  {name: "pair", type: "text", value: (d) => d.pair},
  {name: "venue", type: "text", value: (d) => d.venue},
  number("settlements", (d) => d.count),
  number("mean8h", (d) => d.mean),
  number("sd8h", (d) => d.sd),
  number("min8h", (d) => d.five?.[0]),
  number("q1", (d) => d.five?.[1]),
  number("median8h", (d) => d.five?.[2]),
  number("q3", (d) => d.five?.[3]),
  number("max8h", (d) => d.five?.[4]),
  number("sharePositive", (d) => d.positive),
  number("shareAboveBreakEven", (d) => d.above),
  number("positiveRuns", (d) => d.runs),
  number("longestRunPeriods", (d) => d.longest),
  number("halfLifePeriods", (d) => d.halfLife),
  number("autocorrelation1", (d) => d.autocorrelation[0]?.value)
];

/** In interquartile ranges beyond the quartiles: wide enough for every ordinary week, narrow enough to see one. */
const CUT = 10;

/**
 * Returns the domain of the axis, including zero and the break-even: the middle 99 % of every sample, at most ten
 * interquartile ranges beyond its quartiles. Rates outside are in the table only.
 */
export function domainOf(samples: readonly Sample[], breakEven: number): [number, number] {
  const known = samples.filter((d) => d.five);
  const ends = known.map(({values, five}) => {
    const at = (p: number) => values[Math.round(p * (values.length - 1))]!;
    const reach = CUT * (five![3] - five![1]);
    return [Math.max(at(0.005), five![1] - reach), Math.min(at(0.995), five![3] + reach)] as const;
  });
  const low = Math.min(0, ...ends.map(([from]) => from));
  const high = Math.max(breakEven * 1.15, ...ends.map(([, to]) => to));
  return [low - (high - low) * 0.02, high + (high - low) * 0.02];
}

/** Counts the settlements outside the domain. */
export const beyond = (samples: readonly Sample[], [low, high]: readonly [number, number]): number =>
  samples.reduce((sum, d) => sum + d.values.filter((value) => value < low || value > high).length, 0);

/** Counts the rates of all samples into bins of one width; rates outside the domain are omitted. */
export function sharedBins(
  samples: readonly Sample[],
  domain: readonly [number, number],
  bins: number
): {name: string; x0: number; x1: number; share: number; count: number}[] {
  const width = (domain[1] - domain[0]) / bins;
  return samples.flatMap((d) => {
    const counts = new Uint32Array(bins);
    for (const value of d.values) {
      if (value < domain[0] || value > domain[1]) continue;
      counts[Math.min(bins - 1, Math.floor((value - domain[0]) / width))]!++;
    }
    return Array.from(counts, (count, i) => ({
      name: d.name,
      x0: domain[0] + i * width,
      x1: domain[0] + (i + 1) * width,
      count,
      share: d.count ? count / d.count : 0
    }));
  });
}
