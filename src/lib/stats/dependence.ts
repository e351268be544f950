import {ceilTo, PERIOD_MS} from "../time/grid.js";

/** Minimum number of common values or buckets for a correlation. */
const MIN_COMMON = 30;

/**
 * Returns Pearson's correlation of paired values; a pair with NaN is skipped. Undefined under {@link MIN_COMMON} pairs
 * or if one side is constant.
 */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number | undefined {
  const n = Math.min(x.length, y.length);
  let count = 0;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < n; ++i) {
    if (Number.isNaN(x[i]!) || Number.isNaN(y[i]!)) continue;
    ++count;
    meanX += x[i]!;
    meanY += y[i]!;
  }
  if (count < MIN_COMMON) return undefined;
  meanX /= count;
  meanY /= count;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < n; ++i) {
    if (Number.isNaN(x[i]!) || Number.isNaN(y[i]!)) continue;
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  // the squared rounding errors of a constant are not a variance
  const varies = (sum: number, about: number) => sum > count * (about * 1e-14) ** 2;
  return varies(xx, meanX) && varies(yy, meanY) ? xy / Math.sqrt(xx * yy) : undefined;
}

/**
 * Returns the sample autocorrelation at lags 1 to `most` (Box and Jenkins 1976, section 2.1.5). Both sums use the overall
 * mean. NaN values are excluded from both sums and not bridged. Empty under {@link MIN_COMMON} values.
 */
export function autocorrelation(values: ArrayLike<number>, most: number): {lag: number; value: number}[] {
  let mean = 0;
  let n = 0;
  for (let i = 0; i < values.length; ++i) {
    if (Number.isNaN(values[i]!)) continue;
    mean += values[i]!;
    ++n;
  }
  if (n < MIN_COMMON) return [];
  mean /= n;
  const at = (i: number) => (Number.isNaN(values[i]!) ? 0 : values[i]! - mean);
  let total = 0;
  for (let i = 0; i < values.length; ++i) total += at(i) ** 2;
  // the squared rounding errors of a constant are not a variance
  if (!(total > n * (mean * 1e-14) ** 2)) return [];
  const result: {lag: number; value: number}[] = [];
  for (let lag = 1; lag <= most && lag < values.length; ++lag) {
    let sum = 0;
    for (let i = lag; i < values.length; ++i) sum += at(i) * at(i - lag);
    result.push({lag, value: sum / total});
  }
  return result;
}

/** Mean rate per time bucket, keyed by the bucket's end in UTC ms. */
export type Buckets = ReadonlyMap<number, number>;

/**
 * Averages rates per time bucket. A settlement belongs to the bucket that ends at or after it, because it pays for the
 * time before. Venues settle at different instants, so series are joined on buckets, never on equal stamps (§8.11).
 */
export function bucketed(
  {t, rate8h}: {t: ArrayLike<number>; rate8h: ArrayLike<number>},
  bucketMs: number = PERIOD_MS
): Buckets {
  const sums = new Map<number, {sum: number; n: number}>();
  for (let i = 0; i < t.length; ++i) {
    const rate = rate8h[i]!;
    if (Number.isNaN(rate)) continue;
    const end = ceilTo(t[i]!, bucketMs);
    const bucket = sums.get(end);
    if (bucket) {
      bucket.sum += rate;
      ++bucket.n;
    } else sums.set(end, {sum: rate, n: 1});
  }
  return new Map([...sums].map(([end, {sum, n}]) => [end, sum / n]));
}

/** Returns the correlation over common buckets, and their number. */
export function bucketCorrelation(a: Buckets, b: Buckets): {value: number | undefined; common: number} {
  const x: number[] = [];
  const y: number[] = [];
  for (const [end, rate] of a) {
    const other = b.get(end);
    if (other === undefined) continue;
    x.push(rate);
    y.push(other);
  }
  return {value: correlation(x, y), common: x.length};
}
