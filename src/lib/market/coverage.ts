import {ceilTo, floorTo, gridCount} from "../time/grid.js";

/** A half-open range of instants `[from, to)`, in UTC milliseconds. */
export interface Span {
  from: number;
  to: number;
}

/**
 * The canonical form of a set of instants: sorted, disjoint, non-touching, non-empty spans. Every function below
 * accepts any list of spans, in any order, and returns this form.
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

/** Every instant that is in either set. */
export const union = (a: readonly Span[], b: readonly Span[]): Span[] => normalise([...a, ...b]);

/** Every instant that is in `a` and not in `b`. */
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

/** Every instant that is in both sets. */
export const intersection = (a: readonly Span[], b: readonly Span[]): Span[] => difference(a, difference(a, b));

/** Total length of a set, in milliseconds. */
export const lengthMs = (spans: readonly Span[]): number => normalise(spans).reduce((sum, s) => sum + s.to - s.from, 0);

/**
 * The spans of missing grid points between sorted candle opens, inside `[from, to)`: a hole starts at its first missing
 * open and ends at the next open that is there (or at `to`, on the grid).
 * @param opens candle opens on the grid of `stepMs`, ascending and without repeats
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

/** How many candles a span of the grid holds. */
export const gridRows = ({from, to}: Span, stepMs: number): number => gridCount(from, to, stepMs);

/** The smallest span on the grid that contains `span`. */
export const snap = ({from, to}: Span, stepMs: number): Span => ({from: floorTo(from, stepMs), to: ceilTo(to, stepMs)});

/**
 * What a hole is: `open` may still be filled; `confirmed missing` was refetched in vain (§8.15);
 * `ambiguous` is a distance between settlements that may be a hole or a switch of the interval (§2).
 */
export type HoleState = "open" | "confirmed missing" | "ambiguous";

export interface Hole extends Span {
  /** how many rows are missing, for `ambiguous` how many would be if it is a hole */
  rows: number;
  state: HoleState;
}

/** Refetches that must come back empty before a hole is given up (§8.15). */
export const TRIES_UNTIL_CONFIRMED = 2;

/** The state of an open hole after `tries` refetches that did not fill it. */
export const holeState = (tries: number): HoleState => (tries >= TRIES_UNTIL_CONFIRMED ? "confirmed missing" : "open");

/**
 * The finding an uncertain settlement leaves in the coverage ledger (§2): the stretch between it and the one
 * before. A distance that no interval can explain is an `open` hole; one that a switch would explain is `ambiguous`.
 * @param known the newest interval known before the row, in hours
 */
export function fundingFinding(
  previousBoundaryTs: number,
  rowBoundaryTs: number,
  known: number | undefined,
  allowedHours: readonly number[]
): Hole {
  const distance = (rowBoundaryTs - previousBoundaryTs) / 3_600_000;
  const periods = known === undefined ? undefined : distance / known;
  const whole = periods !== undefined && Number.isInteger(periods);
  return {
    from:
      known === undefined
        ? previousBoundaryTs + 60_000
        : Math.min(previousBoundaryTs + known * 3_600_000, rowBoundaryTs),
    to: rowBoundaryTs,
    rows: periods === undefined ? 0 : Math.max(0, Math.ceil(periods) - 1),
    state: whole && !allowedHours.includes(distance) ? "open" : "ambiguous"
  };
}

/**
 * The share of a series that is there: rows over rows plus what is missing or may be (an ambiguous stretch counts as
 * missing until it is settled, so the share never overstates).
 * @returns 0..1, or undefined for a series without rows
 */
export function coverageShare(rows: number, holes: readonly Hole[]): number | undefined {
  const missing = holes.reduce((sum, hole) => sum + hole.rows, 0);
  return rows > 0 ? rows / (rows + missing) : undefined;
}

export type Freshness = "fresh" | "aging" | "stale";

/** Fresh: newest row younger than two of its intervals; aging: than a day; else stale. */
export function freshness(ageMs: number, intervalMs: number): Freshness {
  if (ageMs < 2 * intervalMs) return "fresh";
  return ageMs < 86_400_000 ? "aging" : "stale";
}
