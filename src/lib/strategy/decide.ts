import type {Decision} from "../wire/trade.js";
import {Decimal, text, ZERO} from "../money/decimal.js";
import {roundTrip} from "../market/costs.js";
import type {StrategyConfig} from "./config.js";
import type {Signals} from "./history.js";
import type {PairView, View} from "./view.js";

/** `found-at-venue`: an order that was presumed lost has filled. */
export type EntryReason = "rate-above-threshold" | "composite-above-threshold" | "found-at-venue";
/** `unwound`: one leg did not fill, so the other was closed. */
export type ExitReason =
  | "rate-below-exit"
  | "composite-below-exit"
  | "rate-missing"
  | "liquidated"
  | "risk"
  | "emergency"
  | "unwound"
  | "backtest-end";

/** The state of one pair's hedge and waiting intent, as the strategy sees it. */
export interface PairBook {
  /** `unhedged`: the perp leg was liquidated and the coin is not yet sold */
  position: "flat" | "open" | "unhedged";
  waiting: "entry" | "exit" | undefined;
  /** true if the pair was liquidated, sold or closed at this instant: no entry then (§3) */
  barred: boolean;
}

/** Positions and waiting intents by pair; an absent pair is flat. */
export type Book = ReadonlyMap<string, PairBook>;

export type {Decision};

export type Intent =
  | {
      type: "enter";
      pair: string;
      reason: EntryReason;
      /** composite, or the level for simple; sizes a dynamic position */
      score: Decimal;
      /** ranks pairs at one instant */
      netPerPeriod: Decimal;
      decision: Decision;
    }
  | {type: "exit"; pair: string; reason: ExitReason; decision: Decision}
  | {type: "drop"; pair: string; decision: Decision};

const FLAT: PairBook = {position: "flat", waiting: undefined, barred: false};

/**
 * Decides entries and exits, in backtest, paper and live alike (§5). At a settlement a flat pair may be entered and an
 * open one exited. At a perp candle's open an open hedge is exited if its next settlement is overdue. The view contains
 * nothing later than its instant.
 * @returns intents in the view's order of pairs; `drop` withdraws a waiting entry
 */
export function decide(view: View, book: Book, config: StrategyConfig): Intent[] {
  const intents: Intent[] = [];
  for (const pair of view.pairs) {
    const intent = decidePair(pair, view.ts, book.get(pair.pair) ?? FLAT, config);
    if (intent) intents.push(intent);
  }
  return intents;
}

function decidePair(view: PairView, ts: number, book: PairBook, config: StrategyConfig): Intent | undefined {
  if (book.position === "unhedged" || book.waiting === "exit") return undefined;
  const {settled} = view;
  if (book.position === "open") {
    return (settled && decideExit(view, ts, config)) ?? decideMissing(view, ts);
  }
  if (!settled || book.barred) return undefined;
  return decideEntry(view, ts, config) ?? (book.waiting ? drop(view, ts) : undefined);
}

function drop(view: PairView, ts: number): Intent {
  return {type: "drop", pair: view.pair, decision: {ts, numbers: numbersOf(view.signals())}};
}

/** Returns `netPerPeriod = rate8h − roundTrip / holdPeriods`, a fraction of notional per 8 hours (§5). */
export function netPerPeriodDecimal(rate8h: Decimal, holdPeriods: Decimal, config: StrategyConfig): Decimal {
  return rate8h.minus(roundTrip(config).div(holdPeriods));
}

/** Returns the expected holding time at the newest settlement, in 8-hour periods (§5). */
export const holdPeriods = (view: PairView, {expectedHoldPeriods, exitRate}: StrategyConfig): Decimal =>
  expectedHoldPeriods === "auto" ? view.autoHold(exitRate)! : expectedHoldPeriods;

function decideEntry(view: PairView, ts: number, config: StrategyConfig): Intent | undefined {
  const signals = view.signals();
  if (!signals) return undefined;
  const {rate8h} = signals;
  const simple = config.strategy === "simple";
  if (simple ? rate8h.lt(config.minRate) : rate8h.lte(ZERO)) return undefined;
  const score = simple ? signals.level : signals.composite(config.weights);
  if (!score || (!simple && score.lt(config.entry))) return undefined;
  const hold = holdPeriods(view, config);
  const net = netPerPeriodDecimal(rate8h, hold, config);
  if (net.lte(ZERO)) return undefined;
  const volume = !simple && config.volumeFilter ? view.volume() : undefined;
  if (volume && !volume.passes) return undefined;
  const numbers = {
    ...numbersOf(signals),
    ...(simple ? {minRate: text(config.minRate)} : {composite: text(score), entry: text(config.entry)}),
    netPerPeriod: text(net),
    expectedHoldPeriods: text(hold),
    ...(volume && {volumeFilter: volume.why, ...(volume.ratio !== undefined && {volumeRatio: String(volume.ratio)})})
  };
  const reason = simple ? "rate-above-threshold" : "composite-above-threshold";
  return {type: "enter", pair: view.pair, reason, score, netPerPeriod: net, decision: {ts, numbers}};
}

function decideExit(view: PairView, ts: number, config: StrategyConfig): Intent | undefined {
  const signals = view.signals();
  if (!signals) return undefined;
  const {rate8h} = signals;
  const belowExitRate = rate8h.lt(config.exitRate);
  if (config.strategy === "simple") {
    return belowExitRate ? exit(view, ts, "rate-below-exit", {exitRate: text(config.exitRate)}) : undefined;
  }
  const negative = rate8h.lt(ZERO);
  if (!negative && !belowExitRate) return undefined;
  const composite = signals.composite(config.weights);
  const faded = composite !== undefined && composite.lt(config.exit);
  if (!negative && !faded) return undefined;
  return exit(view, ts, faded ? "composite-below-exit" : "rate-below-exit", {
    exitRate: text(config.exitRate),
    exit: text(config.exit),
    ...(composite && {composite: text(composite)})
  });
}

function decideMissing(view: PairView, ts: number): Intent | undefined {
  const {newest, missingFrom} = view;
  if (!newest || missingFrom === undefined || ts < missingFrom || !view.perpOpens) return undefined;
  return {
    type: "exit",
    pair: view.pair,
    reason: "rate-missing",
    decision: {ts, numbers: {newestRowTs: String(newest.t), missingFrom: String(missingFrom)}}
  };
}

function exit(view: PairView, ts: number, reason: ExitReason, numbers: Record<string, string>): Intent {
  return {type: "exit", pair: view.pair, reason, decision: {ts, numbers: {...numbersOf(view.signals()), ...numbers}}};
}

function numbersOf(signals: Signals | undefined): Record<string, string> {
  if (!signals) return {};
  const difference = signals.trendDifference;
  return {
    rate8h: text(signals.rate8h),
    level: text(signals.level),
    trend: signals.trend,
    ...(difference && {trendDifference: text(difference)}),
    persistence: String(signals.streak),
    ...(signals.basis && {basis: text(signals.basis.value)})
  };
}

/** Compares pairs by `netPerPeriod`, highest first; ties by symbol (§5). */
export function byRank(a: {netPerPeriod: Decimal; pair: string}, b: {netPerPeriod: Decimal; pair: string}): number {
  return b.netPerPeriod.comparedTo(a.netPerPeriod) || (a.pair < b.pair ? -1 : a.pair > b.pair ? 1 : 0);
}

/** Returns the fraction of `maxPositionUsd` for a dynamic size: `0.3 + 0.7 × score` (§5). */
export const dynamicShare = (score: Decimal): Decimal => new Decimal("0.3").plus(new Decimal("0.7").times(score));
