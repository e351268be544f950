import type {Instrument} from "../../src/lib/market/marketdata.js";
import {Hedge} from "../../src/lib/ledger/hedge.js";
import {rulesOf} from "../../src/lib/ledger/rules.js";
import type {TradeReport} from "../../src/lib/wire/trade.js";
import type {Payment} from "../../src/lib/ledger/trade.js";
import {Decimal, text, toNumber, ZERO} from "../../src/lib/money/decimal.js";
import type {StrategyConfig} from "../../src/lib/strategy/config.js";
import {missingFrom} from "../../src/lib/strategy/history.js";
import {RateState} from "../../src/lib/strategy/rates.js";
import {PairDesk, type Opens} from "../../src/lib/backtest/desk.js";
import type {PairInput} from "../journal/events.js";

/** One pair of a step: its new input and its state. */
export interface ActivePair {
  input: PairInput;
  traded: TradedPair;
}

/** A closed trade that may still receive a late settlement: one before its exit, known only afterwards. */
export interface Owed {
  tradeId: string;
  /** its settlements lie in (afterTs, untilTs], UTC ms */
  afterTs: number;
  untilTs: number;
  perpQty: Decimal;
  report: TradeReport;
}

/** Late settlements are accepted for this long after an exit, ms. */
export const OWED_MS = 86_400_000;

/** State of one pair in the trading loop. */
export class TradedPair {
  readonly pair: string;
  readonly desk: PairDesk;
  readonly rates: RateState;
  readonly #barMs: number;
  instrument: Instrument | undefined;
  /** config and instrument at the open hedge's entry */
  heldUnder: {strategy: Record<string, string>; instrument: Instrument | undefined} | undefined;
  /** newest prices of both legs, which mark an open hedge; quote per coin, UTC ms */
  marks: {ts: number; spot: Decimal; perp: Decimal} | undefined;
  /** recent prices of both legs, oldest first */
  opens: ({ts: number} & Opens)[] = [];
  owed: Owed[] = [];
  /** true once the settlements before its first step are loaded */
  warmed = false;
  /** end of the newest bar checked for liquidation, UTC ms */
  checkedTs = -Infinity;
  /** order rounds sent by the newest trade */
  sent = 0;
  /** number of the open hedge's entry fills */
  opening = 0;
  /** unsellable coin remainders of closed hedges, already written off in their trades */
  dust = ZERO;
  /** end of the cooldown after an unwound leg, UTC ms */
  coolUntilTs = -Infinity;
  /** net manual trades in this pair while no hedge was open, in coins */
  outside = {coins: ZERO, short: ZERO};

  constructor(
    pair: string,
    config: StrategyConfig,
    {venue, barMs, instrument}: {venue: string; barMs: number; instrument: Instrument | undefined}
  ) {
    this.pair = pair;
    this.instrument = instrument;
    this.#barMs = barMs;
    this.desk = new PairDesk(pair, rulesOf(instrument, config), config, barMs);
    this.rates = new RateState(pair, {venue, keepRuns: config.expectedHoldPeriods === "auto"});
  }

  get hedge(): Hedge | undefined {
    return this.desk.hedge;
  }

  /** The spot market's step, in coins. */
  get coinStep(): Decimal {
    const {instrument, desk} = this;
    return instrument ? new Decimal(instrument.spotStep) : desk.rules.spotStep;
  }

  /** True when the legs of the open hedge differ by more than one lot. */
  get uneven(): boolean {
    const {hedge} = this;
    return hedge !== undefined && hedge.hedged && hedge.naked.abs().gt(this.desk.rules.step);
  }

  /** Applies a new config or instrument to future entries; an open hedge keeps its own. */
  configure(config: StrategyConfig, instrument: Instrument | undefined): void {
    this.instrument = instrument;
    this.desk.rules = rulesOf(instrument, config);
    this.desk.config = config;
  }

  /** Records the prices at `ts`; skipped unless both legs have one. */
  recordPrices(ts: number, {spot, perp}: PairInput): void {
    if (!spot || !perp) return;
    const opens = {ts, spot: new Decimal(spot.last), perp: new Decimal(perp.last)};
    this.marks = opens;
    this.opens.push(opens);
    // A bar is checked after it ends, so prices must be kept for more than one bar.
    const oldest = ts - 2 * this.#barMs;
    while (this.opens.length > 1 && this.opens[1]!.ts <= oldest) this.opens.shift();
  }

  /** Returns the newest prices of both legs at or before `ts`. @throws RangeError when there are none */
  opensAt(ts: number): Opens {
    const found = this.opens.findLast((opens) => opens.ts <= ts) ?? this.opens[0];
    if (!found) throw new RangeError(`missing opens: ${this.pair} before ${ts}`);
    return found;
  }

  /** Returns true when a hedge is open and its next settlement is overdue. */
  overdue(ts: number): boolean {
    const {newest} = this.rates;
    return this.hedge !== undefined && newest !== undefined && ts >= missingFrom(newest);
  }
}

/** Returns a closed trade's report with one more payment. */
export function amended(report: TradeReport, {t, rate, mark, markSource, amount}: Payment): TradeReport {
  const net = new Decimal(report.net).plus(amount);
  return {
    ...report,
    payments: report.payments + 1,
    settlements: [...report.settlements, {ts: t, rate: text(rate), mark: text(mark), markSource, amount: text(amount)}],
    funding: text(new Decimal(report.funding).plus(amount)),
    net: text(net),
    returnOnCapital: toNumber(net.div(report.capital))
  };
}
