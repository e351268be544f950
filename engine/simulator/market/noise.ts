/** Returns a uniform number in [0, 1) as a pure function of its arguments (murmur3 finaliser over mixed words). */
export const uniform = (seed: number, a: number, b = 0): number => finish(mix(seed, a), b);

/** Computes the first half of {@link uniform}, shared by several numbers of one `a`. */
export function mix(seed: number, a: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (a | 0), 0xc2b2ae35) ^ (h >>> 15);
  return Math.imul(h ^ Math.floor(a / 4294967296), 0x27d4eb2f) ^ (h >>> 13);
}

/** Computes the second half of {@link uniform}. */
export function finish(mixed: number, b: number): number {
  let h = Math.imul(mixed ^ (b | 0), 0x165667b1) ^ (mixed >>> 16);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/**
 * Smooth noise over several periods. Amplitudes grow with the square root of the period, as for a random walk. Caches
 * the last lattice points for speed, without changing any value.
 */
export class Walk {
  private readonly cell: Float64Array;
  private readonly a: Float64Array;
  private readonly b: Float64Array;
  private readonly amplitude: Float64Array;

  constructor(
    private readonly seed: number,
    private readonly periods: readonly number[],
    scale: number
  ) {
    this.cell = new Float64Array(periods.length).fill(NaN);
    this.a = new Float64Array(periods.length);
    this.b = new Float64Array(periods.length);
    this.amplitude = Float64Array.from(periods, (period) => scale * Math.sqrt(period));
  }

  at(x: number): number {
    let sum = 0;
    for (let k = 0; k < this.periods.length; k++) {
      const position = x / this.periods[k]!;
      const i = Math.floor(position);
      if (this.cell[k] !== i) {
        this.cell[k] = i;
        this.a[k] = uniform(this.seed, i, k);
        this.b[k] = uniform(this.seed, i + 1, k);
      }
      const f = position - i;
      const a = this.a[k]!;
      sum += ((a + (this.b[k]! - a) * f * f * (3 - 2 * f)) * 2 - 1) * this.amplitude[k]!;
    }
    return sum;
  }

  /** Writes {@link at} for `count` whole numbers from `x`, `step` apart, to `out`; bit-identical. */
  fill(x: number, count: number, out: Float64Array, step = 1): void {
    out.fill(0, 0, count);
    for (let k = 0; k < this.periods.length; k++) {
      const period = this.periods[k]!;
      const amplitude = this.amplitude[k]!;
      for (let j = 0; j < count;) {
        const i = Math.floor((x + j * step) / period);
        if (this.cell[k] !== i) {
          this.cell[k] = i;
          this.a[k] = uniform(this.seed, i, k);
          this.b[k] = uniform(this.seed, i + 1, k);
        }
        const a = this.a[k]!;
        const rise = this.b[k]! - a;
        const end = Math.min(count, Math.ceil(((i + 1) * period - x) / step));
        for (; j < end; j++) {
          const f = (x + j * step) / period - i;
          out[j]! += ((a + rise * f * f * (3 - 2 * f)) * 2 - 1) * amplitude;
        }
      }
    }
  }
}

/** Derives a seed from a seed and a name. */
export function seedOf(seed: number, name: string): number {
  let h = seed | 0;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
