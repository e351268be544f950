import {openAt, type FundingRow, type MarketData} from "../market/marketdata.js";
import {allowedIntervalHours, inferIntervals, rate8hDecimal, type RowInterval} from "../market/funding.js";
import {Decimal, decimal, toNumber} from "../money/decimal.js";
import {boundaryTs, HOUR_MS} from "../time/grid.js";
import {lastAtOrBefore} from "../time/search.js";
import {HoldHistory} from "./hold.js";
import {
  basisOf,
  basisScore,
  compositeScore,
  levelScore,
  PERSISTENCE_RATE,
  persistenceScore,
  TREND_WINDOW,
  trendDifference,
  trendDifferenceFloat,
  trendFromFloat,
  trendOf,
  trendScore,
  type Trend,
  type VolumeCheck
} from "./signals.js";
import {volumeCheck} from "./turnover.js";
import type {Settlement} from "./settlement.js";

/**
 * The signals at one settlement (§5), each computed when first read.
 */
export class Signals {
  readonly rate8h: Decimal;
  /** consecutive newest rates at or above the persistence rate */
  readonly streak: number;
  readonly #opens: () => {spot: Decimal | undefined; perp: Decimal | undefined};
  readonly #rates: readonly Decimal[];
  readonly #direction: Trend | undefined;
  #basis: {value: Decimal; score: Decimal} | undefined;
  #basisRead = false;
  #level: Decimal | undefined;

  /**
   * @param direction the trend, if floats determine it; else it is computed from `recent`
   * @param options.recent the newest rates per 8 h up to this row, at most the trend's window
   * @param options.opens returns both legs' opens at the row's instant
   */
  constructor(
    rate8h: Decimal,
    streak: number,
    direction: Trend | undefined,
    {opens, recent}: {opens: () => {spot: Decimal | undefined; perp: Decimal | undefined}; recent: readonly Decimal[]}
  ) {
    this.rate8h = rate8h;
    this.streak = streak;
    this.#direction = direction;
    this.#opens = opens;
    this.#rates = recent;
  }

  get level(): Decimal {
    return (this.#level ??= levelScore(this.rate8h));
  }

  /** `ema[last] − ema[last − 5]` in decimals; undefined with too few rates. */
  get trendDifference(): Decimal | undefined {
    return trendDifference(this.#rates);
  }

  get trend(): Trend {
    return this.#direction ?? trendOf(this.trendDifference);
  }

  get basis(): {value: Decimal; score: Decimal} | undefined {
    if (!this.#basisRead) {
      this.#basisRead = true;
      const {spot, perp} = this.#opens();
      const value = basisOf(spot, perp);
      this.#basis = value && {value, score: basisScore(value)};
    }
    return this.#basis;
  }

  /**
   * Returns the composite score; undefined if the basis is.
   * @param basis another basis than that of the opens, a share
   */
  composite(weights: Parameters<typeof compositeScore>[1], basis?: Decimal): Decimal | undefined {
    return compositeScore(
      {
        level: this.level,
        trend: trendScore(this.trend),
        persistence: persistenceScore(this.streak),
        basis: basis ? basisScore(basis) : this.basis?.score
      },
      weights
    );
  }
}

/**
 * The settlements of one pair and their signals, computed on first use and cached. Results for row `i` use only rows up to
 * `i` and opens up to its instant (§1), so runs, views and trials may share them.
 */
export class PairHistory {
  readonly pair: string;
  readonly settlements: readonly Settlement[];
  /** boundaries of the settlements in UTC ms, ascending */
  readonly t: Float64Array;
  readonly data: MarketData;
  readonly #usable: Decimal[] = [];
  readonly #usableFloats: Float64Array;
  readonly #usableBefore: Int32Array;
  readonly #streak: Int32Array;
  readonly #signals: (Signals | undefined)[] = [];
  readonly #volume = new Map<number, VolumeCheck>();
  readonly #holds = new Map<string, HoldHistory>();

  constructor(data: MarketData) {
    this.pair = data.pair;
    this.data = data;
    this.settlements = settlementsOf(data);
    this.t = Float64Array.from(this.settlements, (s) => s.t);
    this.#usableFloats = Float64Array.from(this.settlements.flatMap(({rate8h}) => (rate8h ? [toNumber(rate8h)] : [])));
    this.#usableBefore = new Int32Array(this.t.length);
    this.#streak = new Int32Array(this.t.length);
    let streak = 0;
    this.settlements.forEach(({rate8h}, i) => {
      if (rate8h) {
        this.#usable.push(rate8h);
        streak = rate8h.gte(PERSISTENCE_RATE) ? streak + 1 : 0;
      }
      this.#usableBefore[i] = this.#usable.length;
      this.#streak[i] = streak;
    });
  }

  /** Returns the index of the newest settlement at or before `t`, or −1. */
  indexAt(t: number): number {
    return lastAtOrBefore(this.t, t);
  }

  /** Returns the signals at settlement `i`; undefined if the row has no rate per 8 hours. */
  signals(i: number): Signals | undefined {
    const settlement = this.settlements[i];
    if (!settlement?.rate8h) return undefined;
    return (this.#signals[i] ??= this.#compute(i, settlement.t, settlement.rate8h));
  }

  #compute(i: number, t: number, rate8h: Decimal): Signals {
    const end = this.#usableBefore[i]!;
    const direction = trendFromFloat(trendDifferenceFloat(this.#usableFloats, end));
    const recent = this.#usable.slice(Math.max(0, end - TREND_WINDOW), end);
    const opens = () => ({spot: openAt(this.data.spot, t), perp: openAt(this.data.perp, t)});
    return new Signals(rate8h, this.#streak[i]!, direction, {opens, recent});
  }

  /** Returns the result of the volume filter at settlement `i`. */
  volume(i: number): VolumeCheck {
    let check = this.#volume.get(i);
    if (!check) this.#volume.set(i, (check = volumeCheck(this.data.perp, this.t[i]!)));
    return check;
  }

  /** Returns `expectedHoldPeriods: "auto"` at settlement `i`, in periods of 8 hours (§5). */
  autoHold(i: number, exitRate: Decimal): Decimal {
    const key = exitRate.toFixed();
    let holds = this.#holds.get(key);
    if (!holds) this.#holds.set(key, (holds = new HoldHistory(this.settlements, exitRate)));
    return holds.at(i);
  }

  /** Returns {@link missingFrom} of settlement `i`. */
  missingFrom(i: number): number {
    return missingFrom(this.settlements[i]!);
  }
}

/**
 * Returns the instant, UTC ms, from which the settlement after this one is overdue (§5, `rate-missing`): `max(1.5 ×
 * newest known interval, 12 h)` after it, or half an interval after the reported next settlement.
 */
export function missingFrom({
  t,
  knownHours,
  nextSettlementMs
}: Pick<Settlement, "t" | "knownHours" | "nextSettlementMs">): number {
  if (nextSettlementMs !== undefined && knownHours !== undefined) {
    return boundaryTs(nextSettlementMs) + 0.5 * knownHours * HOUR_MS;
  }
  return t + Math.max(1.5 * (knownHours ?? 0), 12) * HOUR_MS;
}

/**
 * Builds a settlement from a row and its interval.
 * @param knownBefore the newest known interval before the row, in hours
 * @throws RangeError `invalid rate: …`
 */
export function settlementOf(row: FundingRow, interval: RowInterval, knownBefore: number | undefined): Settlement {
  const {intervalHours, intervalSource} = interval;
  const rate = decimal(row.rate, "rate");
  return {
    t: boundaryTs(row.tsMs),
    tsMs: row.tsMs,
    rate,
    intervalHours,
    intervalSource,
    rate8h: rate8hDecimal(rate, intervalHours),
    knownHours: intervalHours ?? knownBefore,
    nextSettlementMs: row.nextSettlementMs
  };
}

function settlementsOf(data: MarketData): Settlement[] {
  const {intervals} = inferIntervals(data.funding, {allowedHours: allowedIntervalHours(data.venue)});
  let knownHours: number | undefined;
  return data.funding.map((row, i) => {
    const settlement = settlementOf(row, intervals[i]!, knownHours);
    knownHours = settlement.knownHours;
    return settlement;
  });
}
