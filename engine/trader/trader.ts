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
import {takeForeign} from "./foreign.js";
import {close, leave, mend, open} from "./hedging.js";
import {correct, decideAt, liquidate, settle} from "./phases.js";
import type {ActivePair} from "./pair.js";
import {TraderState} from "./state.js";
import {restoreState, snapshotOf, type TraderSnapshot} from "./snapshot.js";

/**
 * The trading state machine. Everything that reaches it, and everything it does, goes through the recorder, so that the
 * same code runs a cycle, recovers from a crash in the middle of one, and replays a whole journal. It reads no clock and
 * no network.
 */
export class Trader extends TraderState {
  /** Replays what the recorder still has, to the middle of a step if that is where it ends. */
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
          this.turn(event);
          break;
        case "emergency":
          await this.emergency(event);
          break;
        default:
          // only a step or an emergency writes such a line
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

  /** The engine starts; what was changed in the configuration file replaces what is in force. */
  start(event: StartedEvent): void {
    const {file} = this.recorder.recall<StartedEvent>("started", () => event);
    if (this.file === undefined) {
      // the account is opened once; what the file says later of its capital does not move money
      this.account.capital = parseConfig(file.strategy).capital;
      this.dayStart = {day: -Infinity, equity: this.account.capital};
    }
    const changed = JSON.stringify(this.file) !== JSON.stringify(file);
    this.file = file;
    if (changed) this.#applySettings(file);
  }

  /** Settings in force from now on. */
  configure(event: ConfiguredEvent): void {
    this.#applySettings(this.recorder.recall<ConfiguredEvent>("configured", () => event));
  }

  #applySettings({strategy, minTurnover24h, intervalMs}: Settings): void {
    this.minTurnover24h = minTurnover24h;
    this.intervalMs = intervalMs;
    this.applyConfig(parseConfig({...strategy, capital: text(this.account.capital)}));
  }

  /** A real account is looked at once, when its journal begins. */
  baseline(event: BaselineEvent): void {
    const known = this.recorder.recall<BaselineEvent>("baseline", () => event);
    if (isReal(this.venue)) this.venue.begin(known);
  }

  /** A pair joins, or its markets' steps and ticks have changed. */
  list(event: ListedEvent): void {
    const {pair, instrument} = this.recorder.recall<ListedEvent>("listed", () => event);
    const known = this.pairs.get(pair);
    if (known) known.configure(this.config, instrument ?? undefined);
    else this.addPair(pair, instrument ?? undefined);
  }

  /** Settlements from before the first step: they warm signals up and decide nothing. */
  warm(event: WarmedEvent): void {
    const {pair, rows} = this.recorder.recall<WarmedEvent>("warmed", () => event);
    const traded = this.pair(pair);
    const {rates} = traded;
    traded.warmed = true;
    for (const [tsMs, rate, hours] of rows) {
      if (rates.isNew({tsMs})) rates.push({tsMs, rate, reportedHours: hours ?? undefined});
    }
  }

  /** One instant: what the venue did, liquidate, settle, decide, close, open (§3). */
  async step(given: Omit<InputEvent, "type">): Promise<void> {
    if (this.recorder.turns(given.ts)) {
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
      traded.observe(ts, input);
    }
    takeForeign(this, known, active);
    for (const {input, traded} of active) await mend(this, ts, input, traded);
    for (const {input, traded} of active) await liquidate(this, ts, input, traded);
    const settled = new Set<string>();
    correct(this, known.corrections ?? []);
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

  /** Samples the account once an hour, at the first step of it. */
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
   * Leaves everything that has prices at once and halts. What has none stays and is told.
   * @returns pairs that could not be left
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
    takeForeign(this, {type: "input", ts, pairs}, active);
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
      traded.observe(ts, quote);
      const exit = {
        reason: traded.hedge.hedged ? ("emergency" as const) : ("liquidated" as const),
        decision,
        spotReference: new Decimal(quote.spot.bid),
        perpReference: quote.perp && new Decimal(quote.perp.ask)
      };
      await leave(this, ts, traded, exit, true);
    }
    return [...this.pairs.values()].flatMap(({hedge, pair}) => (hedge ? [pair] : []));
  }
}
