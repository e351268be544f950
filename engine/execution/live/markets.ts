import {floorToStep} from "../../../src/lib/ledger/rules.js";
import {quoteOf} from "../../../src/lib/market/pair.js";
import {Decimal, ONE, text, ZERO} from "../../../src/lib/money/decimal.js";
import type {VenueInstrument} from "../../../loaders/rows.js";
import type {LegOrder} from "../venue.js";

/** One market with its trading rules. */
export interface OrderMarket {
  category: "spot" | "linear";
  symbol: string;
  /** the coin, as the venue names it in fees of a spot purchase */
  coin: string;
  /** coins in one unit of the venue's quantity */
  unit: Decimal;
  /** price tick, in the venue's unit */
  tick: Decimal;
  /** quantity step, in coins; zero when unknown */
  step: Decimal;
  /** minimum order size, in coins and in quote; zero when unknown */
  min: {quantity: Decimal; notional: Decimal};
  /** maximum order size, in coins; undefined when unknown */
  max: Decimal | undefined;
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

/** Returns the pairs that have both a spot and a perp market, by pair. */
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

function orderMarket(category: OrderMarket["category"], own: VenueInstrument, unit: Decimal): OrderMarket {
  const inCoins = (value: string | undefined) => (value === undefined ? ZERO : new Decimal(value).times(unit));
  return {
    category,
    symbol: own.symbol,
    coin: own.coin,
    unit,
    tick: own.tick === undefined ? ZERO : new Decimal(own.tick),
    step: inCoins(own.step),
    min: {quantity: inCoins(own.minQty), notional: new Decimal(own.minNotional ?? 0)},
    max: own.maxQty === undefined ? undefined : inCoins(own.maxQty),
    active: own.active
  };
}

/** Converts coins to the venue's quantity. */
export const venueQuantity = ({unit}: OrderMarket, coins: Decimal): string => text(coins.div(unit));

/** Converts a limit price per coin to the venue's unit, rounded to the tick on the safe side. */
export function venuePrice({unit, tick}: OrderMarket, price: Decimal, side: "buy" | "sell"): string {
  const own = price.times(unit);
  if (tick.isZero()) return text(own);
  const ticks = own.div(tick);
  return text((side === "buy" ? ticks.floor() : ticks.ceil()).times(tick));
}

/** Rounds a quantity in coins down to its market's step. */
export const wholeSteps = ({step}: OrderMarket, coins: Decimal): Decimal =>
  step.isZero() ? coins : floorToStep(coins, step);

/** Returns why a leg exceeds its market's maximum order size; undefined when none does. */
export function aboveMaximum(markets: PairMarkets, legs: readonly LegOrder[]): string | undefined {
  for (const {market, quantity} of legs) {
    const {max, symbol, unit} = markets[market];
    if (max === undefined || quantity.lte(max)) continue;
    const coins = unit.eq(ONE) ? "" : ` (${text(max)} coins)`;
    return `the ${market} leg of ${text(quantity)} coins is over the most of one order of ${symbol}, ${text(max.div(unit))}${coins}`;
  }
  return undefined;
}
