/** A chart shows rates up to so many times the size that three quarters of the time stay under. */
const TIMES = 10;
const QUARTERS = 0.75;
/** A rate only a little beyond that is shown whole. */
const TOLERANCE = 1.4;

/** A rate and how long it stood: a week settled by the hour has more rows than one settled every eight, and no more time. */
export interface HeldRate {
  rate: number | null | undefined;
  hours: number;
}

/**
 * The size beyond which a rate is cut off in a chart, so that one extreme week does not flatten the year; Infinity
 * where nothing stands out.
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

/** Whether a rate is cut off. */
export const isBeyond = (rate: number, cut: number): boolean => Math.abs(rate) > cut;
