import {groupBy, yearOf} from "../../lib/stats/groups.js";
import {DAY_MS} from "../../lib/time/grid.js";
import type {Sample} from "./distributionModel.js";
import {bp, count, day, number, percent, plural} from "../ui/format.js";
import {Keys} from "../ui/keys.js";

/** Input of the charts and sentences of the page. */
export interface DistributionView {
  samples: readonly Sample[];
  breakEven: number;
  bins: number;
  shape: Shape;
  fromMs: number;
  toMs: number;
}

export type Shape = "histogram" | "ecdf" | "box" | "ridge";

/** Answers the page's title in one sentence. */
export function distributionAnswer({samples, breakEven, fromMs, toMs}: DistributionView): string {
  const known = samples.filter((d) => d.count);
  if (!known.length) return "Choose at least one pair with settlements in the range.";
  const most = [...known].sort((a, b) => b.above! - a.above!)[0]!;
  const least = [...known].sort((a, b) => a.above! - b.above!)[0]!;
  const span = `from ${day(fromMs)} to ${day(toMs)}`;
  return known.length === 1
    ? `Rarely: ${span}, ${percent(most.above)} of the settlements of ${most.name} were at or above the break-even of ${bp(breakEven)}, and ${percent(most.positive, 0)} were positive.`.replace(
        /^Rarely/,
        most.above! >= 0.5 ? "Mostly" : most.above! >= 0.2 ? "At times" : "Rarely"
      )
    : `${span.replace(/^from/, "From")}, ${most.name} was at or above the break-even of ${bp(breakEven)} most often, in ${percent(most.above)} of its settlements, and ${least.name} least often, in ${percent(least.above)}.`;
}

/** Draws four figures of the selected histories. */
export function DistributionKeys({samples, breakEven}: DistributionView): HTMLElement {
  const known = samples.filter((d) => d.count);
  const total = known.reduce((n, d) => n + d.count, 0);
  const share = (pick: (d: Sample) => number) =>
    total ? known.reduce((sum, d) => sum + pick(d) * d.count, 0) / total : null;
  const lives = known.flatMap((d) => d.halfLife ?? []).sort((a, b) => a - b);
  const life = lives.length ? lives[(lives.length - 1) >> 1]! : null;
  const medians = known.map((d) => d.five![2]).sort((a, b) => a - b);
  return Keys([
    {
      label: "At or above the break-even",
      value: percent(share((d) => d.above!)),
      unit: "of settlements",
      note: `break-even ${bp(breakEven)} per 8 h`
    },
    {
      label: "Positive",
      value: percent(
        share((d) => d.positive!),
        0
      ),
      unit: "of settlements",
      note: `${count(total)} settlements of ${plural(known.length, "history", "histories")}`
    },
    {
      label: "Median rate",
      value: bp(medians.length ? medians[(medians.length - 1) >> 1]! : null),
      unit: "per 8 h",
      note: medians.length > 1 ? `from ${bp(medians[0])} to ${bp(medians.at(-1))} across pairs` : "of the pair"
    },
    {
      label: "Half-life of a positive run",
      value: number(life === null ? null : life / 3, 1),
      unit: "days",
      note: life === null ? "more than half of the runs have not ended" : "half of all runs end sooner"
    }
  ]);
}

/** Says what the selected distributions hide. */
export function distributionAgainst({samples, breakEven}: DistributionView): string {
  const known = samples.filter((d) => d.count);
  if (!known.length) return "There are no settlements, so there is no evidence for it either.";
  const days = known.map((d) => {
    const byYear = groupBy(d, yearOf, breakEven).filter((group) => group.count >= 90);
    const best = [...byYear].sort((a, b) => b.above - a.above)[0];
    return {
      d,
      best,
      worst: [...byYear].sort((a, b) => a.above - b.above)[0],
      spanDays: (d.t.at(-1)! - d.t[0]!) / DAY_MS
    };
  });
  const widest = days
    .filter(({best, worst}) => best && worst)
    .sort((a, b) => b.best!.above - b.worst!.above - (a.best!.above - a.worst!.above))[0];
  const tail = [...known].sort((a, b) => a.five![0] - b.five![0])[0]!;
  return (
    (widest
      ? `A distribution does not show when rates occurred: ${widest.d.name} was at or above the break-even in ${percent(widest.best!.above, 0)} of the settlements of ${widest.best!.key} and in ${percent(widest.worst!.above, 0)} of those of ${widest.worst!.key}. `
      : "") +
    `The lowest rate here, ${bp(tail.five![0], 1)} of ${tail.name}, may lie outside the chart; one such settlement can cancel weeks of funding. ` +
    "A rate above the break-even now need not stay there for 30 periods: see how long positive runs last."
  );
}
