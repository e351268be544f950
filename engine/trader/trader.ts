import {Decimal, text} from "../../src/lib/money/decimal.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {DAY_MS, floorTo, HOUR_MS} from "../../src/lib/time/grid.js";
import {isReal} from "../execution/venue.js";
import type {
  BaselineEvent,
  ConfiguredEvent,
  EmergencyEvent,
  EquityEvent,
  InputEvent,
  ListedEvent,
  Settings,
  SnapshotEvent,
  StartedEvent,
  TradingEvent,
  WarmedEvent
} from "../journal/events.js";
import {bookForeign} from "./foreign.js";
import {close, exitHedge, unwindExcess, open} from "./hedging.js";
import {correctPayments, decideAt, liquidate, settle} from "./phases.js";
import type {ActivePair} from "./pair.js";
import {TraderState} from "./state.js";
import {restoreState, snapshotOf, type TraderSnapshot} from "./snapshot.js";

/**
 * The trading state machine. Every input and every action passes through the recorder. The same code thus runs a step,
 * recovers from a crash within one, and replays a whole journal. Reads neither clock nor network.
 */
export class Trader extends TraderState {
  /** Replays the recorder's remaining lines, which may end within a step. @throws RangeError for a misplaced line */
  async recover(): Promise<void> {
    for (let line = this.recorder.upcoming; line; line = this.recorder.upcoming) {
      const event = line.event as TradingEvent;
      switch (event.type) {
        case "snapshot":
          this.#snapshot(event);
          break;
        case "started":
          this.start(event);
          break;
        case "configured":
          this.configure(event);
          break;
        case "baseline":
          this.baseline(event);
          break;
        case "listed":
          this.list(event);
          break;
        case "warmed":
          this.warm(event);
          break;
        case "input":
          await this.step(event);
          break;
        case "paused":
        case "resumed":
        case "halted":
        case "stopped":
          this.setMode(event);
          break;
        case "emergency":
          await this.emergency(event);
          break;
        default:
          // such a line only occurs within a step or an emergency
          throw new RangeError(`invalid journal: line ${line.seq} is "${event.type}" where a step must begin`);
      }
    }
  }

  #snapshot(event: SnapshotEvent): void {
    if (this.lastTs === -Infinity && this.pairs.size === 0) {
      this.recorder.recall<SnapshotEvent>("snapshot", () => event);
      restoreState(this, event.state as TraderSnapshot);
    } else this.recorder.follow<SnapshotEvent>({type: "snapshot", ts: event.ts, state: snapshotOf(this)});
  }

  /** Records an engine start; a changed configuration file replaces the settings in force. */
  start(event: StartedEvent): void {
    const {file} = this.recorder.recall<StartedEvent>("started", () => event);
    if (this.file === undefined) {
      // capital is set once: a later change in the file moves no money
      this.account.capital = parseConfig(file.strategy).capital;
      this.dayStart = {day: -Infinity, equity: this.account.capital};
    }
    const changed = JSON.stringify(this.file) !== JSON.stringify(file);
    this.file = file;
    if (changed) this.#applySettings(file);
  }

  /** Applies new settings. */
  configure(event: ConfiguredEvent): void {
    this.#applySettings(this.recorder.recall<ConfiguredEvent>("configured", () => event));
  }

  #applySettings({strategy, minTurnover24h, intervalMs}: Settings): void {
    this.minTurnover24h = minTurnover24h;
    this.intervalMs = intervalMs;
    this.applyConfig(parseConfig({...strategy, capital: text(this.account.capital)}));
  }

  /** Records the real account's baseline, once per journal. */
  baseline(event: BaselineEvent): void {
    const known = this.recorder.recall<BaselineEvent>("baseline", () => event);
    if (isReal(this.venue)) this.venue.begin(known);
  }

  /** Adds a pair, or updates the steps and ticks of its markets. */
  list(event: ListedEvent): void {
    const {pair, instrument} = this.recorder.recall<ListedEvent>("listed", () => event);
    const known = this.pairs.get(pair);
    if (known) known.configure(this.config, instrument ?? undefined);
    else this.addPair(pair, instrument ?? undefined);
  }

  /** Loads settlements before the first step: they warm up signals without deciding. */
  warm(event: WarmedEvent): void {
    const {pair, rows} = this.recorder.recall<WarmedEvent>("warmed", () => event);
    const traded = this.pair(pair);
    const {rates} = traded;
    traded.warmed = true;
    for (const [tsMs, rate, hours] of rows) {
      if (rates.isNew({tsMs})) rates.push({tsMs, rate, reportedHours: hours ?? undefined});
    }
  }

  /** Runs one step: venue events, liquidations, settlements, decisions, exits, entries (§3). */
  async step(given: Omit<InputEvent, "type">): Promise<void> {
    if (this.recorder.startsNewDay(given.ts)) {
      this.recorder.follow<SnapshotEvent>({type: "snapshot", ts: given.ts, state: snapshotOf(this)});
    }
    const known = this.recorder.recall<InputEvent>("input", () => ({...given, type: "input"}));
    const {ts, pairs} = known;
    const inputs = [...pairs].sort((a, b) => (a.pair < b.pair ? -1 : 1));
    this.#beginDay(ts);
    this.lastTs = ts;
    const active: ActivePair[] = inputs.map((input) => ({input, traded: this.pair(input.pair)}));
    for (const {input, traded} of active) {
      traded.desk.begin();
      traded.recordPrices(ts, input);
    }
    bookForeign(this, known, active);
    for (const {input, traded} of active) await unwindExcess(this, ts, input, traded);
    for (const {input, traded} of active) await liquidate(this, ts, input, traded);
    const settled = new Set<string>();
    correctPayments(this, known.corrections ?? []);
    for (const {input, traded} of active) if (settle(this, input, traded)) settled.add(traded.pair);
    decideAt(this, ts, active, settled);
    for (const {input, traded} of active) await close(this, ts, input, traded);
    await open(this, ts, active);
    this.#sample(ts);
  }

  #beginDay(ts: number): void {
    const day = floorTo(ts, DAY_MS);
    if (day > this.dayStart.day) this.dayStart = {day, equity: this.equity};
  }

  /** Samples the equity at the first step of each hour. */
  #sample(ts: number): void {
    const hour = floorTo(ts, HOUR_MS);
    if (hour <= this.sampledHour) return;
    this.sampledHour = hour;
    const {open} = this;
    this.recorder.follow<EquityEvent>({
      type: "equity",
      ts,
      equity: text(this.equity),
      free: text(this.account.free(open)),
      open: open.length
    });
  }

  /**
   * Halts and exits every hedge that has prices immediately; the others stay open.
   * @returns pairs that are still open
   */
  async emergency(event: Omit<EmergencyEvent, "type">): Promise<string[]> {
    const {ts, source, pairs} = this.recorder.recall<EmergencyEvent>("emergency", () => ({
      ...event,
      type: "emergency"
    }));
    this.mode = "halted";
    this.why = `emergency stop (${source})`;
    const active = pairs.flatMap((input) => {
      const traded = this.pairs.get(input.pair);
      return traded && input.foreign ? [{input, traded}] : [];
    });
    bookForeign(this, {type: "input", ts, pairs}, active);
    for (const traded of this.pairs.values()) {
      const {desk} = traded;
      if (desk.entry) desk.take({type: "drop", pair: traded.pair, decision: {ts, numbers: {}}}, ts);
      if (!traded.hedge) continue;
      const quote = pairs.find(({pair}) => pair === traded.pair);
      const decision = {ts, numbers: {source}};
      if (desk.book.position === "open")
        desk.take(
          {type: "exit", pair: traded.pair, reason: "emergency", decision},
          ts - this.config.decisionDelayBars * this.barMs
        );
      if (!quote?.spot || !(quote.perp || !traded.hedge.hedged)) continue;
      traded.recordPrices(ts, quote);
      const exit = {
        reason: traded.hedge.hedged ? ("emergency" as const) : ("liquidated" as const),
        decision,
        spotReference: new Decimal(quote.spot.bid),
        perpReference: quote.perp && new Decimal(quote.perp.ask)
      };
      await exitHedge(this, ts, traded, exit, true);
    }
    return [...this.pairs.values()].flatMap(({hedge, pair}) => (hedge ? [pair] : []));
  }
}
