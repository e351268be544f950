/** What is known of a pair before it may be traded at all. */
export interface Candidate {
  pair: string;
  /** of the last 24 h, in the quote currency; undefined where it is not known */
  turnover24h: number | undefined;
  /** whether the same coin has an active spot market */
  spotActive: boolean;
  /** share of the expected rows that there are */
  coverage: number | undefined;
}

export type Exclusion = "turnover-too-low" | "turnover-unknown" | "no-spot-market" | "coverage-too-low";

/** Limits of the universe (§5). */
export const UNIVERSE = {minTurnover24h: 1_000_000, minCoverage: 0.95} as const;

/**
 * Why a pair is outside the universe; empty when it is inside. A turnover that is not known is not zero, and not enough
 * either (§5, universe filter).
 */
export function exclusionsOf(
  {turnover24h, spotActive, coverage}: Candidate,
  {minTurnover24h, minCoverage}: {minTurnover24h: number; minCoverage: number} = UNIVERSE
): Exclusion[] {
  const exclusions: Exclusion[] = [];
  if (turnover24h === undefined) exclusions.push("turnover-unknown");
  else if (turnover24h < minTurnover24h) exclusions.push("turnover-too-low");
  if (!spotActive) exclusions.push("no-spot-market");
  if (coverage === undefined || coverage < minCoverage) exclusions.push("coverage-too-low");
  return exclusions;
}
