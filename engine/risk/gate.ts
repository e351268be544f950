import {toNumber} from "../../src/lib/money/decimal.js";
import {exclusionsOf, type Exclusion} from "../../src/lib/strategy/universe.js";
import type {EnterIntent} from "../../src/lib/backtest/desk.js";
import type {PairQuote} from "../trader/quotes.js";
import type {RuleRecord} from "../journal/events.js";
import type {Gate, TraderState} from "../trader/state.js";
import type {RiskLimits} from "../config/risk.js";
import {distanceOf, driftOf, marginRatioOf, equityAt} from "./measures.js";

/** Market and system state that the risk rules read. */
export interface RiskContext {
  quotes: ReadonlyMap<string, PairQuote>;
  /** venue time of the newest successful scan, UTC ms; −∞ before the first */
  scannedTs: number;
  /** venue clock minus this machine's, ms; undefined before it is measured */
  skewMs: number | undefined;
  /** failed calls to the venue in the last ten minutes */
  errors: number;
  /** mismatch between ledger and venue; undefined when they agree */
  disagreement: string | undefined;
  /** stored share of a pair's settlements; undefined when unknown */
  coverage: (pair: string) => number | undefined;
  /** true when both markets of a pair are active */
  tradable: (pair: string) => boolean;
  /** reason to exit all hedges (stop with close); undefined otherwise */
  closing: string | undefined;
}

const UNIVERSE_WORDS: Record<Exclusion, string> = {
  "turnover-too-low": "its turnover of 24 h is under the least that is set",
  "turnover-unknown": "its turnover of 24 h is not known",
  "no-spot-market": "it has no active spot market",
  "coverage-too-low": "too many of its settlements are missing"
};

/** Blocks entries and requests exits by risk rules, each with its rule and reason. */
export class RiskGate implements Gate {
  readonly limits: RiskLimits;
  readonly context: RiskContext;

  /** @param context a live object, read at every call */
  constructor(limits: RiskLimits, context: RiskContext) {
    this.limits = limits;
    this.context = context;
  }

  entries(intents: readonly Pick<EnterIntent, "pair">[], trader: TraderState, ts: number): RuleRecord[] {
    const general = this.general(trader, ts)[0];
    return intents.flatMap(({pair}): RuleRecord[] => {
      const own = general ?? this.ofPair(pair, trader, ts)[0];
      return own ? [{pair, ...own}] : [];
    });
  }

  /** Returns the rules that block every entry at `ts`. */
  general(trader: TraderState, ts: number): {rule: string; why: string}[] {
    const {limits, context} = this;
    const found: {rule: string; why: string}[] = [];
    if (context.closing !== undefined) found.push({rule: "stop", why: context.closing});
    if (context.disagreement !== undefined) found.push({rule: "reconciliation", why: context.disagreement});
    const age = ts - context.scannedTs;
    if (age > limits.staleMs) {
      found.push({
        rule: "stale-data",
        why: `the newest prices are ${seconds(age)} old, over ${seconds(limits.staleMs)}`
      });
    }
    const skew = Math.abs(context.skewMs ?? 0);
    if (skew > limits.maxSkewMs) {
      found.push({
        rule: "clock-skew",
        why: `this clock is ${seconds(skew)} off the venue's, over ${seconds(limits.maxSkewMs)}`
      });
    }
    if (context.errors >= limits.maxErrors) {
      found.push({
        rule: "venue-errors",
        why: `${context.errors} calls to the venue failed in ten minutes, the limit is ${limits.maxErrors}`
      });
    }
    const loss = dailyLoss(trader, context.quotes);
    if (loss > limits.maxDailyLoss) {
      found.push({
        rule: "daily-loss",
        why: `${percent(loss)} of the capital lost since 00:00 UTC, over ${percent(limits.maxDailyLoss)}`
      });
    }
    // a small hedge may exceed the limit within one lot, which no order can correct
    const drifting = [...trader.pairs.values()].find(({hedge, uneven}) => uneven && driftOf(hedge!) > limits.maxDrift);
    if (drifting) {
      found.push({
        rule: "delta-drift",
        why: `the legs of ${drifting.pair} differ by ${percent(driftOf(drifting.hedge!))}, over ${percent(limits.maxDrift)}`
      });
    }
    return found;
  }

  /** Returns the rules that block entries in one pair at `ts`. */
  ofPair(pair: string, trader: TraderState, ts: number): {rule: string; why: string}[] {
    const {limits, context} = this;
    const quote = context.quotes.get(pair);
    const found: {rule: string; why: string}[] = [];
    const exclusions = exclusionsOf(
      {
        pair,
        turnover24h: quote?.turnover24h === undefined ? undefined : Number(quote.turnover24h),
        spotActive: context.tradable(pair),
        // without stored coverage, the history was just fetched from the venue
        coverage: context.coverage(pair) ?? 1
      },
      {minTurnover24h: Number(trader.minTurnover24h), minCoverage: limits.minCoverage}
    );
    for (const exclusion of exclusions) found.push({rule: "universe", why: UNIVERSE_WORDS[exclusion]});
    const traded = trader.pairs.get(pair);
    if (traded && ts < traded.coolUntilTs) {
      const left = seconds(traded.coolUntilTs - ts);
      found.push({rule: "cooldown", why: `a leg had to be taken back; the next entry is in ${left}`});
    }
    const newest = traded?.rates.newest;
    if (newest && ts - newest.t > limits.lateSettlementMs) {
      found.push({
        rule: "late-settlement",
        why: `its settlement is ${seconds(ts - newest.t)} old, over ${seconds(limits.lateSettlementMs)}`
      });
    }
    return found;
  }

  exits(trader: TraderState): RuleRecord[] {
    const {limits, context} = this;
    return [...trader.pairs.values()].flatMap(({pair, hedge}): RuleRecord[] => {
      if (!hedge?.hedged) return [];
      if (context.closing !== undefined) return [{pair, rule: "stop", why: context.closing}];
      const quote = context.quotes.get(pair);
      if (!quote?.perp) return [];
      const ratio = marginRatioOf(hedge, quote.perp.last);
      if (ratio >= limits.marginCritical) {
        return [
          {
            pair,
            rule: "margin-ratio",
            why: `${percent(ratio)} of the way to liquidation, limit ${percent(limits.marginCritical)}`
          }
        ];
      }
      const distance = distanceOf(hedge, quote.perp.last);
      if (distance <= limits.distanceCritical) {
        return [
          {
            pair,
            rule: "liquidation-distance",
            why: `${percent(distance)} from liquidation, limit ${percent(limits.distanceCritical)}`
          }
        ];
      }
      return [];
    });
  }
}

/** Returns the loss since 00:00 UTC, a share of the capital; 0 for a gain. */
export function dailyLoss(trader: TraderState, quotes: ReadonlyMap<string, PairQuote>): number {
  const change = equityAt(trader, quotes).minus(trader.dayStart.equity).div(trader.account.capital);
  return Math.max(0, -toNumber(change));
}

/** Formats a share in percent: two decimals below 10 %, else one. */
export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
/** Formats a duration in ms as seconds: one decimal below 10 s, else none. */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
