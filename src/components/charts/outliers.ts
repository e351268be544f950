/** A chart shows rates up to `TIMES` × the time-weighted `QUARTERS` quantile of their absolute values. */
const TIMES = 10;
const QUARTERS = 0.75;
/** Rates up to `TOLERANCE` × that limit are not truncated. */
const TOLERANCE = 1.4;

/** A rate and its duration. Weighting by hours keeps hourly settlements from counting eight times as much. */
interface HeldRate {
  rate: number | null | undefined;
  hours: number;
}

/**
 * Returns the absolute rate at which a chart truncates, so that one extreme week does not flatten the year; Infinity
 * without outliers.
 */
export function cutOf(rates: readonly HeldRate[]): number {
  const sizes = rates
    .flatMap(({rate, hours}) =>
      typeof rate === "number" && Number.isFinite(rate) ? {size: Math.abs(rate), hours} : []
    )
    .sort((a, b) => a.size - b.size);
  const total = sizes.reduce((sum, d) => sum + d.hours, 0);
  let passed = 0;
  const usual = sizes.find((d) => (passed += d.hours) >= QUARTERS * total)?.size ?? 0;
  const limit = TIMES * usual;
  return limit > 0 && sizes.at(-1)!.size > TOLERANCE * limit ? limit : Infinity;
}

export const isBeyond = (rate: number, cut: number): boolean => Math.abs(rate) > cut;
