import type {RiskReport, RiskRule} from "../../src/lib/wire/trading.js";
import {text} from "../../src/lib/money/decimal.js";
import type {TraderState} from "../trader/state.js";
import {dailyLoss, percent, seconds, type RiskGate} from "./gate.js";
import {distanceOf, driftOf, levelOf, marginLevelOf, marginRatioOf} from "./measures.js";

/** Returns every rule with its current value: account rules first, then those of each open hedge. */
export function riskRules(trader: TraderState, gate: RiskGate, ts: number): RiskRule[] {
  const {limits, context} = gate;
  const {account, config, open} = trader;
  const age = ts - context.scannedTs;
  const skew = Math.abs(context.skewMs ?? 0);
  const loss = dailyLoss(trader, context.quotes);
  const notional = account.openNotional(open);
  const rules: RiskRule[] = [
    {
      name: "reconciliation",
      says: "the ledger and the venue's own books agree",
      level: context.disagreement === undefined ? "ok" : "critical",
      value: context.disagreement === undefined ? "agree" : "disagree",
      limit: "agree",
      does: "halts: nothing is opened or left until a person has looked",
      pair: null,
      reason: context.disagreement ?? "every leg and the cash are what the ledger says"
    },
    {
      name: "portfolio-cap",
      says: "spot notional of all hedges",
      level: notional.gt(config.portfolioCapUsd) ? "alert" : "ok",
      value: text(notional.toDecimalPlaces(2)),
      limit: text(config.portfolioCapUsd),
      does: "no entry goes beyond it",
      pair: null,
      reason: `${open.length} hedges are open`
    },
    {
      name: "pair-cap",
      says: "spot notional of one hedge",
      level: "ok",
      value: text(
        open.reduce((most, {notional: own}) => (own.gt(most) ? own : most), account.capital.times(0)).toDecimalPlaces(2)
      ),
      limit: text(config.pairCapUsd),
      does: "no entry goes beyond it",
      pair: null,
      reason: "the largest open hedge, at its entry"
    },
    {
      name: "hedge-count",
      says: "hedges open at once",
      level: open.length > config.maxHedges ? "alert" : "ok",
      value: String(open.length),
      limit: String(config.maxHedges),
      does: "no entry beyond it",
      pair: null,
      reason: open.map(({order}) => order.pair).join(", ") || "none is open"
    },
    {
      name: "daily-loss",
      says: "loss since 00:00 UTC, a share of the capital",
      level: loss > limits.maxDailyLoss ? "critical" : levelOf(loss, limits.maxDailyLoss / 2),
      value: percent(loss),
      limit: percent(limits.maxDailyLoss),
      does: "no entry until the UTC day ends",
      pair: null,
      reason: loss > 0 ? "marked at the newest prices" : "no loss today"
    },
    {
      name: "stale-data",
      says: "age of the newest prices",
      level: Number.isFinite(age) ? levelOf(age, limits.staleMs) : "alert",
      value: Number.isFinite(age) ? seconds(Math.max(0, age)) : null,
      limit: seconds(limits.staleMs),
      does: "no entry",
      pair: null,
      reason: Number.isFinite(age) ? "since the last scan that succeeded" : "no prices yet"
    },
    {
      name: "clock-skew",
      says: "this machine's clock against the venue's",
      level: levelOf(skew, limits.maxSkewMs),
      value: context.skewMs === undefined ? null : `${Math.round(context.skewMs)} ms`,
      limit: seconds(limits.maxSkewMs),
      does: "no entry",
      pair: null,
      reason: context.skewMs === undefined ? "not measured yet" : "half the round trip taken off"
    },
    {
      name: "venue-errors",
      says: "failed calls to the venue in ten minutes",
      level: levelOf(context.errors, limits.maxErrors),
      value: String(context.errors),
      limit: String(limits.maxErrors),
      does: "no entry",
      pair: null,
      reason: context.errors === 0 ? "none failed" : "see the log for each"
    }
  ];
  for (const traded of trader.pairs.values()) {
    const {pair, hedge} = traded;
    if (!hedge) continue;
    const quote = context.quotes.get(pair)?.perp;
    const ratio = quote && hedge.hedged ? marginRatioOf(hedge, quote.last) : undefined;
    const distance = quote && hedge.hedged ? distanceOf(hedge, quote.last) : undefined;
    const drift = driftOf(hedge);
    rules.push(
      {
        name: "margin-ratio",
        says: "share of the way from the short's price to its liquidation",
        level: marginLevelOf(hedge, quote?.last, limits),
        value: ratio === undefined ? null : percent(ratio),
        limit: `${percent(limits.marginAlert)}, ${percent(limits.marginCritical)}`,
        does: "alarm at the first limit, leaves the hedge at the second",
        pair,
        reason:
          ratio === undefined
            ? hedge.hedged
              ? "no price of the perp"
              : "the perp leg was liquidated"
            : `liquidated at ${text(hedge.prices.liquidation)}`
      },
      {
        name: "liquidation-distance",
        says: "rise of the perp that liquidates it",
        level:
          distance === undefined
            ? "ok"
            : distance <= limits.distanceCritical
              ? "critical"
              : distance <= limits.distanceAlert
                ? "alert"
                : "ok",
        value: distance === undefined ? null : percent(distance),
        limit: `${percent(limits.distanceAlert)}, ${percent(limits.distanceCritical)}`,
        does: "alarm under the first limit, leaves the hedge under the second",
        pair,
        reason:
          distance === undefined
            ? "no price of the perp, or no perp leg"
            : `from ${quote!.last} to ${text(hedge.prices.liquidation)}`
      },
      {
        name: "delta-drift",
        says: "difference of the two legs beyond one lot, a share of the larger",
        level: hedge.hedged && !traded.uneven ? "ok" : levelOf(drift, limits.maxDrift, hedge.hedged ? Infinity : 0),
        value: percent(drift),
        limit: percent(limits.maxDrift),
        does: "no further entry anywhere",
        pair,
        reason: hedge.hedged
          ? `spot ${text(hedge.spotQty)}, perp ${text(hedge.perpQty)}`
          : "the coin of a liquidated hedge waits to be sold"
      }
    );
  }
  return rules;
}

/** Tracks which rules fire, so that each is reported once. */
export class RiskWatch {
  readonly fired: RiskReport["fired"] = [];
  #firing = new Set<string>();

  /** Returns the rules that started to fire or changed level since the last call; `ts` in UTC ms. */
  update(rules: readonly RiskRule[], ts: number): RiskReport["fired"] {
    const now = new Map(
      rules.filter(({level}) => level !== "ok").map((rule) => [`${rule.name}|${rule.pair}|${rule.level}`, rule])
    );
    const started = [...now]
      .filter(([key]) => !this.#firing.has(key))
      .map(([, rule]) => ({
        ts,
        name: rule.name,
        level: rule.level as "alert" | "critical",
        pair: rule.pair,
        reason: `${rule.says}: ${rule.value ?? "–"}, limit ${rule.limit} (${rule.reason})`
      }));
    this.#firing = new Set(now.keys());
    this.fired.unshift(...started);
    this.fired.length = Math.min(this.fired.length, 100);
    return started;
  }
}
