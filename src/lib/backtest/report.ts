import type {Trade} from "../ledger/trade.js";
import {bootstrapIntervals, type Interval} from "../stats/bootstrap.js";
import {dailyReturns, equityCurve} from "./curve.js";
import {metricsOf, pairMetrics, type Metrics} from "./metrics.js";
import {generator} from "../stats/random.js";
import {splitByCalendar, type Split} from "./splits.js";
import {text, toNumber, type Decimal} from "../money/decimal.js";
import {configEntries} from "../strategy/config.js";
import {HOUR_MS} from "../time/grid.js";
import type {TradeReport} from "../wire/trade.js";
import {qualityOf, type RunQuality} from "./quality.js";
import type {PairResult, RunResult} from "./run.js";
import {totalsOf, type Totals} from "./totals.js";

export interface RunReport {
  pair: string;
  /** `assumed` where steps of 1e-8 and no minimum stand in for an unknown instrument */
  instrument: string;
  startMs: number;
  endMs: number;
  trades: TradeReport[];
  totals: Totals;
  counts: PairResult["counts"];
  quality: RunQuality;
  refusals: readonly {ts: number; reason: string}[];
  metrics: Metrics;
}

export interface BacktestReport {
  config: Record<string, string>;
  runs: RunReport[];
  portfolio: {
    totals: Totals;
    metrics: Metrics;
    /** 90 % by the stationary bootstrap of daily returns, seeded */
    intervals: {annualReturn: Interval; sharpe: Interval};
    splits: {year: Split[]; month: Split[]};
    equity: [number, number][];
  };
}

/** The same data and config always give the same intervals. */
const BOOTSTRAP = {seed: 7, resamples: 500};

const decimals = <K extends string>(source: Record<K, Decimal>, names: readonly K[]): Record<K, string> =>
  Object.fromEntries(names.map((name) => [name, text(source[name])])) as Record<K, string>;

/** One trade with all that explains it. */
export function tradeReport(trade: Trade): TradeReport {
  const {id, pair, entryTs, exitTs, perpExitTs, entryReason, exitReason, decidedBy, budgetLimit, liquidation} = trade;
  return {
    id,
    pair,
    entryTs,
    exitTs,
    perpExitTs,
    entryReason,
    exitReason,
    decidedBy,
    ...decimals(trade, ["spotQty", "perpQty", "spotEntry", "spotExit", "perpEntry", "perpExit", "funding"]),
    payments: trade.payments.length,
    settlements: trade.payments.map(({t, rate, mark, markSource, amount}) => ({
      ts: t,
      rate: text(rate),
      mark: text(mark),
      markSource,
      amount: text(amount)
    })),
    fills: trade.fills.map((fill) => ({
      leg: fill.leg,
      side: fill.side,
      ts: fill.ts,
      ...decimals(fill, ["reference", "price", "quantity", "fee", "slippage"])
    })),
    ...decimals(trade, [
      "basis",
      "fees",
      "slippage",
      "borrow",
      "liquidationLoss",
      "liquidationDrift",
      "net",
      "capital"
    ]),
    returnOnCapital: toNumber(trade.net.div(trade.capital)),
    holdingHours: (exitTs - entryTs) / HOUR_MS,
    budgetLimit,
    liquidation: liquidation && {
      barTs: liquidation.barTs,
      source: liquidation.source,
      ...decimals(liquidation, ["high", "price", "bankruptcy", "spotReference"])
    }
  };
}

/** A whole run in plain data: what `backtest --json` prints and a page shows. */
export function backtestReport(result: RunResult): BacktestReport {
  const {capital} = result.config;
  const curve = equityCurve(result);
  const {annualReturn, sharpe} = bootstrapIntervals(dailyReturns(curve), {
    random: generator(BOOTSTRAP.seed),
    resamples: BOOTSTRAP.resamples
  });
  return {
    config: configEntries(result.config),
    runs: result.pairs.map((pair) => ({
      pair: pair.pair,
      instrument: pair.rules.source,
      startMs: pair.window.startMs,
      endMs: pair.window.endMs,
      trades: pair.trades.map(tradeReport),
      totals: totalsOf(pair.trades, capital),
      counts: pair.counts,
      quality: qualityOf(pair.trades, pair.window.data),
      refusals: pair.refusals,
      metrics: pairMetrics(result, pair)
    })),
    portfolio: {
      totals: totalsOf(result.trades, capital),
      metrics: metricsOf(result),
      intervals: {annualReturn, sharpe},
      splits: {year: splitByCalendar(curve, "year"), month: splitByCalendar(curve, "month")},
      equity: Array.from(curve.equity, (value, i) => [curve.startMs + i * curve.stepMs, value])
    }
  };
}

/** What no backtest of ours shows, in one line for the end of every result. */
export function notShown(result: RunResult): string {
  const assumed = result.pairs.some(({rules}) => rules.source === "assumed");
  return [
    `not shown: a rate that settles at t is acted on at the open of t (decisionDelayBars ${result.config.decisionDelayBars})`,
    "fills beyond the slippage assumed, order-book depth, venue failures, borrow and taxes",
    ...(assumed ? ["lot steps and minimums (instrument assumed)"] : [])
  ].join("; ");
}
