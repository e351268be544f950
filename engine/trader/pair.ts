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

/** One pair of a step: what has become known of it, and its state. */
export interface ActivePair {
  input: PairInput;
  traded: TradedPair;
}

/** A closed trade that a settlement may still belong to: one from before its exit that became known after it. */
export interface Owed {
  tradeId: string;
  /** settlements after the first and up to the second instant belong to it */
  afterTs: number;
  untilTs: number;
  perpQty: Decimal;
  report: TradeReport;
}

/** Settlements are asked for no longer than this after a hedge was left. */
export const OWED_MS = 86_400_000;

/** All that the trading loop keeps of one pair. */
export class TradedPair {
  readonly pair: string;
  readonly desk: PairDesk;
  readonly rates: RateState;
  readonly #barMs: number;
  instrument: Instrument | undefined;
  /** the config and the instrument that the open hedge was opened under */
  heldUnder: {strategy: Record<string, string>; instrument: Instrument | undefined} | undefined;
  /** newest prices of both legs, what an open hedge is marked at */
  marks: {ts: number; spot: Decimal; perp: Decimal} | undefined;
  /** both legs' prices at the newest instants, oldest first */
  opens: ({ts: number} & Opens)[] = [];
  owed: Owed[] = [];
  /** whether the settlements from before its first step have been taken in */
  warmed = false;
  /** the end of the newest bar that the liquidation check has seen */
  checkedTs = -Infinity;
  /** rounds of orders that the newest trade has sent */
  sent = 0;
  /** how many of the open hedge's fills opened it */
  opening = 0;
  /** coins of closed hedges that are too few to be sold; their trades have written them off */
  dust = ZERO;
  /** no entry before this instant: a leg had to be taken back */
  coolUntilTs = -Infinity;
  /** what others did with this pair's markets on the account while no hedge was open */
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

  /** The spot market's own step, in coins. */
  get coinStep(): Decimal {
    const {instrument, desk} = this;
    return instrument ? new Decimal(instrument.spotStep) : desk.rules.spotStep;
  }

  /** Whether the legs of the open hedge differ by more than one lot. */
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

  /** Takes an instant's prices in. */
  observe(ts: number, {spot, perp}: PairInput): void {
    if (!spot || !perp) return;
    const opens = {ts, spot: new Decimal(spot.last), perp: new Decimal(perp.last)};
    this.marks = opens;
    this.opens.push(opens);
    // A bar is checked when it has ended, so one older than its length must stay.
    const oldest = ts - 2 * this.#barMs;
    while (this.opens.length > 1 && this.opens[1]!.ts <= oldest) this.opens.shift();
  }

  /** Both legs' prices at the newest instant up to `ts` at which both were there. */
  opensAt(ts: number): Opens {
    const found = this.opens.findLast((opens) => opens.ts <= ts) ?? this.opens[0];
    if (!found) throw new RangeError(`missing opens: ${this.pair} before ${ts}`);
    return found;
  }

  /** Whether the newest settlement is overdue with a hedge open. */
  overdue(ts: number): boolean {
    const {newest} = this.rates;
    return this.hedge !== undefined && newest !== undefined && ts >= missingFrom(newest);
  }
}

/** A closed trade's report with one more payment. */
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
