import {ceilTo, DAY_MS, gridCount, HOUR_MS, MINUTE_MS} from "../time/grid.js";

/** A half-open range of instants `[from, to)`, in UTC milliseconds. */
export interface Span {
  from: number;
  to: number;
}

/**
 * Returns the canonical form of a set of instants: sorted, disjoint, non-touching, non-empty spans. The set operations
 * below accept spans in any order and return this form.
 */
export function normalise(spans: readonly Span[]): Span[] {
  const sorted = spans.filter((s) => s.to > s.from).sort((a, b) => a.from - b.from);
  const result: Span[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else result.push({from: span.from, to: span.to});
  }
  return result;
}

/** Returns the instants in `a` but not in `b`. */
export function difference(a: readonly Span[], b: readonly Span[]): Span[] {
  const cuts = normalise(b);
  const result: Span[] = [];
  let i = 0;
  for (const span of normalise(a)) {
    let from = span.from;
    while (i < cuts.length && cuts[i]!.to <= from) i++;
    for (let j = i; j < cuts.length && cuts[j]!.from < span.to; j++) {
      if (cuts[j]!.from > from) result.push({from, to: cuts[j]!.from});
      from = Math.max(from, cuts[j]!.to);
    }
    if (from < span.to) result.push({from, to: span.to});
  }
  return result;
}

/** Returns the total length of a set, in milliseconds. */
export const lengthMs = (spans: readonly Span[]): number => normalise(spans).reduce((sum, s) => sum + s.to - s.from, 0);

/**
 * Returns the spans of missing candles inside `[from, to)`. A hole starts at its first missing open and ends at the next
 * present open, or at `to` rounded up to the grid.
 * @param opens candle opens on the grid of `stepMs`, strictly ascending
 */
export function gridHoles(opens: readonly number[], {from, to}: Span, stepMs: number): Span[] {
  const end = ceilTo(to, stepMs);
  const holes: Span[] = [];
  let expected = ceilTo(from, stepMs);
  for (const open of opens) {
    if (open < expected) continue;
    if (open >= end) break;
    if (open > expected) holes.push({from: expected, to: open});
    expected = open + stepMs;
  }
  if (expected < end) holes.push({from: expected, to: end});
  return holes;
}

/** Returns the number of candles in a span. */
export const gridRows = ({from, to}: Span, stepMs: number): number => gridCount(from, to, stepMs);

/**
 * State of a hole: `open` may still be filled; `confirmed missing` stayed empty after refetches (§8.15); `ambiguous` is
 * either a hole or a switch of the funding interval (§2).
 */
export type HoleState = "open" | "confirmed missing" | "ambiguous";

export interface Hole extends Span {
  /** number of missing rows; for `ambiguous`, the number if it is a hole */
  rows: number;
  state: HoleState;
}

/** Number of empty refetches after which a hole is `confirmed missing` (§8.15). */
export const TRIES_UNTIL_CONFIRMED = 2;

/** Returns the state of a hole after `tries` refetches that did not fill it. */
export const holeState = (tries: number): HoleState => (tries >= TRIES_UNTIL_CONFIRMED ? "confirmed missing" : "open");

/**
 * Returns the coverage finding of an ambiguous settlement (§2): the stretch between it and the one before. It is `ambiguous`
 * if a switch of the interval would explain the distance, else an `open` hole.
 * @param known the newest known interval before the row, in hours
 */
export function fundingFinding(
  previousBoundaryTs: number,
  rowBoundaryTs: number,
  known: number | undefined,
  allowedHours: readonly number[]
): Hole {
  const distance = (rowBoundaryTs - previousBoundaryTs) / HOUR_MS;
  const periods = known === undefined ? undefined : distance / known;
  const whole = periods !== undefined && Number.isInteger(periods);
  return {
    from:
      known === undefined
        ? previousBoundaryTs + MINUTE_MS
        : Math.min(previousBoundaryTs + known * HOUR_MS, rowBoundaryTs),
    to: rowBoundaryTs,
    rows: periods === undefined ? 0 : Math.max(0, Math.ceil(periods) - 1),
    state: whole && !allowedHours.includes(distance) ? "open" : "ambiguous"
  };
}

/**
 * Returns the coverage of a series: rows / (rows + missing rows). Ambiguous stretches count as missing, so coverage is
 * never overstated.
 * @returns 0..1, or undefined for a series without rows
 */
export function coverageShare(rows: number, holes: readonly Hole[]): number | undefined {
  const missing = holes.reduce((sum, hole) => sum + hole.rows, 0);
  return rows > 0 ? rows / (rows + missing) : undefined;
}

export type Freshness = "fresh" | "aging" | "stale";

/** Returns `fresh` if the newest row is younger than two intervals, `aging` if younger than a day, else `stale`. */
export function freshness(ageMs: number, intervalMs: number): Freshness {
  if (ageMs < 2 * intervalMs) return "fresh";
  return ageMs < DAY_MS ? "aging" : "stale";
}
