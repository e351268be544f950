import {Account} from "../../src/lib/ledger/account.js";
import type {Hedge} from "../../src/lib/ledger/hedge.js";
import type {EnterIntent} from "../../src/lib/backtest/desk.js";
import type {Instrument} from "../../src/lib/market/marketdata.js";
import {ZERO, type Decimal} from "../../src/lib/money/decimal.js";
import type {StrategyConfig} from "../../src/lib/strategy/config.js";
import type {ExecutionVenue} from "../execution/venue.js";
import type {ModeEvent, RuleRecord, Settings} from "../journal/events.js";
import type {Recorder} from "../journal/recorder.js";
import {TradedPair} from "./pair.js";

/** The rules that stand between a decision and its execution. */
export interface Gate {
  /** entries that must not be made now, each with its rule and its reason */
  entries(intents: readonly EnterIntent[], trader: TraderState, ts: number): RuleRecord[];
  /** hedges that must be left now */
  exits(trader: TraderState, ts: number): RuleRecord[];
}

/** A gate that lets everything pass: replays of history have no venue to distrust. */
const OPEN_GATE: Gate = {entries: () => [], exits: () => []};

interface TraderOptions {
  recorder: Recorder;
  venue: ExecutionVenue;
  config: StrategyConfig;
  /** the data's venue, which decides the allowed funding intervals */
  venueName: string;
  /** length of the bars that waiting intents are counted in, in ms */
  barMs: number;
  gate?: Gate;
}

/** Whether the loop takes entries, only leaves, or does nothing without a person. */
export type TraderMode = "running" | "paused" | "halted";

/**
 * The state of one trading account: its pairs, settings, mode and ledger, and the few transitions that every phase of a
 * step shares. {@link Trader} drives it.
 */
export class TraderState {
  readonly recorder: Recorder;
  readonly venue: ExecutionVenue;
  readonly venueName: string;
  readonly barMs: number;
  readonly pairs = new Map<string, TradedPair>();
  readonly account: Account;
  config: StrategyConfig;
  /** as the configuration file had it when the engine last started */
  file: Settings | undefined;
  minTurnover24h = "1000000";
  intervalMs = 60_000;
  mode: TraderMode = "running";
  /** why it is paused or halted */
  why = "";
  /** halted so that nothing is even left: the books do not agree */
  frozen = false;
  /** what flowed on the account outside of every hedge since the journal began: transfers, interest, others' trades; in quote */
  outside = ZERO;
  /** the instant of the newest step */
  lastTs = -Infinity;
  /** the hour of the newest equity sample */
  sampledHour = -Infinity;
  /** value of the account when the UTC day of `lastTs` began */
  dayStart: {day: number; equity: Decimal};
  readonly gate: Gate;

  constructor({recorder, venue, config, venueName, barMs, gate = OPEN_GATE}: TraderOptions) {
    this.recorder = recorder;
    this.venue = venue;
    this.config = config;
    this.venueName = venueName;
    this.barMs = barMs;
    this.account = new Account(config.capital);
    this.dayStart = {day: -Infinity, equity: config.capital};
    this.gate = gate;
  }

  /** The open hedges, by pair. */
  get open(): Hedge[] {
    return [...this.pairs.values()].flatMap(({hedge}) => hedge ?? []);
  }

  /** Value of the account with its legs at the newest prices. */
  get equity(): Decimal {
    let equity = this.account.capital.plus(this.account.closedNet);
    for (const {hedge, marks} of this.pairs.values())
      if (hedge) equity = equity.plus(marks ? hedge.marked(marks.spot, marks.perp) : ZERO);
    return equity;
  }

  addPair(pair: string, instrument: Instrument | undefined): TradedPair {
    const {venueName: venue, barMs} = this;
    const traded = new TradedPair(pair, this.config, {venue, barMs, instrument});
    this.pairs.set(pair, traded);
    return traded;
  }

  /** The loop pauses, goes on, halts or stops. */
  turn(event: ModeEvent): void {
    const {type, why, frozen} = this.recorder.recall<ModeEvent>(event.type, () => event);
    if (type === "stopped") return;
    this.mode = type === "resumed" ? "running" : type;
    this.why = type === "resumed" ? "" : why;
    this.frozen = type === "halted" && frozen === true;
  }

  /** @throws `missing pair: …` */
  pair(pair: string): TradedPair {
    const traded = this.pairs.get(pair);
    if (!traded) throw new RangeError(`missing pair: ${pair}`);
    return traded;
  }

  /** Applies a new config to every pair; an open hedge keeps the one it was opened under. */
  applyConfig(config: StrategyConfig): void {
    this.config = config;
    for (const pair of this.pairs.values()) pair.configure(config, pair.instrument);
  }
}
