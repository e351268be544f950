import {quoteOf} from "../../../src/lib/market/pair.js";
import {Decimal, ONE, text, ZERO} from "../../../src/lib/money/decimal.js";
import type {VenueInstrument} from "../../../loaders/exchange/types.js";

/** One market as orders name it. */
export interface OrderMarket {
  category: "spot" | "linear";
  symbol: string;
  /** coins in one unit of the venue's quantity */
  unit: Decimal;
  /** of the price, in the venue's unit */
  tick: Decimal;
  /** of the quantity, in the venue's unit */
  step: Decimal;
  active: boolean;
}

/** The two markets of a pair. */
export interface PairMarkets {
  pair: string;
  coin: string;
  quote: string;
  spot: OrderMarket;
  perp: OrderMarket;
}

/** The pairs that have both markets, by pair. */
export function pairMarkets(instruments: readonly VenueInstrument[]): Map<string, PairMarkets> {
  const spots = new Map(instruments.filter(({market}) => market === "spot").map((own) => [own.pair, own]));
  const pairs = new Map<string, PairMarkets>();
  for (const perp of instruments) {
    if (perp.market !== "perp") continue;
    const quote = quoteOf(perp.pair);
    const spot = spots.get(`${perp.coin}/${quote}`);
    if (!spot) continue;
    const unit = new Decimal(perp.contractSize).times(perp.multiplier);
    pairs.set(perp.pair, {
      pair: perp.pair,
      coin: perp.coin,
      quote,
      spot: orderMarket("spot", spot, ONE),
      perp: orderMarket("linear", perp, unit)
    });
  }
  return pairs;
}

const orderMarket = (category: OrderMarket["category"], own: VenueInstrument, unit: Decimal): OrderMarket => ({
  category,
  symbol: own.symbol,
  unit,
  tick: own.tick === undefined ? ZERO : new Decimal(own.tick),
  step: new Decimal(own.step ?? "0.00000001"),
  active: own.active
});

/** A quantity in coins as the venue counts it. */
export const venueQuantity = ({unit}: OrderMarket, coins: Decimal): string => text(coins.div(unit));

/** A worst price per coin as the venue counts it, to the tick inside the band. */
export function venuePrice({unit, tick}: OrderMarket, price: Decimal, side: "buy" | "sell"): string {
  const own = price.times(unit);
  if (tick.isZero()) return text(own);
  const ticks = own.div(tick);
  return text((side === "buy" ? ticks.floor() : ticks.ceil()).times(tick));
}
