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

/** Risk rules between a decision and its execution. */
export interface Gate {
  /** Returns the entries to block now, each with its rule and reason. */
  entries(intents: readonly EnterIntent[], trader: TraderState, ts: number): RuleRecord[];
  /** Returns the hedges to exit now, each with its rule and reason. */
  exits(trader: TraderState, ts: number): RuleRecord[];
}

/** A gate without rules, for replays of history. */
const OPEN_GATE: Gate = {entries: () => [], exits: () => []};

interface TraderOptions {
  recorder: Recorder;
  venue: ExecutionVenue;
  config: StrategyConfig;
  /** the data's venue, which decides the allowed funding intervals */
  venueName: string;
  /** bar length for decision delays, ms */
  barMs: number;
  gate?: Gate;
}

/** Trading mode: `running` enters and exits, `paused` only exits, `halted` waits for an operator. */
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
  /** settings of the configuration file at the last start */
  file: Settings | undefined;
  minTurnover24h = "1000000";
  intervalMs = 60_000;
  mode: TraderMode = "running";
  /** reason of the pause or halt */
  why = "";
  /** halted without exits, because ledger and venue disagree */
  frozen = false;
  /** cash flow outside of every hedge since the journal began (transfers, interest, manual trades), in quote */
  outside = ZERO;
  /** time of the newest step, UTC ms */
  lastTs = -Infinity;
  /** hour of the newest equity sample, UTC ms */
  sampledHour = -Infinity;
  /** equity at the start of the UTC day of `lastTs`, in quote */
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

  /** The open hedges. */
  get open(): Hedge[] {
    return [...this.pairs.values()].flatMap(({hedge}) => hedge ?? []);
  }

  /** Account value with legs at the newest prices, in quote. */
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

  /** Journals and applies a mode change. */
  setMode(event: ModeEvent): void {
    const {type, why, frozen} = this.recorder.recall<ModeEvent>(event.type, () => event);
    if (type === "stopped") return;
    this.mode = type === "resumed" ? "running" : type;
    this.why = type === "resumed" ? "" : why;
    this.frozen = type === "halted" && frozen === true;
  }

  /** @throws RangeError `missing pair: …` */
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
