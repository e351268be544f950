import {markAt} from "../../src/lib/market/marks.js";
import {openAt, priceOf, type Candles, type MarketData} from "../../src/lib/market/marketdata.js";
import {instantsOf, windowOf, type PairWindow, type Range} from "../../src/lib/backtest/window.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {StrategyConfig} from "../../src/lib/strategy/config.js";
import {firstAtOrAfter} from "../../src/lib/time/search.js";
import type {InputEvent, PairInput, Touch, WarmedEvent} from "../../engine/journal/events.js";
import type {Trader} from "../../engine/trader/trader.js";

/** A history as inputs of the trading loop. */
interface HistoryFeed {
  windows: readonly PairWindow[];
  /** lists the pairs and warms up their signals, unless that is done */
  begin(trader: Trader): void;
  /**
   * yields every instant at which something can happen, with what became known then; asks the trader which instants
   * matter
   */
  inputs(trader: Trader): Generator<Omit<InputEvent, "type">>;
}

/**
 * Converts stored history to inputs of the trading loop, by the conventions of a backtest (§3). Bid and ask
 * are the open, and there is no latency. Settlements are known at their instant, and the data ends at the last common
 * bar.
 */
export function historyFeed(markets: readonly MarketData[], config: StrategyConfig, range: Range = {}): HistoryFeed {
  const windows = markets.map((market) => windowOf(market, range, config.warmup));
  windows.sort((a, b) => (a.pair < b.pair ? -1 : 1));
  const startMs = Math.min(...windows.map((window) => window.startMs));
  const endMs = Math.max(...windows.map((window) => window.endMs));
  return {
    windows,
    begin: (trader) => {
      for (const {pair, data, history, startMs: from} of windows) {
        const instrument = data.instrument ?? null;
        if (!trader.pairs.has(pair)) trader.list({type: "listed", ts: startMs, pair, instrument});
        if (trader.pair(pair).warmed) continue;
        const rows = data.funding
          .slice(0, firstAtOrAfter(history.t, from))
          .map(({tsMs, rate, reportedHours}): WarmedEvent["rows"][number] => [tsMs, text(rate), reportedHours ?? null]);
        trader.warm({type: "warmed", ts: startMs, pair, rows});
      }
    },
    *inputs(trader) {
      const cursors = windows.map((window) => new Cursor(window, config));
      for (const ts of instantsOf(
        windows.map((window) => window.instants),
        startMs,
        endMs
      )) {
        const pairs = cursors.flatMap((cursor) => cursor.at(ts, trader) ?? []);
        if (pairs.length > 0) yield {ts, pairs};
      }
    }
  };
}

/** One pair's position in its history. */
class Cursor {
  readonly #window: PairWindow;
  readonly #config: StrategyConfig;
  #nextInstant = 0;
  #nextBar: number;
  #nextSettlement: number;

  constructor(window: PairWindow, config: StrategyConfig) {
    this.#window = window;
    this.#config = config;
    this.#nextBar = firstAtOrAfter(window.bars.end, window.startMs + 1);
    this.#nextSettlement = firstAtOrAfter(window.history.t, window.startMs);
  }

  at(ts: number, trader: Trader): PairInput | undefined {
    const {instants, pair, data, bars, endMs, last} = this.#window;
    if (instants[this.#nextInstant] !== ts) return undefined;
    ++this.#nextInstant;
    const {hedge, desk} = trader.pair(pair);
    const ended: NonNullable<PairInput["bars"]> = [];
    for (; this.#nextBar < bars.end.length && bars.end[this.#nextBar]! <= ts; ++this.#nextBar) {
      const i = this.#nextBar;
      const source = bars.fromMark[i] ? "mark" : "perp";
      if (hedge) ended.push({openTs: bars.open[i]!, endTs: bars.end[i]!, high: bars.high[i]!, source});
    }
    const end = ts >= endMs ? {spot: closeOf(data.spot, last.spot), perp: closeOf(data.perp, last.perp)} : undefined;
    const settlements = end ? [] : this.#settlements(ts);
    if (!hedge && !desk.entry && settlements.length === 0) return undefined;
    const [spot, perp] = [touchAt(data.spot, ts), touchAt(data.perp, ts)];
    return {
      pair,
      ...(settlements.length > 0 && {settlements, ...this.#volume()}),
      ...(ended.length > 0 && {bars: ended}),
      ...(spot && {spot}),
      ...(perp && {perp}),
      ...(end && {end})
    };
  }

  #settlements(ts: number): NonNullable<PairInput["settlements"]> {
    const {history, data} = this.#window;
    const settlement = history.settlements[this.#nextSettlement];
    if (settlement?.t !== ts) return [];
    const row = data.funding[this.#nextSettlement++]!;
    const mark = markAt(data, ts);
    return [
      {
        tsMs: row.tsMs,
        rate: text(row.rate),
        ...(row.reportedHours !== undefined && {reportedHours: row.reportedHours}),
        ...(row.nextSettlementMs !== undefined && {nextSettlementMs: row.nextSettlementMs}),
        ...(mark && {mark: {price: text(mark.mark), source: mark.markSource}})
      }
    ];
  }

  #volume(): Pick<PairInput, "volume"> {
    const {strategy, volumeFilter} = this.#config;
    if (strategy === "simple" || !volumeFilter) return {};
    return {volume: this.#window.history.volume(this.#nextSettlement - 1)};
  }
}

const closeOf = (candles: Candles, i: number): string => text(priceOf(candles.close[i])!);

function touchAt(candles: Candles, ts: number): Touch | undefined {
  const open: Decimal | undefined = openAt(candles, ts);
  if (!open) return undefined;
  const price = text(open);
  return {bid: price, ask: price, last: price};
}
