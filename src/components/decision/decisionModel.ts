import {LABELS, lightOf, lightOfAll, type Light} from "../../lib/strategy/label.js";
import {PRESETS} from "../../lib/strategy/config.js";
import type {DecisionRow} from "../../lib/market/snapshot.js";
import type {Weighed} from "../../lib/sweep/outofsample.js";
import type {Field} from "../ui/download.js";
import type {ExplorerRow} from "../feed/types.js";

/** One pair on the Decision page. */
export interface Candidate {
  row: DecisionRow;
  explorer: ExplorerRow | undefined;
  /** out-of-sample result of the preset; undefined before the test, null where it cannot run */
  weighed: Weighed | null | undefined;
  light: Light;
}

/** Returns the out-of-sample net of a tested pair; undefined when unknown. */
export const netOf = (weighed: Weighed | null | undefined): number | undefined => weighed?.outOfSample?.net;

/**
 * Returns true where a preset cannot score a pair yet: the candles that open at its settlement are still open, and a
 * strategy uses no others (§7).
 */
export const isWaiting = ({closesTs, enters}: Pick<DecisionRow, "closesTs" | "enters">, preset: string): boolean =>
  closesTs !== null && !enters[preset] && PRESETS[preset]?.["strategy"] === "composite";

/** Sorts pairs by label, best first, then by the net of the newest rate, ties by name. */
export function candidates(
  rows: readonly DecisionRow[],
  explorer: readonly ExplorerRow[],
  weighed: ReadonlyMap<string, Weighed | null>
): Candidate[] {
  return rows
    .map((row): Candidate => {
      const own = weighed.get(keyOf(row));
      return {
        row,
        explorer: explorer.find((d) => d.pair === row.pair && d.venue === row.venue && d.range === "all"),
        weighed: own,
        light: lightOf(row.label, netOf(own))
      };
    })
    .sort(
      (a, b) =>
        LABELS.indexOf(a.row.label) - LABELS.indexOf(b.row.label) ||
        (b.explorer?.netPerPeriod ?? -Infinity) - (a.explorer?.netPerPeriod ?? -Infinity) ||
        a.row.pair.localeCompare(b.row.pair, "en")
    );
}

export const keyOf = ({venue, pair}: Pick<DecisionRow, "venue" | "pair">): string => `${venue} ${pair}`;

/** Returns the light of all pairs together. */
export const lightOfPage = (list: readonly Candidate[]): Light =>
  lightOfAll(list.map(({row, weighed}) => ({label: row.label, net: netOf(weighed)})));

/** Columns of the download; shares and rates per 8 h unrounded. */
export const DECISION_FIELDS = (preset: string): readonly Field<Candidate>[] => {
  const number = (name: string, value: (d: Candidate) => number | null | undefined): Field<Candidate> => ({
    name,
    type: "number",
    value
  });
  const text = (name: string, value: (d: Candidate) => string | null): Field<Candidate> => ({
    name,
    type: "text",
    value
  });
  return [
    text("venue", (d) => d.row.venue),
    text("pair", (d) => d.row.pair),
    text("light", (d) => d.light),
    text("label", (d) => d.row.label),
    text("reasons", (d) => d.row.reasons.join("; ")),
    text("newest", (d) => new Date(d.row.newestTs).toISOString()),
    number("rate8h", (d) => d.row.rate8h),
    number("percentile", (d) => d.row.percentile),
    number("z", (d) => d.row.z),
    text("trend", (d) => d.row.trend),
    number("composite", (d) => d.row.composite),
    number("breakEvenPeriods", (d) => d.row.breakEvenPeriods),
    number("heldShare", (d) => d.explorer?.heldShare),
    number("coverage", (d) => d.explorer?.coverageShare),
    {name: `${preset}Enters`, type: "boolean", value: (d) => d.row.enters[preset]},
    number("outOfSampleNet", (d) => netOf(d.weighed)),
    number("outOfSampleAnnual", (d) => d.weighed?.outOfSample?.annualReturn),
    number("worstDrawdown", (d) => d.weighed?.metrics.maxDrawdown),
    number("monthsLost", (d) => d.weighed?.months.lost),
    number("months", (d) => d.weighed?.months.all),
    text("cannotBeOpened", (d) => d.explorer?.reasons ?? null)
  ];
};
