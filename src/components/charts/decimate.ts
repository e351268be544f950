/** A point of a thinned line, with the run of points without a gap that it belongs to. */
interface Run<T> {
  /** Index of the run, for the z channel of a line. */
  run: number;
  datum: T;
}

/** Options of {@link decimate}. */
interface DecimateOptions<T> {
  x: (d: T) => number;
  /** The value; null is a gap. */
  y: (d: T) => number | null | undefined;
  /** Width of the whole domain, px. */
  width: number;
  /** Part of the series to draw, both ends included; the whole series by default. */
  domain?: readonly [number, number];
  /** Distance in x above which two neighbours are not joined; infinite by default. */
  gap?: number | ((previous: T, next: T) => number);
}

/**
 * Thins a series, ascending in x, to about four points per pixel column: the first, lowest, highest and last of each.
 * Extremes and the edges of gaps are kept. A short series is returned whole. A missing value is dropped and ends the
 * run; so does a distance above `gap`.
 */
export function decimate<T>(data: readonly T[], {x, y, width, domain, gap = Infinity}: DecimateOptions<T>): Run<T>[] {
  const [from, to] = domain ?? [data.length ? x(data[0]!) : 0, data.length ? x(data[data.length - 1]!) : 0];
  const gapOf = typeof gap === "function" ? gap : () => gap;
  const runs: T[][] = [];
  let current: T[] | null = null;
  let previous: T | null = null;
  for (const d of data) {
    if (x(d) < from || x(d) > to) continue;
    const value = y(d);
    if (value === null || value === undefined || !Number.isFinite(value)) {
      current = null;
      continue;
    }
    if (current && previous !== null && x(d) - x(previous) > gapOf(previous, d)) current = null;
    if (!current) runs.push((current = []));
    current.push(d);
    previous = d;
  }
  const total = runs.reduce((n, run) => n + run.length, 0);
  const columns = Math.max(1, Math.floor(width));
  const scale = to > from ? columns / (to - from) : 0;
  return runs.flatMap((run, i) => {
    const points = total <= 2 * columns ? run : thin(run, {x, y, column: (d) => Math.floor((x(d) - from) * scale)});
    return points.map((datum) => ({run: i, datum}));
  });
}

function thin<T>(
  run: readonly T[],
  {y, column}: {x: (d: T) => number; y: (d: T) => number | null | undefined; column: (d: T) => number}
): T[] {
  const result: T[] = [];
  for (let i = 0; i < run.length;) {
    const c = column(run[i]!);
    let lo = i;
    let hi = i;
    let end = i;
    while (end < run.length && column(run[end]!) === c) {
      if (y(run[end]!)! < y(run[lo]!)!) lo = end;
      if (y(run[end]!)! > y(run[hi]!)!) hi = end;
      ++end;
    }
    for (const k of [...new Set([i, lo, hi, end - 1])].sort((a, b) => a - b)) result.push(run[k]!);
    i = end;
  }
  return result;
}

/** One pixel column of signed bars, with its reach above and below zero. */
interface BarColumn {
  x: number;
  /** Highest value of the column, at least 0. */
  high: number;
  /** Lowest value of the column, at most 0. */
  low: number;
  /** Rows in the column. */
  count: number;
}

/**
 * Gathers signed values into at most `width` columns, keeping the highest and the lowest value of each, so that bars
 * from zero lose no spike and no sign. Columns without rows are absent, so gaps stay gaps.
 */
export function barColumns<T>(
  data: readonly T[],
  {x, y, width, domain}: Omit<DecimateOptions<T>, "gap"> & {domain: readonly [number, number]}
): BarColumn[] {
  const [from, to] = domain;
  const columns = Math.max(1, Math.floor(width));
  const size = (to - from) / columns;
  const result = new Map<number, BarColumn>();
  let inside = 0;
  for (const d of data) if (x(d) >= from && x(d) <= to) ++inside;
  for (const d of data) {
    const value = y(d);
    if (x(d) < from || x(d) > to || value === null || value === undefined) continue;
    const key = inside <= columns || size === 0 ? x(d) : Math.min(columns - 1, Math.floor((x(d) - from) / size));
    const at = inside <= columns || size === 0 ? x(d) : from + (key + 0.5) * size;
    const column = result.get(key) ?? {x: at, high: 0, low: 0, count: 0};
    column.high = Math.max(column.high, value);
    column.low = Math.min(column.low, value);
    column.count += 1;
    result.set(key, column);
  }
  return [...result.values()];
}
