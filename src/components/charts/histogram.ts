import * as Plot from "npm:@observablehq/plot";
import {breakEvenRuleX} from "./breakEven.js";
import {colors} from "../ui/colors.js";
import {count, number, percent} from "../ui/format.js";

/** One bin: `x0` inclusive, `x1` exclusive except for the last, both in basis points. */
interface Bin {
  x0: number;
  x1: number;
  count: number;
  share: number;
}

// In interquartile ranges beyond the quartiles: wide enough for every ordinary week, narrow enough that the extreme
// days of a venue's collapse do not compress all others into one bar.
const CUT = 10;

/**
 * Counts rates into equal bins with edges at zero and at the break-even, so that no bar crosses either. The outer 0.5 %
 * on each side, and rates far beyond the quartiles, go into the outermost bins and are counted as `below` and `above`.
 * @param rates shares per 8 h
 * @param breakEven share per 8 h
 */
export function binRates(
  rates: readonly number[],
  {bins = 40, breakEven}: {bins?: number; breakEven: number}
): {bins: Bin[]; below: number; above: number} {
  const values = rates.filter(Number.isFinite).map((r) => r * 1e4);
  if (!values.length) return {bins: [], below: 0, above: 0};
  const sorted = [...values].sort((a, b) => a - b);
  const q = (p: number) => {
    const i = (sorted.length - 1) * p;
    const lo = Math.floor(i);
    return sorted[lo]! + (i - lo) * ((sorted[lo + 1] ?? sorted[lo]!) - sorted[lo]!);
  };
  const unit = breakEven * 1e4;
  const reach = CUT * (q(0.75) - q(0.25));
  const lowest = Math.min(Math.max(q(0.005), q(0.25) - reach), 0);
  const highest = Math.max(Math.min(q(0.995), q(0.75) + reach), unit);
  // A step of the break-even over an integer keeps both zero and the break-even on an edge.
  const parts = Math.max(1, Math.round((unit * bins) / (highest - lowest || unit)));
  const step = unit / parts;
  const first = Math.floor(lowest / step);
  const last = Math.max(first + 1, Math.ceil(highest / step));
  const result: Bin[] = [];
  for (let i = first; i < last; ++i) result.push({x0: i * step, x1: (i + 1) * step, count: 0, share: 0});
  let below = 0;
  let above = 0;
  for (const v of values) {
    let i = Math.floor(v / step + 1e-9) - first;
    if (i < 0) ((i = 0), ++below);
    if (i >= result.length) {
      if (v > last * step) ++above;
      i = result.length - 1;
    }
    ++result[i]!.count;
  }
  for (const b of result) b.share = b.count / values.length;
  return {bins: result, below, above};
}

// To the right of a line near the right edge, the label would be cut off.
const isRight = (bins: readonly Bin[], x: number): boolean =>
  bins.length > 0 && (x - bins[0]!.x0) / (bins.at(-1)!.x1 - bins[0]!.x0) > 0.6;

/** Draws the distribution of settled rates per 8 h; zero and the break-even are edges of bins. */
export function Histogram(
  rates: readonly number[],
  {
    width,
    height = 260,
    bins = 40,
    breakEven,
    document
  }: {width: number; height?: number; bins?: number; breakEven: number; document?: Document}
): SVGSVGElement {
  const binned = binRates(rates, {bins, breakEven});
  const unit = breakEven * 1e4;
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginTop: 24,
    marginBottom: 36,
    x: {label: "bp per 8 h", labelAnchor: "center", labelArrow: "none"},
    y: {label: "settlements", grid: true},
    marks: [
      Plot.rectY(binned.bins, {
        x1: "x0",
        x2: "x1",
        y: "count",
        fill: (d: Bin) => (d.x1 <= 1e-9 ? colors.paid : d.x0 >= unit - 1e-9 ? colors.earned : colors.fees),
        fillOpacity: 0.85,
        insetLeft: 0.5,
        insetRight: 0.5
      }),
      Plot.ruleY([0], {stroke: colors.soft}),
      Plot.ruleX([0], {stroke: colors.soft}),
      ...breakEvenRuleX(breakEven, {left: isRight(binned.bins, unit)}),
      Plot.tip(
        binned.bins,
        Plot.pointerX({
          x: (d: Bin) => (d.x0 + d.x1) / 2,
          y: "count",
          title: (d: Bin) =>
            `${number(d.x0, 2)} to ${number(d.x1, 2)} bp\n${count(d.count)} settlements (${percent(d.share)})`
        })
      )
    ]
  }) as SVGSVGElement;
}
