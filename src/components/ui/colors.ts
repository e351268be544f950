/**
 * Colours of every chart. Each value is a token of style.css, so a chart follows the reader's theme without a redraw;
 * each token meets WCAG AA against its background.
 */
export const colors = {
  /** Funding received, and positive results. */
  earned: "var(--cb-earned)",
  /** Funding paid. */
  paid: "var(--cb-paid)",
  basis: "var(--cb-basis)",
  /** Fees, slippage and other costs that must be earned back. */
  fees: "var(--cb-fees)",
  /** Liquidation and emergency only. */
  danger: "var(--cb-danger)",
  warn: "var(--cb-warn-line)",
  ink: "var(--cb-ink)",
  soft: "var(--cb-soft)",
  rule: "var(--cb-rule)",
  hairline: "var(--cb-hairline)",
  hole: "var(--cb-hole)",
  card: "var(--cb-card)"
} as const;

/** Steps of a rate from strongly paid to strongly earned; `heatBounds` are their edges in basis points per 8 h. */
export const heat = [
  "var(--cb-heat-n3)",
  "var(--cb-heat-n2)",
  "var(--cb-heat-n1)",
  "var(--cb-heat-0)",
  "var(--cb-heat-p1)",
  "var(--cb-heat-p2)",
  "var(--cb-heat-p3)",
  "var(--cb-heat-p4)"
] as const;

/**
 * Returns text channels for a cell of the {@link heat} scale: the card's colour on the outermost steps, which are
 * strong in both themes, ink with a halo on the others.
 */
export const onSteps = <T>(outermost: (d: T) => boolean) => ({
  fill: (d: T) => (outermost(d) ? colors.card : colors.ink),
  stroke: (d: T) => (outermost(d) ? "none" : colors.card),
  strokeWidth: 2.5
});

/** Edges between the steps of {@link heat}, in basis points per 8 h; the default rate of most venues is 1 bp. */
export const heatBounds = [-3, -1, -0.1, 0.1, 1.01, 3, 6] as const;

const CATEGORIES = 8;

/** Returns the fixed colour of a pair or venue, from its name alone: the same on every page and in every session. */
export function categoryColor(name: string): string {
  let hash = 2166136261;
  for (let i = 0; i < name.length; ++i) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  return `var(--cb-cat-${(hash >>> 0) % CATEGORIES})`;
}

/** Returns the colour of a signed amount of carry: earned, paid, or neutral at exactly zero. */
export function signColor(value: number): string {
  return value > 0 ? colors.earned : value < 0 ? colors.paid : colors.soft;
}
