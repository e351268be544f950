/** A uniform number in [0, 1) that depends on nothing but its arguments (murmur3's finaliser over mixed words). */
export function uniform(seed: number, a: number, b = 0): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (a | 0), 0xc2b2ae35) ^ (h >>> 15);
  h = Math.imul(h ^ Math.floor(a / 4294967296), 0x27d4eb2f) ^ (h >>> 13);
  h = Math.imul(h ^ (b | 0), 0x165667b1) ^ (h >>> 16);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Points at which slow movements are evaluated; between them they are straight lines. */
const GRID_MINUTES = 60;

/**
 * Smooth noise over several periods (in minutes), amplitude growing with the root of the period as a random walk's does.
 * Periods much longer than an hour are straight within each hour, which makes a year of minutes cheap. What it remembers
 * is only the stretch it was asked about last and changes no value.
 */
export class Walk {
  private readonly fast: Octaves;
  private readonly slow: Octaves | undefined;
  private hour = NaN;
  private from = 0;
  private to = 0;

  /** @param drift a slow movement of its own, added to the walk, by minute */
  constructor(
    seed: number,
    periods: readonly number[],
    scale: number,
    private readonly drift?: (minute: number) => number
  ) {
    const fast = periods.filter((period) => period < 2 * GRID_MINUTES);
    this.fast = new Octaves(seed, fast, scale, 0);
    const slow = periods.slice(fast.length);
    this.slow = slow.length > 0 || drift ? new Octaves(seed, slow, scale, fast.length) : undefined;
  }

  at(minute: number): number {
    const value = this.fast.at(minute);
    if (!this.slow) return value;
    const hour = Math.floor(minute / GRID_MINUTES);
    if (hour !== this.hour) {
      this.from = this.edge(hour);
      this.to = this.edge(hour + 1);
      this.hour = hour;
    }
    return value + this.from + (this.to - this.from) * (minute / GRID_MINUTES - hour);
  }

  private edge(hour: number): number {
    const minute = hour * GRID_MINUTES;
    return this.slow!.at(minute) + (this.drift?.(minute) ?? 0);
  }
}

/** Value noise on one lattice for each period. */
class Octaves {
  private readonly cell: Float64Array;
  private readonly a: Float64Array;
  private readonly b: Float64Array;
  private readonly amplitude: Float64Array;

  constructor(
    private readonly seed: number,
    private readonly periods: readonly number[],
    scale: number,
    private readonly first: number
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
        this.a[k] = uniform(this.seed, i, this.first + k);
        this.b[k] = uniform(this.seed, i + 1, this.first + k);
      }
      const f = position - i;
      const a = this.a[k]!;
      sum += ((a + (this.b[k]! - a) * f * f * (3 - 2 * f)) * 2 - 1) * this.amplitude[k]!;
    }
    return sum;
  }
}

/** A number from a text, for seeds that belong to a name. */
export function seedOf(seed: number, name: string): number {
  let h = seed | 0;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
