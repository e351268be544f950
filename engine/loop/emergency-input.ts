import {isReal} from "../execution/venue.js";
import {fillOf} from "../journal/codec.js";
import type {PairInput} from "../journal/events.js";
import type {TradingLoop} from "./loop.js";
import {ZERO} from "../../src/lib/money/decimal.js";

/**
 * Collects the input of an emergency stop: each pair's prices and, on a real account, the fills that the ledger lacks,
 * e.g. from a command-line stop while the engine hung. A pair with fewer coins at the venue than in the ledger gets no
 * prices, so that missing coins are not sold.
 * @param touches returns a pair's newest prices
 */
export async function emergencyInput(loop: TradingLoop, touches: (pair: string) => PairInput): Promise<PairInput[]> {
  const {trader} = loop;
  const {venue} = trader;
  const open = trader.open.map(({order}) => order.pair);
  if (!isReal(venue) || !venue.baseline) return open.map(touches);
  const holdings = await venue.holdings();
  // read after the holdings, so the news explain any difference
  const news = await venue.news(loop.venueTs ?? loop.now(), loop.trader.lastTs);
  const holdingOf = new Map(holdings.pairs.map((holding) => [holding.pair, holding]));
  const affected = new Set([...open, ...news.foreign.map(({pair}) => pair)]);
  return [...affected].flatMap((pair) => {
    const traded = trader.pairs.get(pair);
    if (!traded) return [];
    const foreign = news.foreign.flatMap((own) => (own.pair === pair ? [own.record] : []));
    let coins = (traded.hedge?.spotQty ?? ZERO).plus(traded.dust).plus(traded.outside.coins);
    for (const {fill: record} of foreign) {
      const {leg, side, quantity} = fillOf(record);
      if (leg === "spot") coins = side === "buy" ? coins.plus(quantity) : coins.minus(quantity);
    }
    const missing = (holdingOf.get(pair)?.coins ?? ZERO).lt(coins.minus(traded.desk.rules.spotStep));
    return [{...(missing ? {pair} : touches(pair)), ...(foreign.length > 0 && {foreign})}];
  });
}
