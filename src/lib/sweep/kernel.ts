import {maintenanceRateAt, roundToTick} from "../ledger/rules.js";
import {marginPrices, type MarginPrices} from "../ledger/margin.js";
import {fillPrice} from "../ledger/fills.js";
import {Decimal, toNumber} from "../money/decimal.js";
import {slippageShare} from "../market/costs.js";
import type {StrategyConfig} from "../strategy/config.js";
import {firstAtOrAfter, lastAtOrBefore} from "../time/search.js";
import {decisionsFor, fillDecisions, type Decisions} from "./decisions.js";
import {floatsOf, type Floats} from "./floats.js";
import {firstReaching} from "./maxtree.js";
import type {Prepared} from "./prepare.js";
import {sizeInFloats, type Sized} from "./size.js";
import {outcomeOf, type Outcome, type Sums} from "./outcome.js";

/** Upper bound on the relative float error of a price; closer prices are compared as decimals. */
const PRICE_NOISE = 1e-11;

/**
 * The float engine of sweeps: runs one config on one pair over typed arrays. It follows the exact engine event by event
 * and must agree with it to 1e-9 relative. Decimals decide where a float is too close to a limit. If even that is not
 * enough, the trial returns undefined and the caller runs the exact ledger.
 */
export class Kernel {
  readonly p: Prepared;
  readonly #decisions: Decisions;
  readonly #equity: Float64Array;
  readonly #daily: Float64Array;
  readonly #returns: Float64Array;
  #config!: StrategyConfig;
  #floats!: Floats;
  #sums!: Sums;
  #unsure = false;
  /** index of the newest settlement processed */
  #k = -1;
  /** next grid point to mark to market */
  #g = 0;
  /** the account's cash while flat */
  #cash = 0;
  /** instant of the newest liquidated coin sale, at which no entry is decided */
  #barredTs = -1;
  /** running peak of equity */
  #peak = -Infinity;
  /** 1 − maximum drawdown so far */
  #kept = 1;
  /** equity below which the drawdown is a new maximum */
  #floor = -Infinity;

  constructor(p: Prepared) {
    this.p = p;
    this.#decisions = decisionsFor(p.t.length);
    this.#equity = new Float64Array(p.grid.length);
    this.#daily = new Float64Array(p.midnights);
    this.#returns = new Float64Array(Math.max(0, p.midnights - 1));
  }

  /** Equity on the hourly grid after {@link run}; the next run overwrites it. */
  get equity(): Float64Array {
    return this.#equity;
  }

  /** Daily returns after {@link run}; the next run overwrites them. */
  get returns(): Float64Array {
    return this.#returns;
  }

  /** Equity at midnights UTC after {@link run}; the next run overwrites it. */
  get daily(): Float64Array {
    return this.#daily;
  }

  /**
   * Runs one config.
   * @returns its totals and statistics, or undefined if it needs the exact ledger
   */
  run(config: StrategyConfig): Outcome | undefined {
    fillDecisions(this.p, config, this.#decisions);
    return this.follow(config);
  }

  /** The decisions that {@link follow} acts on, one per settlement; {@link run} overwrites them. */
  get decisions(): Decisions {
    return this.#decisions;
  }

  /** Runs a config's ledger on the current {@link decisions}, as baselines do. */
  follow(config: StrategyConfig): Outcome | undefined {
    this.#begin(config);
    const {enter} = this.#decisions;
    const {t} = this.p;
    for (;;) {
      let k = this.#k + 1;
      while (k < t.length && (enter[k] === 0 || t[k] === this.#barredTs)) ++k;
      if (k >= t.length || this.#unsure) break;
      const fill = this.#wait(k);
      if (fill) this.#open(fill.both, fill.decision);
    }
    if (this.#unsure) return undefined;
    this.#markFlat(Infinity);
    this.#sample();
    return outcomeOf(this.#sums, this.p, {
      capital: this.#floats.capital,
      returns: this.#returns,
      maxDrawdown: 1 - this.#kept
    });
  }

  /** Samples daily equity and returns from the hourly curve. */
  #sample(): void {
    const daily = this.#daily;
    const returns = this.#returns;
    for (let d = 0; d < daily.length; ++d) daily[d] = this.#equity[this.p.firstMidnight + d * 24]!;
    for (let d = 0; d < returns.length; ++d) returns[d] = daily[d + 1]! / daily[d]! - 1;
  }

  #begin(config: StrategyConfig): void {
    this.#config = config;
    this.#floats = floatsOf(this.p, config);
    this.#unsure = false;
    this.#k = -1;
    this.#g = 0;
    this.#cash = this.#floats.capital;
    this.#peak = -Infinity;
    this.#kept = 1;
    this.#floor = -Infinity;
    this.#barredTs = -1;
    this.#sums = {
      trades: 0,
      payments: 0,
      wins: 0,
      liquidated: 0,
      noPrice: 0,
      ambiguous: this.p.ambiguous,
      cannotOpen: 0,
      funding: 0,
      basis: 0,
      fees: 0,
      slippage: 0,
      liquidationLoss: 0,
      liquidationDrift: 0,
      net: 0,
      turnover: 0,
      heldMs: 0
    };
  }

  /** Follows an entry decided at settlement `k` until it fills, lapses or is dropped. */
  #wait(k: number): {both: number; decision: number} | undefined {
    const {t, bothTs, endMs} = this.p;
    const {enter} = this.#decisions;
    let readyTs = t[k]! + this.#floats.delayMs;
    let renewedTs = t[k]!;
    let both = firstAtOrAfter(bothTs, readyTs);
    for (;;) {
      const fillTs = both < bothTs.length ? bothTs[both]! : Infinity;
      const next = k + 1 < t.length ? t[k + 1]! : Infinity;
      const lapsesAfter = Math.max(renewedTs, readyTs) + this.#floats.maxWaitMs;
      this.#k = k;
      if (fillTs < next) {
        if (fillTs <= lapsesAfter) return {both, decision: k};
        ++this.#sums.noPrice;
        return undefined;
      }
      if (next === Infinity) {
        if (endMs > lapsesAfter) ++this.#sums.noPrice;
        return undefined;
      }
      this.#k = ++k;
      const lapsed = next > lapsesAfter;
      if (lapsed) ++this.#sums.noPrice;
      if (enter[k] === 0) return undefined;
      renewedTs = next;
      if (lapsed) {
        readyTs = next + this.#floats.delayMs;
        both = firstAtOrAfter(bothTs, readyTs);
      }
    }
  }

  /** Opens a hedge at an instant of both opens and follows it to its exit, or counts the refusal. */
  #open(both: number, decision: number): void {
    const {p} = this;
    const sized = sizeInFloats(p, this.#config, this.#floats, {
      both,
      decision,
      score: this.#decisions.score[decision]!,
      free: this.#cash
    });
    if (sized === "unsure") this.#unsure = true;
    else if (sized === "refused") ++this.#sums.cannotOpen;
    else this.#hold(both, sized);
  }

  #hold(both: number, {ordered, spotQty, perpQty}: Sized): void {
    const {p} = this;
    const sums = this.#sums;
    const {t, payment, missingBar, bothTs, bothSpot, bothPerp, endMs} = p;
    const {exit} = this.#decisions;
    const {slippage, spotFee, perpFee} = this.#floats;
    const entryTs = bothTs[both]!;
    const s0 = bothSpot[both]!;
    const p0 = bothPerp[both]!;
    const spotFill = s0 * (1 + slippage);
    const perpFill = p0 * (1 - slippage);
    const spotFees = this.#config.spotFeeIn === "base" ? ordered * spotFee * spotFill : spotFill * spotQty * spotFee;
    let fees = spotFees + perpFill * perpQty * perpFee;
    let slipped = s0 * slippage * spotQty + p0 * slippage * perpQty;
    let funding = 0;
    let turnover = spotFill * spotQty + perpFill * perpQty;
    const base = this.#cash - spotFill * spotQty - fees + perpQty * perpFill;
    this.#markFlat(entryTs);
    const danger = this.#danger(entryTs, p0, perpFill, perpQty);
    const liquidationTs = danger >= 0 ? p.barEnd[danger]! : Infinity;
    let exitTs = Infinity;
    let exitBoth = -1;
    for (;;) {
      const k = this.#k;
      const next = k + 1 < t.length ? t[k + 1]! : Infinity;
      const missing = exitTs === Infinity && k >= 0 ? this.#missingAfter(missingBar[k]!, entryTs, next) : Infinity;
      const soonest = Math.min(next, missing, exitTs, endMs);
      if (liquidationTs <= soonest) break;
      if (endMs <= soonest) break;
      if (next === soonest) {
        this.#mark(next, base + funding, spotQty, perpQty);
        this.#k = k + 1;
        funding += perpQty * payment[k + 1]!;
        ++sums.payments;
        if (exitTs === Infinity && exit[k + 1] === 1) {
          exitBoth = firstAtOrAfter(bothTs, next + this.#floats.delayMs);
          exitTs = exitBoth < bothTs.length ? bothTs[exitBoth]! : Number.MAX_VALUE;
        }
      } else if (missing === soonest) {
        exitBoth = firstAtOrAfter(bothTs, missing + this.#floats.delayMs);
        exitTs = exitBoth < bothTs.length ? bothTs[exitBoth]! : Number.MAX_VALUE;
      } else break;
    }
    sums.funding += funding;
    let s1: number;
    let closedTs: number;
    let basis: number;
    let loss = 0;
    let drift = 0;
    const end = Math.min(exitTs, endMs);
    if (liquidationTs <= end) {
      ++sums.liquidated;
      const at = this.#liquidationPrices(danger, p0, perpQty);
      this.#mark(liquidationTs, base + funding, spotQty, perpQty);
      const liquidationFee = at.bankruptcy * perpQty * perpFee;
      const i = firstAtOrAfter(p.spotTs, liquidationTs);
      closedTs = i < p.spotTs.length ? p.spotTs[i]! : endMs;
      s1 = i < p.spotTs.length ? p.spotOpen[i]! : p.lastSpotClose;
      this.#mark(closedTs, base + funding - perpQty * at.bankruptcy - liquidationFee, spotQty, 0);
      while (this.#k + 1 < t.length && t[this.#k + 1]! < closedTs) ++this.#k;
      this.#barredTs = closedTs;
      fees += liquidationFee;
      turnover += at.bankruptcy * perpQty;
      basis = spotQty * (at.spotReference - s0) - perpQty * (at.price - p0);
      loss = perpQty * (at.bankruptcy - at.price);
      drift = spotQty * (s1 - at.spotReference);
    } else {
      closedTs = end;
      this.#mark(closedTs, base + funding, spotQty, perpQty);
      s1 = closedTs < endMs ? bothSpot[exitBoth]! : p.lastSpotClose;
      const p1 = closedTs < endMs ? bothPerp[exitBoth]! : p.lastPerpClose;
      fees += p1 * (1 + slippage) * perpQty * perpFee;
      slipped += p1 * slippage * perpQty;
      turnover += p1 * (1 + slippage) * perpQty;
      basis = spotQty * (s1 - s0) - perpQty * (p1 - p0);
    }
    const sale = s1 * (1 - slippage) * spotQty;
    fees += sale * spotFee;
    slipped += s1 * slippage * spotQty;
    const net = funding + basis - fees - slipped - loss + drift;
    if (Math.abs(net) < 1e-9) this.#unsure = true;
    ++sums.trades;
    if (net > 0) ++sums.wins;
    sums.basis += basis;
    sums.fees += fees;
    sums.slippage += slipped;
    sums.liquidationLoss += loss;
    sums.liquidationDrift += drift;
    sums.net += net;
    sums.turnover += turnover + sale;
    sums.heldMs += closedTs - entryTs;
    this.#cash += net;
  }

  /** Returns the first perp bar after the entry, before the next settlement, at which that settlement is overdue. */
  #missingAfter(firstBar: number, entryTs: number, next: number): number {
    if (firstBar > entryTs || firstBar === Infinity) return firstBar;
    const {perpTs, endMs} = this.p;
    const bar = perpTs[firstAtOrAfter(perpTs, entryTs + 1)] ?? Infinity;
    return bar < next && bar < endMs ? bar : Infinity;
  }

  /** Returns the first bar since the entry whose high reaches P*, or −1. */
  #danger(entryTs: number, perpReference: number, perpFill: number, perpQty: number): number {
    const {barEnd, barOpen, barHigh, barTree} = this.p;
    const {leverage, maintenanceRate, perpTick, oneTier} = this.#floats;
    // P* is rounded up to the tick, so it lies between `least` and `most`; with several tiers `least` uses the lowest
    const price = (perpFill * (leverage + 1)) / (leverage * (1 + maintenanceRate));
    const least = price * (1 - PRICE_NOISE);
    const most = (price + perpTick) * (1 + PRICE_NOISE);
    let i = firstReaching(barTree, firstAtOrAfter(barEnd, entryTs + 1), least);
    for (; i >= 0; i = firstReaching(barTree, i + 1, least)) {
      if (barOpen[i]! < entryTs) continue;
      if (oneTier && barHigh[i]! >= most) return i;
      if (this.#marginPrices(perpReference, perpQty).liquidation.lte(barHigh[i]!)) return i;
    }
    return -1;
  }

  #marginPrices(perpReference: number, perpQty: number): MarginPrices {
    const {leverage} = this.#config;
    const {rules} = this.#floats;
    const fill = fillPrice(new Decimal(perpReference), "sell", slippageShare(this.#config));
    const maintenanceRate = maintenanceRateAt(rules, fill.times(perpQty));
    return marginPrices(fill, {leverage, maintenanceRate, tick: rules.perpTick});
  }

  /** Returns the prices at which a liquidation in a bar is booked: P*, bankruptcy and S*. */
  #liquidationPrices(
    bar: number,
    perpReference: number,
    perpQty: number
  ): {price: number; bankruptcy: number; spotReference: number} {
    const {liquidation, bankruptcy} = this.#marginPrices(perpReference, perpQty);
    const spotReference = this.#spotReference(liquidation, this.p.barOpen[bar]!);
    return {price: toNumber(liquidation), bankruptcy: toNumber(bankruptcy), spotReference};
  }

  /** Returns S*, rounded to the tick in decimals, because a cheap coin's tick is a large share of its price. */
  #spotReference(price: Decimal, barOpen: number): number {
    const {bothTs, bothSpot, bothPerp} = this.p;
    const i = lastAtOrBefore(bothTs, barOpen);
    const exact = price.times(bothSpot[i]!).div(bothPerp[i]!);
    return toNumber(roundToTick(exact, this.#floats.rules.spotTick));
  }

  #gridEnd(ts: number): number {
    const {startMs, stepMs, length} = this.p.grid;
    return Math.min(length, Math.ceil((ts - startMs) / stepMs));
  }

  /** Writes a flat account's equity at the grid points before `ts`. */
  #markFlat(ts: number): void {
    const end = this.#gridEnd(ts);
    if (end <= this.#g) return;
    this.#equity.fill(this.#cash, this.#g, end);
    this.#g = end;
    if (this.#cash > this.#peak) {
      this.#peak = this.#cash;
      this.#floor = this.#cash * this.#kept;
    } else if (this.#cash < this.#floor) {
      this.#floor = this.#cash;
      this.#kept = this.#cash / this.#peak;
    }
  }

  /** Writes the equity at the grid points before `ts`: constant cash plus the value of both legs. */
  #mark(ts: number, base: number, spotQty: number, perpQty: number): void {
    const {gridSpot, gridPerp} = this.p;
    const equity = this.#equity;
    const end = this.#gridEnd(ts);
    let peak = this.#peak;
    let floor = this.#floor;
    let g = this.#g;
    for (; g < end; ++g) {
      const value = base + spotQty * gridSpot[g]! - perpQty * gridPerp[g]!;
      equity[g] = value;
      if (value > peak) {
        peak = value;
        floor = peak * this.#kept;
      } else if (value < floor) {
        floor = value;
        this.#kept = value / peak;
      }
    }
    this.#g = g;
    this.#peak = peak;
    this.#floor = floor;
  }
}
