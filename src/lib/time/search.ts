/** Returns the index of the first value ≥ `x` in an ascending array, or its length; the search starts at `from`. */
export function firstAtOrAfter(values: ArrayLike<number>, x: number, from = 0): number {
  let lo = from;
  let hi = values.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (values[mid]! < x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** Returns the index of the last value ≤ `x` in an ascending array, or −1. */
export function lastAtOrBefore(values: ArrayLike<number>, x: number): number {
  let lo = 0;
  let hi = values.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (values[mid]! <= x) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

/** Returns the index of `x` in a strictly ascending array, or −1. */
export function indexOf(values: ArrayLike<number>, x: number): number {
  const i = firstAtOrAfter(values, x);
  return i < values.length && values[i] === x ? i : -1;
}
