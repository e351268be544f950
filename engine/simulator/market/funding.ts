import {HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {premiumIndices} from "./market.js";
import type {Coin} from "./universe.js";

/** A settlement of the simulated venue, with the interval that its rate covers. */
interface SimSettlement {
  t: number;
  rate: number;
  intervalHours: number;
}

/** Interest rate per 8 h and clamp of Bybit's published funding formula for USDT perpetuals, shares. */
const INTEREST_8H = 0.0001;
const CLAMP = 0.0005;
/** A market at its cap settles hourly until this many consecutive settlements stay below a quarter of the cap. */
const CALM_SETTLEMENTS = 24;
/** Sampling interval of the premium, minutes. */
const SAMPLE_MINUTES = 5;
const samples = new Float64Array((8 * 60) / SAMPLE_MINUTES);

/**
 * Returns the rate of the interval that ends at `tsMs`, a share: `P + clamp(I − P, ±0.05 %)` per 8 h, scaled to the
 * interval and capped. `P` is the premium index averaged over the interval with linearly rising weights.
 */
function fundingRate(coin: Coin, tsMs: number, intervalHours: number): number {
  const minutes = intervalHours * 60;
  let sum = 0;
  let weights = 0;
  const count = minutes / SAMPLE_MINUTES;
  premiumIndices(coin, tsMs - (minutes - 1) * MINUTE_MS, count, SAMPLE_MINUTES, samples);
  for (let j = 0; j < count; j++) {
    const i = 1 + j * SAMPLE_MINUTES;
    sum += i * samples[j]!;
    weights += i;
  }
  const premium = sum / weights;
  const rate8h = premium + Math.max(-CLAMP, Math.min(CLAMP, INTEREST_8H - premium));
  const rate = (rate8h * intervalHours) / 8;
  return Math.max(-coin.fundingCap, Math.min(coin.fundingCap, rate));
}

/**
 * The settlements of one coin since its listing. Computed lazily and in order, because each interval depends on earlier
 * rates.
 */
export class FundingSchedule {
  private readonly settlements: SimSettlement[] = [];
  private next: {t: number; intervalHours: number; calm: number};

  constructor(private readonly coin: Coin) {
    const first = Math.ceil((coin.launchTs + 1) / (8 * HOUR_MS)) * 8 * HOUR_MS;
    this.next = {t: first, intervalHours: 8, calm: 0};
  }

  /** Returns the settlements computed so far, at least all up to `untilTs`, ascending. */
  until(untilTs: number): readonly SimSettlement[] {
    const end = Math.min(untilTs, this.coin.delistTs ?? Infinity);
    while (this.next.t <= end) this.settle();
    return this.settlements;
  }

  /** Returns the next settlement after `nowTs` with its predicted rate. */
  upcoming(nowTs: number): SimSettlement {
    this.until(nowTs);
    let {t, intervalHours} = this.next;
    for (let i = this.settlements.length - 1; i >= 0 && this.settlements[i]!.t > nowTs; i--) {
      t = this.settlements[i]!.t;
      intervalHours = this.settlements[i]!.intervalHours;
    }
    const rate = fundingRate(this.coin, Math.min(t, Math.floor(nowTs / MINUTE_MS) * MINUTE_MS), intervalHours);
    return {t, rate, intervalHours};
  }

  private settle(): void {
    const {t, intervalHours, calm} = this.next;
    const rate = Number(fundingRate(this.coin, t, intervalHours).toFixed(8));
    this.settlements.push({t, rate, intervalHours});
    const per8h = (Math.abs(rate) * 8) / intervalHours;
    const quiet = per8h < this.coin.fundingCap / 4 ? calm + 1 : 0;
    let following = intervalHours;
    if (intervalHours === 8 && per8h >= this.coin.fundingCap) following = 1;
    else if (intervalHours === 1 && quiet >= CALM_SETTLEMENTS && t % (8 * HOUR_MS) === 0) following = 8;
    const forced = this.coin.intervalChanges?.findLast(({fromTs}) => fromTs <= t);
    if (forced) following = forced.hours;
    // Settlements are aligned to the clock: after a switch the next is at a multiple of the new interval.
    const next = Math.floor(t / (following * HOUR_MS) + 1) * following * HOUR_MS;
    this.next = {t: next, intervalHours: following, calm: following === intervalHours ? quiet : 0};
  }
}
