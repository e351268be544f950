import {toNumber} from "../../src/lib/money/decimal.js";
import {exclusionsOf, type Exclusion} from "../../src/lib/strategy/universe.js";
import type {EnterIntent} from "../../src/lib/backtest/desk.js";
import type {PairQuote} from "../trader/quotes.js";
import type {RuleRecord} from "../journal/events.js";
import type {Gate, TraderState} from "../trader/state.js";
import type {RiskLimits} from "../config/risk.js";
import {distanceOf, driftOf, marginRatioOf, equityAt} from "./measures.js";

/** What the loop knows of its surroundings, apart from its own state. */
export interface RiskContext {
  quotes: ReadonlyMap<string, PairQuote>;
  /** venue's instant of the newest scan that succeeded; −∞ before the first */
  scannedTs: number;
  skewMs: number | undefined;
  /** failed calls to the venue in the last ten minutes */
  errors: number;
  /** why the books do not agree; undefined while they do */
  disagreement: string | undefined;
  /** share of a pair's settlements that is there, where it is known */
  coverage: (pair: string) => number | undefined;
  /** both markets of a pair can be traded */
  tradable: (pair: string) => boolean;
  /** everything is to be left, and why: the engine was told to stop and close */
  closing: string | undefined;
}

const UNIVERSE_WORDS: Record<Exclusion, string> = {
  "turnover-too-low": "its turnover of 24 h is under the least that is set",
  "turnover-unknown": "its turnover of 24 h is not known",
  "no-spot-market": "it has no active spot market",
  "coverage-too-low": "too many of its settlements are missing"
};

/** Stands between decisions and orders: names the rule and the reason whenever it refuses, and what must be left. */
export class RiskGate implements Gate {
  readonly limits: RiskLimits;
  readonly context: RiskContext;

  /** @param context read at each question: hand in an object that is kept up to date */
  constructor(limits: RiskLimits, context: RiskContext) {
    this.limits = limits;
    this.context = context;
  }

  entries(intents: readonly EnterIntent[], trader: TraderState, ts: number): RuleRecord[] {
    const general = this.general(trader, ts)[0];
    return intents.flatMap(({pair}): RuleRecord[] => {
      const own = general ?? this.ofPair(pair, trader, ts)[0];
      return own ? [{pair, ...own}] : [];
    });
  }

  /** Why nothing at all may be entered now. */
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
    // the lots of a small hedge may differ by more than the limit and could not be evener
    const drifting = [...trader.pairs.values()].find(({hedge, uneven}) => uneven && driftOf(hedge!) > limits.maxDrift);
    if (drifting) {
      found.push({
        rule: "delta-drift",
        why: `the legs of ${drifting.pair} differ by ${percent(driftOf(drifting.hedge!))}, over ${percent(limits.maxDrift)}`
      });
    }
    return found;
  }

  /** Why one pair may not be entered now. */
  ofPair(pair: string, trader: TraderState, ts: number): {rule: string; why: string}[] {
    const {limits, context} = this;
    const quote = context.quotes.get(pair);
    const found: {rule: string; why: string}[] = [];
    const exclusions = exclusionsOf(
      {
        pair,
        turnover24h: quote?.turnover24h === undefined ? undefined : Number(quote.turnover24h),
        spotActive: context.tradable(pair),
        // where no coverage is kept, the history came from the venue a moment ago
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

/** Loss since the UTC day began as a share of the capital; a gain is 0. */
export function dailyLoss(trader: TraderState, quotes: ReadonlyMap<string, PairQuote>): number {
  const change = equityAt(trader, quotes).minus(trader.dayStart.equity).div(trader.account.capital);
  return Math.max(0, -toNumber(change));
}

export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
