import {Hedge} from "../ledger/hedge.js";
import type {Rules} from "../ledger/rules.js";
import type {Trade} from "../ledger/trade.js";
import type {StrategyConfig} from "../strategy/config.js";
import {byRank, decide} from "../strategy/decide.js";
import {viewAt} from "../strategy/view.js";
import {Account} from "../ledger/account.js";
import type {MarketData} from "../market/marketdata.js";
import type {RefusedFill} from "./desk.js";
import {sizeEntry} from "./entry.js";
import {PairRun} from "./pairrun.js";
import {stepOf, type Step} from "./steps.js";
import {instantsOf, windowOf, type PairWindow, type Range} from "./window.js";

/** The result of one pair in a run. */
export interface PairResult {
  pair: string;
  window: PairWindow;
  rules: Rules;
  /** in order of exit */
  trades: readonly Trade[];
  /** lapsed entries, settlements without a rate per 8 h, refused fills */
  counts: {noPrice: number; ambiguous: number; cannotOpen: number};
  refusals: readonly RefusedFill[];
}

export interface RunResult {
  config: StrategyConfig;
  range: Range;
  /** first instant of the earliest pair, UTC ms */
  startMs: number;
  /** end of the latest pair, UTC ms */
  endMs: number;
  /** sorted by symbol */
  pairs: readonly PairResult[];
  /** trades of all pairs, sorted by exit, then symbol */
  trades: readonly Trade[];
  /** the account after every instant, if `keepSteps` was set */
  steps: readonly Step[] | undefined;
}

export interface RunOptions extends Range {
  /** keeps the account's state after every instant, for a replay */
  keepSteps?: boolean;
}

/**
 * Runs a strategy over the history of one or more pairs that share one capital, in exact decimals (§§2–5). Within an
 * instant the order is liquidate, settle, decide, close, open. The result does not depend on the order of `data`.
 * @throws DataError if a pair has no data in the range
 * @throws RangeError `missing pairs: …` without data, `invalid pairs: …` for a duplicate
 */
export function runBacktest(
  data: readonly MarketData[],
  config: StrategyConfig,
  {fromMs, toMs, keepSteps = false}: RunOptions = {}
): RunResult {
  const windows = data.map((pair) => windowOf(pair, {fromMs, toMs}, config.warmup));
  return {...runWindows(windows, config, {keepSteps}), range: {fromMs, toMs}};
}

/** Runs {@link runBacktest} on prepared windows, which several runs may share. */
export function runWindows(
  windows: readonly PairWindow[],
  config: StrategyConfig,
  {keepSteps = false}: {keepSteps?: boolean} = {}
): RunResult {
  if (windows.length === 0) throw new RangeError("missing pairs: none given");
  const runs = windows.map((window) => new PairRun(window, config)).sort((a, b) => (a.pair < b.pair ? -1 : 1));
  const duplicate = runs.find((run, i) => run.pair === runs[i - 1]?.pair);
  if (duplicate) throw new RangeError(`invalid pairs: ${duplicate.pair} twice`);
  const account = new Account(config.capital);
  const startMs = Math.min(...windows.map((window) => window.startMs));
  const endMs = Math.max(...windows.map((window) => window.endMs));
  const single = runs.length === 1 ? runs[0] : undefined;
  const instants =
    single?.window.instants ??
    instantsOf(
      runs.map((run) => run.window.instants),
      startMs,
      endMs
    );
  const steps: Step[] | undefined = keepSteps ? [] : undefined;
  const trades: Trade[] = [];
  for (const t of instants) {
    const active = arriveAt(t, runs);
    if (active.length > 0) {
      for (const run of active) run.settle(t);
      decideAt(t, active, config);
      for (const run of active) run.close(t);
      for (const run of active) book(run, account, trades);
      openAt(t, active, runs, account, config);
    }
    steps?.push(stepOf(t, runs, account));
  }
  return {config, range: {}, startMs, endMs, pairs: runs.map(resultOf), trades, steps};
}

const NONE: readonly PairRun[] = [];

/** Applies liquidations at `t` and returns the pairs with possible further events. */
function arriveAt(t: number, runs: readonly PairRun[]): readonly PairRun[] {
  let active: PairRun[] | undefined;
  for (const run of runs) {
    if (!run.arrive(t)) continue;
    run.liquidate(t);
    if (run.busy(t)) (active ??= []).push(run);
  }
  return active ?? NONE;
}

/** Books a pair's newly closed trades into the account. */
function book(run: PairRun, account: Account, trades: Trade[]): void {
  for (const trade of run.desk.takeClosed()) {
    account.closedNet = account.closedNet.plus(trade.net);
    trades.push(trade);
  }
}

function decideAt(t: number, active: readonly PairRun[], config: StrategyConfig): void {
  for (const run of active) run.desk.lapse(t);
  const deciding = active.filter((run) => run.mayDecide(t));
  if (deciding.length === 0) return;
  const view = viewAt(
    deciding.map((run) => run.window.history),
    t
  );
  const byPair = new Map(deciding.map((run) => [run.pair, run]));
  const book = new Map(deciding.map((run) => [run.pair, run.book]));
  for (const intent of decide(view, book, config)) byPair.get(intent.pair)!.take(intent, t);
}

function openAt(
  t: number,
  active: readonly PairRun[],
  runs: readonly PairRun[],
  account: Account,
  config: StrategyConfig
): void {
  const claims = active.flatMap((run) => {
    const claim = run.claimEntry(t);
    return claim ? [{run, claim, pair: run.pair, netPerPeriod: claim.intent.netPerPeriod}] : [];
  });
  for (const {run, claim} of claims.sort(byRank)) {
    const {desk, rules} = run;
    const open = runs.flatMap(({hedge}) => (hedge ? [hedge] : []));
    const order = sizeEntry(t, claim, {open, account, rules}, config);
    if (typeof order === "string") desk.refuse(t, order);
    else desk.hold(new Hedge(order, config, rules));
  }
}

function resultOf(run: PairRun): PairResult {
  const {pair, window, rules, trades, desk} = run;
  const {refusals, noPrice, ambiguous, cannotOpen} = desk;
  return {pair, window, rules, trades, refusals, counts: {noPrice, ambiguous, cannotOpen}};
}
