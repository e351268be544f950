import {isReal} from "../execution/venue.js";
import {fillOf} from "../journal/codec.js";
import type {PairInput} from "../journal/events.js";
import type {TradingLoop} from "./loop.js";
import {ZERO} from "../../src/lib/money/decimal.js";

/**
 * What an emergency on a real account is told of each pair: its prices, and what has happened at the venue that the ledger
 * does not know, such as a stop from the command line while the engine hung. A pair of which the venue holds less than the
 * ledger even then gets no prices: what is not there is not sold.
 * @param touches newest prices of a pair
 */
export async function emergencyInput(loop: TradingLoop, touches: (pair: string) => PairInput): Promise<PairInput[]> {
  const {trader} = loop;
  const {venue} = trader;
  const open = trader.open.map(({order}) => order.pair);
  if (!isReal(venue) || !venue.baseline) return open.map(touches);
  const holdings = await venue.holdings();
  // asked for after it, so that what the holdings lack is among the news
  const news = await venue.news(loop.venueTs ?? loop.now(), loop.trader.lastTs);
  const there = new Map(holdings.pairs.map((holding) => [holding.pair, holding]));
  const concerned = new Set([...open, ...news.foreign.map(({pair}) => pair)]);
  return [...concerned].flatMap((pair) => {
    const traded = trader.pairs.get(pair);
    if (!traded) return [];
    const foreign = news.foreign.flatMap((own) => (own.pair === pair ? [own.record] : []));
    let coins = (traded.hedge?.spotQty ?? ZERO).plus(traded.dust).plus(traded.outside.coins);
    for (const {fill: record} of foreign) {
      const {leg, side, quantity} = fillOf(record);
      if (leg === "spot") coins = side === "buy" ? coins.plus(quantity) : coins.minus(quantity);
    }
    const less = (there.get(pair)?.coins ?? ZERO).lt(coins.minus(traded.desk.rules.spotStep));
    return [{...(less ? {pair} : touches(pair)), ...(foreign.length > 0 && {foreign})}];
  });
}
