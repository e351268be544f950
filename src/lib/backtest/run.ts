import {Hedge} from "../ledger/hedge.js";
import type {Rules} from "../ledger/rules.js";
import {budgetOf, quantitiesOf, refusalOf, type Refusal} from "../ledger/sizing.js";
import type {Trade} from "../ledger/trade.js";
import {pairSlug} from "../market/pair.js";
import {ONE} from "../money/decimal.js";
import type {StrategyConfig} from "../strategy/config.js";
import {byRank, decide, dynamicShare} from "../strategy/decide.js";
import {viewAt} from "../strategy/view.js";
import {Account} from "./account.js";
import type {MarketData} from "./marketdata.js";
import {PairRun, type EnterIntent, type RefusedFill} from "./pairrun.js";
import {stepOf, type Step} from "./steps.js";
import {instantsOf, windowOf, type PairWindow, type Range} from "./window.js";

/** What became of one pair in a run. */
export interface PairResult {
  pair: string;
  window: PairWindow;
  rules: Rules;
  /** in order of exit */
  trades: readonly Trade[];
  /** lapsed entries, rows without a rate per 8 h, refused fills */
  counts: {noPrice: number; ambiguous: number; cannotOpen: number};
  refusals: readonly RefusedFill[];
}

export interface RunResult {
  config: StrategyConfig;
  range: Range;
  /** the first instant of the earliest pair and the end of the latest */
  startMs: number;
  endMs: number;
  /** by symbol */
  pairs: readonly PairResult[];
  /** of all pairs, by exit, then symbol */
  trades: readonly Trade[];
  /** the account after every instant, where asked for */
  steps: readonly Step[] | undefined;
}

export interface RunOptions extends Range {
  /** keeps the account's state after every instant, for a replay */
  keepSteps?: boolean;
}

/**
 * Runs a strategy over the history of one pair or of many on one shared capital, in exact decimals (SEMANTICS §§2–5).
 * Events of one instant happen in one order: liquidate, settle, decide, close, open. Pure: the same data and config
 * always give the same result, whatever order the pairs come in.
 * @throws MissingDataError where a pair has nothing in the range
 */
export function runBacktest(
  data: readonly MarketData[],
  config: StrategyConfig,
  {fromMs, toMs, keepSteps = false}: RunOptions = {}
): RunResult {
  const windows = data.map((pair) => windowOf(pair, {fromMs, toMs}, config.warmup));
  return {...runWindows(windows, config, {keepSteps}), range: {fromMs, toMs}};
}

/** {@link runBacktest} on windows that were cut before, so that many runs may share them. */
export function runWindows(
  windows: readonly PairWindow[],
  config: StrategyConfig,
  {keepSteps = false}: {keepSteps?: boolean} = {}
): RunResult {
  if (windows.length === 0) throw new RangeError("missing pairs: none given");
  const runs = windows.map((window) => new PairRun(window, config)).sort((a, b) => (a.pair < b.pair ? -1 : 1));
  const twice = runs.find((run, i) => run.pair === runs[i - 1]?.pair);
  if (twice) throw new RangeError(`invalid pairs: ${twice.pair} twice`);
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

/** Liquidates what must be at `t` and gives the pairs at which anything more may happen then. */
function arriveAt(t: number, runs: readonly PairRun[]): readonly PairRun[] {
  let active: PairRun[] | undefined;
  for (const run of runs) {
    if (!run.arrive(t)) continue;
    run.liquidate(t);
    if (run.busy(t)) (active ??= []).push(run);
  }
  return active ?? NONE;
}

/** Takes the trades that a pair has closed since it was last booked into the account. */
function book(run: PairRun, account: Account, trades: Trade[]): void {
  for (const trade of run.takeClosed()) {
    account.closedNet = account.closedNet.plus(trade.net);
    trades.push(trade);
  }
}

function decideAt(t: number, active: readonly PairRun[], config: StrategyConfig): void {
  for (const run of active) run.lapse(t);
  const asked = active.filter((run) => run.mayDecide(t));
  if (asked.length === 0) return;
  const view = viewAt(
    asked.map((run) => run.window.history),
    t
  );
  const byPair = new Map(asked.map((run) => [run.pair, run]));
  const book = new Map(asked.map((run) => [run.pair, run.book]));
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
    return claim ? [{run, pair: run.pair, netPerPeriod: claim.intent.netPerPeriod, ...claim}] : [];
  });
  for (const {run, intent, ...references} of claims.sort(byRank)) {
    const open = runs.flatMap(({hedge}) => (hedge ? [hedge] : []));
    const opened = openHedge(t, run, intent, references, open, account, config);
    if (opened instanceof Hedge) run.hold(opened);
    else run.refusals.push({ts: t, reason: opened});
  }
}

function openHedge(
  ts: number,
  run: PairRun,
  intent: EnterIntent,
  {spotReference, perpReference}: Pick<Hedge["order"], "spotReference" | "perpReference">,
  open: readonly Hedge[],
  account: Account,
  config: StrategyConfig
): Hedge | Refusal {
  if (open.length >= config.maxHedges) return "too-many-hedges";
  const budget = budgetOf(config, {
    free: account.free(open),
    openNotional: account.openNotional(open),
    share: config.sizing === "dynamic" ? dynamicShare(intent.score) : ONE
  });
  const quantities = quantitiesOf(budget.amount, spotReference, run.rules, config);
  const refusal = refusalOf(quantities, {spotReference, perpReference}, run.rules);
  if (refusal) return refusal;
  const id = `${pairSlug(run.pair)}-${ts}`;
  const {pair, reason, decision} = intent;
  const order = {id, pair, ts, reason, decision, quantities, spotReference, perpReference, budgetLimit: budget.limit};
  return new Hedge(order, config, run.rules);
}

function resultOf(run: PairRun): PairResult {
  const {pair, window, rules, trades, refusals, noPrice, ambiguous} = run;
  return {pair, window, rules, trades, refusals, counts: {noPrice, ambiguous, cannotOpen: refusals.length}};
}
