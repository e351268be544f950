import {boundaryTs, HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";

/** Hours at which a venue may settle; what is denser than the shortest is no list of settlements. */
const BLOCKS = [8, 4, 2, 1] as const;
/** Fewer blocks than these say too little of whether their rates are one rate carried on. */
const MIN_BLOCKS = 3;

/** How far the stamps of two settlements may stray from their interval. */
const SLACK_MS = 5 * MINUTE_MS;

/** A rate and its stamp, UTC ms. */
export interface RateAt {
  ts: number;
  rate: string;
}

/** What a file's rates are by the distances between its rows. */
type RateRows =
  /** each row is a settlement */
  | {kind: "settlements"}
  /** settlements with their rate carried on to the rows between; the rows on the grid of `hours` are the settlements */
  | {kind: "carried"; hours: number}
  /** rows that could be either: hourly settlements at one rate, or one settlement's rate carried on */
  | {kind: "either"; hours: number}
  /** rows between settlements that a join filled: with zeros, or on straight lines from one settlement to the next */
  | {kind: "filled"; hours: number; by: "zeros" | "lines"}
  /** rows between settlements whose rates move: a forecast or a ticker */
  | {kind: "moving"};

/**
 * Tells settlements from rates that were carried forward over the rows between them (a file joined by the hour or the
 * minute), and from rates that move between settlements.
 * @param rows instants and rates in any order, a stretch without holes where possible
 * @param usualHours the interval at which the venue settles most of its markets
 */
export function rateRows(rows: readonly RateAt[], usualHours: number): RateRows {
  const sorted = byBoundary(rows);
  const step = stepMsOf(sorted);
  if (step === undefined || step >= usualHours * HOUR_MS - SLACK_MS) return {kind: "settlements"};
  const filled = filledRows(sorted, step, usualHours);
  if (filled !== undefined) return filled;
  for (const hours of BLOCKS) {
    if (hours > usualHours || hours * HOUR_MS < step * 1.5) continue;
    const {constant, changes, blocks} = blocksOf(sorted, hours * HOUR_MS);
    if (!constant) continue;
    if (changes >= MIN_BLOCKS - 1) return {kind: "carried", hours};
    if (blocks < MIN_BLOCKS || changes === 0) return {kind: "either", hours};
  }
  // Joined by an instant that jitters, or shifted by a row, rates change beside the hours at which they settle.
  if (areRepeated(sorted)) return {kind: "either", hours: usualHours};
  return step < HOUR_MS - SLACK_MS ? {kind: "moving"} : {kind: "settlements"};
}

/** Recognises rows between settlements that are zero throughout, or lie on straight lines. */
function filledRows(
  rows: readonly RateAt[],
  step: number,
  usualHours: number
): Extract<RateRows, {kind: "filled"}> | undefined {
  const isZero = rows.map(({rate}) => Number(rate) === 0);
  for (const hours of BLOCKS) {
    if (hours > usualHours || hours * HOUR_MS < step * 1.5) continue;
    const onGrid = rows.map(({ts}) => boundaryTs(ts) % (hours * HOUR_MS) === 0);
    const count = (test: (i: number) => boolean) => rows.filter((_, i) => test(i)).length;
    const there = count((i) => onGrid[i]! && !isZero[i]!);
    if (there >= MIN_BLOCKS && count((i) => !onGrid[i]! && !isZero[i]!) === 0) {
      return {kind: "filled", hours, by: "zeros"};
    }
  }
  return areLines(rows) ? {kind: "filled", hours: usualHours, by: "lines"} : undefined;
}

/**
 * True where a rate is mostly the one before. The most frequent rate is left out: a market at rest settles at the same
 * rate again and again.
 */
function areRepeated(rows: readonly RateAt[]): boolean {
  const counts = new Map<string, number>();
  for (const {rate} of rows) counts.set(rate, (counts.get(rate) ?? 0) + 1);
  const [[usual]] = [...counts].sort(([, a], [, b]) => b - a) as [[string, number]];
  const pairs = rows.slice(1).map(({rate}, i) => [rows[i]!.rate, rate] as const);
  const moving = pairs.filter((pair) => !pair.includes(usual));
  return moving.length >= MIN_MOVING && moving.filter(([a, b]) => a === b).length >= moving.length / 2;
}

/** True where most rates that move are the middle of their neighbours, up to the last digit written. */
function areLines(rows: readonly RateAt[]): boolean {
  const rates = rows.map(({rate}) => Number(rate));
  const digits = Math.max(...rows.map(({rate}) => decimalsOf(rate)));
  const slack = 2.5 * 10 ** -digits;
  let moving = 0;
  let straight = 0;
  for (let i = 1; i + 1 < rates.length; i++) {
    const [before, here, after] = [rates[i - 1]!, rates[i]!, rates[i + 1]!];
    // Where a step is no larger than what rounding hides, nothing can be told.
    if (!(Math.abs(here - before) > 4 * slack)) continue;
    moving++;
    if (Math.abs(before + after - 2 * here) <= slack + Math.abs(here - before) * 1e-6) straight++;
  }
  return moving >= MIN_MOVING && straight > moving * 0.6;
}

/** Returns the place of the last digit of a number, behind the point: 9 for `1.25e-7`. */
function decimalsOf(text: string): number {
  const [, fraction = "", exponent = "0"] = /^[^.e]*(?:\.(\d+))?(?:e([-+]?\d+))?/i.exec(text) ?? [];
  return fraction.length - Number(exponent);
}

/** Fewer rates that move than these say too little of how they move. */
const MIN_MOVING = 8;

/**
 * Returns the same where the hours between settlements are given: denser rows carry one rate on, or are no settlements.
 * @param rows instants and rates in any order
 */
export function rateRowsAt(rows: readonly RateAt[], hours: number): RateRows {
  const sorted = byBoundary(rows);
  const step = stepMsOf(sorted);
  if (step === undefined || step >= hours * HOUR_MS - SLACK_MS) return {kind: "settlements"};
  return blocksOf(sorted, hours * HOUR_MS).constant ? {kind: "carried", hours} : {kind: "moving"};
}

/**
 * Returns one rate for each boundary: of two stamps the later stands, as a correction and not as a row of a dense file.
 */
function byBoundary(rows: readonly RateAt[]): RateAt[] {
  const inOrder = [...rows].sort((a, b) => a.ts - b.ts);
  return [...new Map(inOrder.map((row) => [boundaryTs(row.ts), row])).values()];
}

/** Returns the median distance of rows in order; undefined for fewer than two. */
function stepMsOf(rows: readonly RateAt[]): number | undefined {
  const distances = rows.slice(1).map(({ts}, i) => ts - rows[i]!.ts);
  return distances.sort((a, b) => a - b)[distances.length >> 1];
}

/**
 * Returns whether the rate is one within each block of the grid, how many blocks there are, and how often it changes.
 */
function blocksOf(rows: readonly RateAt[], lengthMs: number): {constant: boolean; changes: number; blocks: number} {
  let block = NaN;
  let rate = "";
  let changes = 0;
  let blocks = 0;
  for (const row of rows) {
    const at = Math.floor(boundaryTs(row.ts) / lengthMs);
    if (at === block) {
      if (row.rate !== rate) return {constant: false, changes, blocks};
      continue;
    }
    if (blocks > 0 && row.rate !== rate) changes++;
    blocks++;
    block = at;
    rate = row.rate;
  }
  return {constant: true, changes, blocks};
}

/** Returns the distance in hours of most rows, whatever their order; undefined for fewer than two. */
export function medianHours(rows: readonly RateAt[]): number | undefined {
  const step = stepMsOf(byBoundary(rows));
  return step === undefined ? undefined : step / HOUR_MS;
}

/** A share per 8 hours that no market keeps up: half of all rows above it are written in percent or basis points. */
const HIGHEST_TYPICAL = 0.005;
/** The rate that venues settle at when nothing moves it, 0.01 % per 8 h, as it is written in percent and in basis points. */
const USUAL = {percent: 0.01, bps: 1};

/** Counts rates by their size over their interval, which tells shares from percent and basis points. */
export class RateSizes {
  private readonly sizes: number[] = [];
  /** rates by the tenth of a decade that their size is in */
  private readonly bins = new Map<number, number>();
  private readonly usual = {percent: 0, bps: 0};
  private count = 0;
  private readonly scale: number;

  /** @param hours the interval of the settlements */
  constructor(hours: number) {
    this.scale = hours / 8;
  }

  /** Counts a rate. @param rate as the file writes it; what is no number is passed over */
  add(rate: number): void {
    if (!Number.isFinite(rate)) return;
    const size = Math.abs(rate);
    this.count++;
    // A rate of the notional itself is a bad row, whatever the unit of the others.
    if (size > 0 && size < 1) {
      const bin = Math.floor(10 * Math.log10(size));
      this.bins.set(bin, (this.bins.get(bin) ?? 0) + 1);
    }
    const per8h = size / this.scale;
    for (const unit of ["percent", "bps"] as const) if (Math.abs(per8h - USUAL[unit]) < 1e-12) this.usual[unit]++;
    if (this.sizes.length < MAX_SIZES) this.sizes.push(size);
  }

  /** the middle size, as the file writes it; 0 of none */
  get typical(): number {
    const sorted = [...this.sizes].sort((a, b) => a - b);
    return sorted[(sorted.length - 1) >> 1] ?? 0;
  }

  /** true where rates cannot be shares by their typical size: no market keeps it up, or many are the usual rate in another unit */
  get areScaled(): boolean {
    const areUsual = Math.max(this.usual.percent, this.usual.bps) > this.count * 0.2;
    return this.typical / this.scale > HIGHEST_TYPICAL || areUsual;
  }

  /**
   * Rates that are far larger than the others with fewer between, as percent among shares are: a wild market passes
   * through the middle. One rate alone may be the hour of a crash, unless it is the usual rate in percent.
   * @returns how many there are, and of how many; undefined where there are none
   */
  get apart(): {far: number; of: number} | undefined {
    const limit = HIGHEST_TYPICAL * this.scale;
    const bins = [...this.bins].sort(([a], [b]) => a - b).map(([bin, n]) => ({size: 10 ** ((bin + 0.5) / 10), n}));
    const sum = (from: number, to: number) =>
      bins.reduce((all, {size, n}) => (size > from && size <= to ? all + n : all), 0);
    const half = sum(0, limit) / 2;
    let passed = 0;
    const usual = bins.find(({n}) => (passed += n) >= half)?.size ?? 0;
    const bound = Math.max(limit, usual * FAR);
    const far = sum(bound, Infinity);
    const enough = far > 1 || (far === 1 && this.usual.percent === 1);
    return half > 0 && enough && far > sum(bound / 10, bound) ? {far, of: this.count} : undefined;
  }
}

/** A rate this many times the usual one is far: percent are a hundred times a share. */
const FAR = 30;
/** Sizes that the middle one is taken of. */
const MAX_SIZES = 10_000;
