import * as Plot from "npm:@observablehq/plot";
import {Decimal, text} from "../../lib/money/decimal.js";
import type {Components} from "../../lib/ledger/trade.js";
import type {TradeReport} from "../../lib/wire/trade.js";
import {colors} from "../ui/colors.js";
import {number, signGlyph} from "../ui/format.js";

/** Components of a net result as exact decimal text, named as in the ledger. */
export type Parts = Pick<TradeReport, keyof Components | "net">;

/** One step of a waterfall: its amount and the levels before and after it. */
interface WaterfallStep {
  name: string;
  /** signed, exact */
  amount: string;
  from: number;
  to: number;
  kind: "funding" | "basis" | "cost" | "lost" | "net";
}

const STEPS = [
  {key: "funding", name: "funding", sign: 1, kind: "funding"},
  {key: "basis", name: "basis", sign: 1, kind: "basis"},
  {key: "fees", name: "fees", sign: -1, kind: "cost"},
  {key: "slippage", name: "slippage", sign: -1, kind: "cost"},
  {key: "borrow", name: "borrow", sign: -1, kind: "cost"},
  {key: "liquidationLoss", name: "liquidation", sign: -1, kind: "lost"},
  {key: "liquidationDrift", name: "coin after it", sign: 1, kind: "lost"}
] as const;

/**
 * Returns the steps from funding to net in exact decimals (§3); borrow and liquidation appear only when not
 * zero.
 * @throws RangeError `waterfall does not add up: …` when the components do not sum to the net
 */
export function waterfallSteps(parts: Parts): WaterfallStep[] {
  let level = new Decimal(0);
  const steps: WaterfallStep[] = [];
  for (const {key, name, sign, kind} of STEPS) {
    const amount = new Decimal(parts[key]).times(sign);
    const optional = kind === "lost" || key === "borrow";
    const from = level;
    level = level.plus(amount);
    if (!optional || !amount.isZero()) {
      steps.push({name, amount: text(amount), from: from.toNumber(), to: level.toNumber(), kind});
    }
  }
  if (!level.eq(parts.net)) throw new RangeError(`waterfall does not add up: ${text(level)} is not ${parts.net}`);
  steps.push({name: "net", amount: text(level), from: 0, to: level.toNumber(), kind: "net"});
  return steps;
}

const fillOf = ({kind, amount}: WaterfallStep): string =>
  kind === "cost"
    ? colors.fees
    : kind === "basis"
      ? colors.basis
      : kind === "lost"
        ? colors.danger
        : Number(amount) >= 0
          ? colors.earned
          : colors.paid;

/** Draws the steps from funding to net as bars, each starting where the previous one ended, with sign and amount. */
export function Waterfall(
  parts: Parts,
  {width, height = 220, unit = "quote", document}: {width: number; height?: number; unit?: string; document?: Document}
): SVGSVGElement {
  const steps = waterfallSteps(parts);
  const levels = [0, ...steps.flatMap(({from, to}) => [from, to])];
  const reach = Math.max(...levels) - Math.min(...levels) || 1;
  const digits = reach < 10 ? 3 : reach < 1000 ? 2 : 0;
  const label = ({amount}: WaterfallStep) => `${signGlyph(Number(amount))} ${number(Number(amount), digits)}`.trim();
  const narrow = width < 420;
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 52,
    marginRight: 8,
    marginTop: 26,
    marginBottom: 30,
    x: {
      type: "band",
      domain: steps.map((d) => d.name),
      label: null,
      tickSize: 0,
      padding: 0.25,
      tickRotate: narrow ? -28 : 0
    },
    y: {
      label: unit,
      grid: true,
      domain: [Math.min(...levels) - reach * 0.12, Math.max(...levels) + reach * 0.14],
      ticks: 5
    },
    marks: [
      Plot.ruleY([0], {stroke: colors.soft}),
      Plot.barY(steps, {x: "name", y1: "from", y2: "to", fill: fillOf}),
      Plot.link(steps.slice(0, -1), {
        x1: (d: WaterfallStep) => d.name,
        x2: (_: WaterfallStep, i: number) => steps[i + 1]!.name,
        y1: "to",
        y2: "to",
        stroke: colors.soft,
        strokeDasharray: "2,2"
      }),
      Plot.text(steps, {
        x: "name",
        y: (d: WaterfallStep) => Math.max(d.from, d.to),
        text: label,
        dy: -7,
        fill: colors.ink,
        stroke: colors.card,
        strokeWidth: 3,
        fontSize: narrow ? 9 : 11,
        fontWeight: 550
      })
    ]
  }) as SVGSVGElement;
}
