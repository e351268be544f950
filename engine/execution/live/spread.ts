import {ceilToStep, floorToStep} from "../../../src/lib/ledger/rules.js";
import {Decimal, text, ZERO} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import {listOf, objectOf, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {LegOrder} from "../venue.js";
import {decimalField, fillFrom} from "./fill.js";
import type {PairMarkets} from "./markets.js";
import {lostOutcome, refusalOf, track, unfilled, type LegOutcome} from "./orders.js";
import {maybeSpreadPrice, type SpreadMarket} from "./spread-market.js";
import {executionsOf, filledOf, pollOrder, shortfall, type TrackOptions} from "./track.js";

/** One native spread order for the quantity common to both legs, under the first leg's client id. */
export interface SpreadOrder {
  clientId: string;
  market: SpreadMarket;
  /** selling the spread sells the perp and buys spot (cash and carry) */
  side: "buy" | "sell";
  quantity: Decimal;
  /** worst perp price minus spot price, rounded to the tick; undefined for a market order */
  limit: Decimal | undefined;
}

interface SpreadPlan {
  legs: readonly LegOrder[];
  markets: PairMarkets;
  market: SpreadMarket;
  /** fee of a spot purchase charged in the coin, a share */
  coinFee: Decimal;
}

/**
 * Combines both legs of a round into one spread order. Its quantity is the smaller leg, rounded down to the spread's
 * lot; its limit is the difference of the two limits. The perp is sized on the net coin, so equal quantities leave the
 * short larger by the coin fee. If that is a lot or more, the ladder buys the coin, or reduces the short if the
 * purchase is below the minimum. On exit, its next round trades the rest of either leg.
 * @returns undefined when two orders are required: the legs are not opposite, they differ by more than a lot plus the
 *   fee, or quantity or price is outside the venue's limits
 */
export function spreadOrderOf({legs, markets, market, coinFee}: SpreadPlan): SpreadOrder | undefined {
  const spot = legs.find((leg) => leg.market === "spot");
  const perp = legs.find((leg) => leg.market === "perp");
  if (legs.length !== 2 || !spot || !perp || spot.side === perp.side) return undefined;
  if ((spot.limit === undefined) !== (perp.limit === undefined)) return undefined;
  const {lot, min, max} = market;
  const common = floorToStep(Decimal.min(spot.quantity, perp.quantity), lot);
  const quantity = spot.side === "sell" ? keepSellable(markets, spot, common, lot) : common;
  if (quantity.lte(0) || quantity.lt(min) || quantity.gt(max)) return undefined;
  const difference = spot.quantity.minus(perp.quantity).abs();
  if (difference.gt(lot.plus(ceilToStep(spot.quantity.times(coinFee), lot)))) return undefined;
  const shared = {clientId: legs[0]!.clientId, market, side: perp.side, quantity};
  if (!spot.limit || !perp.limit) return {...shared, limit: undefined};
  const limit = maybeSpreadPrice(market, perp.limit.minus(spot.limit), perp.side);
  return limit && {...shared, limit};
}

/** Reduces the common quantity, in coins, so the remaining spot meets its market's minimum and can be sold alone. */
function keepSellable({spot: {step, min}}: PairMarkets, leg: LegOrder, common: Decimal, lot: Decimal): Decimal {
  const rest = leg.quantity.minus(common);
  const kept = Decimal.max(min.quantity, min.notional.div(leg.limit ?? leg.reference));
  return rest.lt(step) || rest.gte(kept) ? common : floorToStep(leg.quantity.minus(kept), lot);
}

/** Returns the request parameters of a spread order. */
export function spreadFields({clientId, market, side, quantity, limit}: SpreadOrder): Fields {
  return {
    symbol: market.symbol,
    side: side === "buy" ? "Buy" : "Sell",
    orderType: limit ? "Limit" : "Market",
    qty: text(quantity),
    ...(limit && {price: text(limit)}),
    timeInForce: "IOC",
    orderLinkId: clientId
  };
}

/** Sends one order for both legs and waits for its final status. Returns one outcome per leg, in order. */
export async function placeSpread(
  order: SpreadOrder,
  legs: readonly LegOrder[],
  markets: PairMarkets,
  options: TrackOptions
): Promise<LegOutcome[]> {
  const {account, signal, cut = signal} = options;
  const why = await refusalOf(() => account.createSpread(spreadFields(order), cut), options);
  if (why !== undefined) return legs.map(() => unfilled("spread", why));
  return trackSpread(legs, markets, options);
}

/** Polls a spread order until it is final and its legs' executions add up to it. */
async function trackSpread(
  legs: readonly LegOrder[],
  markets: PairMarkets,
  options: TrackOptions
): Promise<LegOutcome[]> {
  const {account, clock, signal} = options;
  const {clientId} = legs[0]!;
  const outcomes = await pollOrder(
    {
      clientId,
      find: () => account.spreadOrder(clientId, {signal}),
      cancel: () => account.cancelSpread(clientId),
      read: async (order) => {
        const done = filledOf(order);
        const short = shortfall(order, new Decimal((textOf(order["qty"]) ?? textOf(order["orderQty"])) || "0"));
        const read = () => account.spreadExecutionsOf(clientId, {signal});
        const rows = done.isZero() ? [] : await executionsOf(done, clientId, read, {clock, signal});
        return legs.map((leg) => legOutcome(rows, leg, markets, {done, message: short?.message}));
      }
    },
    options
  );
  return outcomes ?? legs.map(lostOutcome);
}

/** Extracts one leg's fills of a spread order, with the execution ids of the leg's own market. */
function legOutcome(
  rows: readonly Fields[],
  {market, reference}: LegOrder,
  markets: PairMarkets,
  {done, message}: {done: Decimal; message: string | undefined}
): LegOutcome {
  const own = markets[market];
  const parts = rows
    .flatMap((row) => listOf(row["legs"], "legs").map(objectOf))
    .filter(({category}) => category === own.category);
  const sum = parts.reduce((total, row) => total.plus(decimalField(row, "execQty")), ZERO);
  if (!sum.eq(done))
    throw new Refusal("content", `fills of ${own.symbol} add up to ${sum}, the spread order to ${done}`);
  const fills = parts.map((row) => fillFrom(row, own, reference)).sort((a, b) => a.ts - b.ts);
  return {fills, unfilled: message === undefined ? undefined : {code: "spread", message}};
}

/**
 * Queries a two-leg round that an earlier process may have sent, as one spread order or as two orders; the setting may
 * have changed since. Nothing is sent.
 */
export async function resumeSpread(
  legs: readonly LegOrder[],
  markets: PairMarkets,
  options: TrackOptions
): Promise<LegOutcome[]> {
  const {account, signal} = options;
  const {clientId} = legs[0]!;
  const byLeg = (leg: LegOrder) => {
    const {category, symbol} = markets[leg.market];
    return [category, symbol, leg.clientId] as const;
  };
  let way: "spread" | "orders" = "spread";
  const outcomes = await pollOrder(
    {
      clientId,
      find: async () => {
        const spread = await account.spreadOrder(clientId, {signal});
        way = spread ? "spread" : "orders";
        for (const leg of spread ? [] : legs) {
          const order = await account.order(...byLeg(leg), {signal});
          if (order) return order;
        }
        return spread;
      },
      // cancelled both ways: a late arrival must not fill
      cancel: async () => {
        await Promise.all([account.cancelSpread(clientId), ...legs.map((leg) => account.cancel(...byLeg(leg)))]);
      },
      done: () => true,
      read: () =>
        way === "spread"
          ? trackSpread(legs, markets, options)
          : Promise.all(legs.map((leg) => track(markets[leg.market], leg, options)))
    },
    options
  );
  return outcomes ?? legs.map(lostOutcome);
}
