import * as Plot from "npm:@observablehq/plot";
import {colors} from "../ui/colors.js";
import {bp} from "../ui/format.js";

/** Default number of 8-hour periods over which a round trip is spread. */
const EXPECTED_HOLD_PERIODS = 30;

/** Returns the rate per 8 h (a share) that pays a round trip within the expected holding time. */
export const breakEvenRate = (roundTrip: number, holdPeriods = EXPECTED_HOLD_PERIODS): number =>
  roundTrip / holdPeriods;

/** Returns the label of the break-even, the same in every chart. */
export const breakEvenLabel = (rate: number): string => `break-even ${bp(rate)}`;

/**
 * Draws the break-even as a dashed horizontal line with its label, the same in every chart of rates.
 * @param rate share per 8 h; the chart's y is in basis points
 * @param options `outside` puts the label into a right margin of at least 112 pixels
 */
export function breakEvenRuleY(rate: number | null | undefined, {outside = false} = {}): Plot.Markish[] {
  if (rate === null || rate === undefined) return [];
  const y = rate * 1e4;
  return [
    Plot.ruleY([y], {stroke: colors.fees, strokeDasharray: "5,4", strokeWidth: 1.25}),
    Plot.text([breakEvenLabel(rate)], {
      y,
      frameAnchor: "right" as const,
      dx: outside ? 6 : 0,
      dy: outside ? 0 : -5,
      textAnchor: outside ? ("start" as const) : ("end" as const),
      lineAnchor: outside ? ("middle" as const) : ("bottom" as const),
      fill: colors.fees,
      stroke: colors.card,
      strokeWidth: 4,
      fontWeight: 550
    })
  ];
}

/** Draws the break-even as a vertical line; x is in basis points. */
export function breakEvenRuleX(rate: number | null | undefined, {left = false} = {}): Plot.Markish[] {
  if (rate === null || rate === undefined) return [];
  const x = rate * 1e4;
  return [
    Plot.ruleX([x], {stroke: colors.fees, strokeDasharray: "5,4", strokeWidth: 1.25}),
    Plot.text([breakEvenLabel(rate)], {
      x,
      frameAnchor: "top" as const,
      dy: -4,
      dx: left ? -4 : 4,
      textAnchor: left ? ("end" as const) : ("start" as const),
      lineAnchor: "bottom" as const,
      fill: colors.fees,
      stroke: colors.card,
      strokeWidth: 3,
      fontWeight: 550
    })
  ];
}

/** Draws a cost to be earned back, dashed like the break-even; y is already in the chart's unit. */
export function costRule(y: number, label: string): Plot.Markish[] {
  return [
    Plot.ruleY([y], {stroke: colors.fees, strokeDasharray: "5,4", strokeWidth: 1.25}),
    Plot.text([label], {
      y,
      frameAnchor: "right" as const,
      dy: -4,
      textAnchor: "end" as const,
      lineAnchor: "bottom" as const,
      fill: colors.fees,
      stroke: colors.card,
      strokeWidth: 3,
      fontWeight: 550
    })
  ];
}
