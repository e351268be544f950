/** The properties of a pair that the universe filter checks. */
export interface Candidate {
  pair: string;
  /** turnover of the last 24 h in quote; undefined if unknown */
  turnover24h: number | undefined;
  /** true if the coin has an active spot market */
  spotActive: boolean;
  /** share of expected rows present, 0..1 */
  coverage: number | undefined;
}

export type Exclusion = "turnover-too-low" | "turnover-unknown" | "no-spot-market" | "coverage-too-low";

/** Limits of the universe (§5). */
export const UNIVERSE = {minTurnover24h: 1_000_000, minCoverage: 0.95} as const;

/**
 * Returns why a pair is outside the universe; empty if it is inside. An unknown turnover excludes it (§5).
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
