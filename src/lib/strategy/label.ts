import {breakEvenPeriods} from "../market/costs.js";
import {MIN_ROWS} from "../market/summary.js";
import {percentileRank, sorted, weightedDeviation, weightedMean} from "../stats/quantile.js";
import {formatInstant} from "../time/instant.js";
import type {Trend} from "./signals.js";

export type Label = "insufficient" | "strong" | "moderate" | "below average" | "not recommended";

/** The inputs of a pair's label; rates are fractions per 8 h. */
export interface PairFacts {
  pair: string;
  venue: string;
  /** all rates per 8 h of its history, newest last; missing ones are undefined or NaN */
  rates: readonly (number | undefined)[];
  /** hours that each rate was paid for, its weight in the mean and deviation */
  intervalHours: readonly (number | undefined)[];
  /** of the newest settlement; undefined where that row decides nothing */
  newest: number | undefined;
  trend: Trend | undefined;
  /** score with the default weights; undefined if the basis is */
  composite: number | undefined;
  /** instant of the closes that stand in for the two opens, UTC ms; undefined where the opens are there */
  closesTs?: number | undefined;
  /** costs of one round trip, as a fraction of notional */
  roundTrip: number;
}

/** The label of one pair with its statistics (§7). */
export interface Judgement {
  rows: number;
  /** share of its history below the newest rate plus half the share equal, 0..1 */
  percentile: number | undefined;
  /** z-score of the newest rate in its history */
  z: number | undefined;
  trend: Trend | undefined;
  composite: number | undefined;
  breakEvenPeriods: number | undefined;
  label: Label;
  /** reasons for the label, one short clause each */
  reasons: string[];
}

const rankText = (percentile: number): string =>
  `the newest rate is above ${(percentile * 100).toFixed(0)} % of its own history`;

/**
 * Labels a pair (§7): *insufficient* under 30 rates or without a score; *strong* from the 75th percentile with a trend that is not falling
 * and a composite of at least 0.5; *moderate* from the 50th with at least 0.4; *below average* from the 25th; else *not
 * recommended*.
 */
export function judge({rates, intervalHours, newest, trend, composite, closesTs, roundTrip}: PairFacts): Judgement {
  const values = sorted(rates);
  const sd = weightedDeviation(rates, intervalHours);
  const percentile = newest === undefined ? undefined : percentileRank(values, newest);
  const z = newest === undefined || !sd ? undefined : (newest - weightedMean(rates, intervalHours)!) / sd;
  const base = {
    rows: values.length,
    percentile,
    z,
    trend,
    composite,
    breakEvenPeriods: newest === undefined ? undefined : breakEvenPeriods(newest, roundTrip)
  };
  if (values.length < MIN_ROWS) {
    return {...base, label: "insufficient", reasons: [`only ${values.length} rates, ${MIN_ROWS} are needed`]};
  }
  if (percentile === undefined) {
    return {...base, label: "insufficient", reasons: ["the newest row has no known interval"]};
  }
  if (composite === undefined) {
    return {
      ...base,
      label: "insufficient",
      reasons: [rankText(percentile), "the basis is missing, so there is no score"]
    };
  }
  const {label, reasons} = labelOf({percentile, trend, composite});
  const closes = closesTs === undefined ? [] : [`basis of the closes at ${formatInstant(closesTs)}`];
  return {...base, label, reasons: [...reasons, ...closes]};
}

function labelOf({percentile, trend, composite}: {percentile: number; trend: Trend | undefined; composite: number}): {
  label: Label;
  reasons: string[];
} {
  const reaches = (least: number) => composite >= least;
  const reasons = [rankText(percentile), `score ${composite.toFixed(2)}`, ...(trend ? [trend] : [])];
  if (percentile >= 0.75 && trend !== "falling" && reaches(0.5)) return {label: "strong", reasons};
  const missed =
    percentile >= 0.75
      ? [
          ...(trend === "falling" ? ["strong but for a falling trend"] : []),
          ...(reaches(0.5) ? [] : ["score under 0.50"])
        ]
      : [];
  if (percentile >= 0.5 && reaches(0.4)) return {label: "moderate", reasons: [...reasons, ...missed]};
  if (percentile >= 0.25) {
    return {
      label: "below average",
      reasons: [...reasons, ...(percentile >= 0.5 ? ["score under 0.40"] : ["under its own median"])]
    };
  }
  return {label: "not recommended", reasons: [...reasons, "in the lowest quarter of its own history"]};
}

export type Light = "green" | "yellow" | "red";

/** The net of a preset out of sample, in quote; undefined if not available. */
type OutOfSampleNet = number | undefined;

/** Returns the light of one pair (§7). */
export function lightOf(label: Label, net: OutOfSampleNet): Light {
  if (label === "strong") return net === undefined ? "yellow" : net > 0 ? "green" : "red";
  return label === "moderate" ? "yellow" : "red";
}

/** Returns the light of the page: the best light of any pair (§7). */
export function lightOfAll(pairs: readonly {label: Label; net: OutOfSampleNet}[]): Light {
  const lights = pairs.map(({label, net}) => lightOf(label, net));
  return lights.includes("green") ? "green" : lights.includes("yellow") ? "yellow" : "red";
}

/** Labels from best to worst; insufficient pairs last. */
export const LABELS: readonly Label[] = ["strong", "moderate", "below average", "not recommended", "insufficient"];

/**
 * Returns the cost of liquidating an isolated short (§3), as fractions of its notional. `rise` is the price rise that
 * triggers it. `loss` is the margin lost beyond the liquidation price, plus the taker fee at the bankruptcy price.
 */
export function liquidationCost({
  leverage,
  maintenanceRate = 0.005,
  perpFee
}: {
  leverage: number;
  maintenanceRate?: number;
  perpFee: number;
}): {rise: number; loss: number} {
  const bankruptcy = (leverage + 1) / leverage;
  const trigger = bankruptcy / (1 + maintenanceRate);
  return {rise: trigger - 1, loss: bankruptcy - trigger + bankruptcy * perpFee};
}
