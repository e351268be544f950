/**
 * The one colour scale. Every value is a token of style.css, so that a chart follows the reader's theme without being
 * drawn again; each pair of tokens meets WCAG AA against its background.
 */
export const colors = {
  /** Funding received, and every number that says so. */
  earned: "var(--cb-earned)",
  /** Funding paid. */
  paid: "var(--cb-paid)",
  basis: "var(--cb-basis)",
  /** Fees, slippage, and whatever must be paid back before anything is earned. */
  fees: "var(--cb-fees)",
  /** Liquidation and emergency, nothing else. */
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
 * How a number is written on a cell of the {@link heat} scale: in the card's colour on its outermost steps, which are
 * strong in both themes, in ink with a halo on the others.
 */
export const onSteps = <T>(outermost: (d: T) => boolean) => ({
  fill: (d: T) => (outermost(d) ? colors.card : colors.ink),
  stroke: (d: T) => (outermost(d) ? "none" : colors.card),
  strokeWidth: 2.5
});

/** Edges between the steps of {@link heat}, in basis points per 8 h; the default rate of most venues is 1 bp. */
export const heatBounds = [-3, -1, -0.1, 0.1, 1.01, 3, 6] as const;

const CATEGORIES = 8;

/** The fixed colour of a pair or venue, by its name alone: the same on every page and in every session. */
export function categoryColor(name: string): string {
  let hash = 2166136261;
  for (let i = 0; i < name.length; ++i) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  return `var(--cb-cat-${(hash >>> 0) % CATEGORIES})`;
}

/** The colour of a signed quantity of carry: earned, paid, or neither at exactly zero. */
export function signColor(value: number): string {
  return value > 0 ? colors.earned : value < 0 ? colors.paid : colors.soft;
}
