/** The index of the first value ≥ `x` in an ascending array; its length where there is none. */
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

/** The index of the last value ≤ `x` in an ascending array; −1 where there is none. */
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

/** The index of `x` in a strictly ascending array, or −1. */
export function indexOf(values: ArrayLike<number>, x: number): number {
  const i = firstAtOrAfter(values, x);
  return i < values.length && values[i] === x ? i : -1;
}
