import {breakEvenPeriods} from "../market/costs.js";
import {percentileRank, sorted, weightedDeviation, weightedMean} from "../stats/quantile.js";
import type {Trend} from "./signals.js";

/** Fewer rates per 8 h than this bear no judgement (§6). */
const LEAST_ROWS = 30;

export type Label = "insufficient" | "strong" | "moderate" | "below average" | "not recommended";

/** What is known of one pair now; rates are shares per 8 h. */
export interface PairFacts {
  pair: string;
  venue: string;
  /** every rate per 8 h of its history, the newest last; missing ones as undefined or NaN */
  rates: readonly (number | undefined)[];
  /** hours that each rate was paid for, its weight in the mean and deviation */
  intervalHours: readonly (number | undefined)[];
  /** of the newest settlement; undefined where that row decides nothing */
  newest: number | undefined;
  trend: Trend | undefined;
  /** under the default weights; undefined where the basis is */
  composite: number | undefined;
  /** costs of one round trip, share of notional */
  roundTrip: number;
}

/** One pair judged by §7. */
export interface Judgement {
  rows: number;
  /** share of its own history below the newest rate plus half the share equal */
  percentile: number | undefined;
  /** standard deviations above its own mean, both weighing time */
  z: number | undefined;
  trend: Trend | undefined;
  composite: number | undefined;
  breakEvenPeriods: number | undefined;
  label: Label;
  /** why it is that label, one short clause each */
  reasons: string[];
}

const percentText = (share: number): string => `${(share * 100).toFixed(0)} %`;

/**
 * The label of a pair (§7): *insufficient* under 30 rows; *strong* from the 75th percentile, not falling, with
 * a composite of at least 0.5; *moderate* from the 50th with at least 0.4; *below average* from the 25th; else *not
 * recommended*.
 */
export function judge({rates, intervalHours, newest, trend, composite, roundTrip}: PairFacts): Judgement {
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
  if (values.length < LEAST_ROWS) {
    return {...base, label: "insufficient", reasons: [`only ${values.length} rates, ${LEAST_ROWS} are needed`]};
  }
  if (percentile === undefined) {
    return {...base, label: "insufficient", reasons: ["the newest row has no known interval"]};
  }
  return {...base, ...labelOf({percentile, trend, composite})};
}

function labelOf({
  percentile,
  trend,
  composite
}: {
  percentile: number;
  trend: Trend | undefined;
  composite: number | undefined;
}): {label: Label; reasons: string[]} {
  const rank = `the newest rate is above ${percentText(percentile)} of its own history`;
  const score = composite === undefined ? "no basis, so no score" : `score ${composite.toFixed(2)}`;
  const reaches = (least: number) => composite !== undefined && composite >= least;
  const reasons = [rank, score, ...(trend ? [trend] : [])];
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

/** The net of a preset out of sample; undefined while it is not known or cannot be. */
export type OutOfSampleNet = number | undefined;

/** The light of one pair (§7). */
export function lightOf(label: Label, net: OutOfSampleNet): Light {
  if (label === "strong") return net === undefined ? "yellow" : net > 0 ? "green" : "red";
  return label === "moderate" ? "yellow" : "red";
}

/** The light of the page: green if one pair's is, else yellow if one pair's is, else red. */
export function lightOfAll(pairs: readonly {label: Label; net: OutOfSampleNet}[]): Light {
  const lights = pairs.map(({label, net}) => lightOf(label, net));
  return lights.includes("green") ? "green" : lights.includes("yellow") ? "yellow" : "red";
}

/** Labels from best to worst; insufficient pairs last. */
export const LABELS: readonly Label[] = ["strong", "moderate", "below average", "not recommended", "insufficient"];

/**
 * What a liquidation of an isolated short costs, as shares of its notional (§3): the rise that triggers it,
 * and the margin lost beyond the liquidation price with the taker fee at the bankruptcy price.
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
