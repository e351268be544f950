import {ceilToStep, floorToStep} from "../../../src/lib/ledger/rules.js";
import {Decimal, text, ZERO} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import {listOf, objectOf, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/page.js";
import type {LegOrder} from "../venue.js";
import {decimalField, fillFrom} from "./fill.js";
import type {PairMarkets} from "./markets.js";
import {lostOutcome, refusalOf, track, unfilled, type LegOutcome} from "./orders.js";
import {maybeSpreadPrice, type SpreadMarket} from "./spread-market.js";
import {executionsOf, filledOf, follow, shortfall, type TrackOptions} from "./track.js";

/** One order for what both legs of a round have in common. It has the client id of the first leg. */
export interface SpreadOrder {
  clientId: string;
  market: SpreadMarket;
  /** to sell the spread is to sell the perp and to buy the coin: cash and carry */
  side: "buy" | "sell";
  quantity: Decimal;
  /** the least or most that the perp may cost above the coin, to the tick; undefined takes any */
  limit: Decimal | undefined;
}

interface SpreadPlan {
  legs: readonly LegOrder[];
  markets: PairMarkets;
  market: SpreadMarket;
  /** share of a spot purchase that the venue keeps in the coin */
  coinFee: Decimal;
}

/**
 * Both legs of a round as one order: the quantity that both have, down to the spread's lot, at the difference of the two
 * limits. What the legs differ by is no part of it, since the perp of a hedge is sized on the net coin. Equal quantities
 * leave the short larger by the fee in the coin: where that is a lot or more, the ladder buys the coin, or where that is
 * too little to be bought alone buys the short back. In leaving, its next round takes the rest of either leg.
 * @returns undefined where two orders do better: no two opposite legs; legs that differ by more than a lot and the fee; less
 *   than the venue's least or more than its most, also in price
 */
export function spreadOrderOf({legs, markets, market, coinFee}: SpreadPlan): SpreadOrder | undefined {
  const spot = legs.find((leg) => leg.market === "spot");
  const perp = legs.find((leg) => leg.market === "perp");
  if (legs.length !== 2 || !spot || !perp || spot.side === perp.side) return undefined;
  if ((spot.limit === undefined) !== (perp.limit === undefined)) return undefined;
  const {lot, least, most} = market;
  const common = floorToStep(Decimal.min(spot.quantity, perp.quantity), lot);
  const quantity = spot.side === "sell" ? sparing(markets, spot, common, lot) : common;
  if (quantity.lte(0) || quantity.lt(least) || quantity.gt(most)) return undefined;
  const difference = spot.quantity.minus(perp.quantity).abs();
  if (difference.gt(lot.plus(ceilToStep(spot.quantity.times(coinFee), lot)))) return undefined;
  const shared = {clientId: legs[0]!.clientId, market, side: perp.side, quantity};
  if (!spot.limit || !perp.limit) return {...shared, limit: undefined};
  const limit = maybeSpreadPrice(market, perp.limit.minus(spot.limit), perp.side);
  return limit && {...shared, limit};
}

/** So much of what is common that the coin left over can be sold by itself: nothing stays behind that two orders would take. */
function sparing({spot: {step, least}}: PairMarkets, leg: LegOrder, common: Decimal, lot: Decimal): Decimal {
  const rest = leg.quantity.minus(common);
  const kept = Decimal.max(least.quantity, least.notional.div(leg.limit ?? leg.reference));
  return rest.lt(step) || rest.gte(kept) ? common : floorToStep(leg.quantity.minus(kept), lot);
}

/** The venue's words for a spread order, every parameter written out. */
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

/** Sends one order for both legs and waits until the venue says what became of it; an outcome for each leg, in order. */
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

/** Asks for a round that went out as one order until it has ended and its legs' executions add up to it. */
async function trackSpread(
  legs: readonly LegOrder[],
  markets: PairMarkets,
  options: TrackOptions
): Promise<LegOutcome[]> {
  const {account, clock, signal} = options;
  const {clientId} = legs[0]!;
  const outcomes = await follow(
    {
      clientId,
      find: () => account.spreadOrder(clientId, {signal}),
      cancel: () => account.cancelSpread(clientId),
      read: async (order) => {
        const done = filledOf(order);
        const short = shortfall(order, new Decimal((textOf(order["qty"]) ?? textOf(order["orderQty"])) || "0"));
        const read = () => account.spreadExecutionsOf(clientId, {signal});
        const rows = done.isZero() ? [] : await executionsOf(done, clientId, read, {clock, signal});
        return legs.map((leg) => legOutcome(rows, leg, markets, {done, why: short?.why}));
      }
    },
    options
  );
  return outcomes ?? legs.map(lostOutcome);
}

/** One leg's part of a spread order's fills, by the numbers that the leg's own market lists them under. */
function legOutcome(
  rows: readonly Fields[],
  {market, reference}: LegOrder,
  markets: PairMarkets,
  {done, why}: {done: Decimal; why: string | undefined}
): LegOutcome {
  const own = markets[market];
  const parts = rows
    .flatMap((row) => listOf(row["legs"], "legs").map(objectOf))
    .filter(({category}) => category === own.category);
  const sum = parts.reduce((total, row) => total.plus(decimalField(row, "execQty")), ZERO);
  if (!sum.eq(done))
    throw new Refusal("content", `fills of ${own.symbol} add up to ${sum}, the spread order to ${done}`);
  const fills = parts.map((row) => fillFrom(row, own, reference)).sort((a, b) => a.ts - b.ts);
  return {fills, unfilled: why === undefined ? undefined : {code: "spread", why}};
}

/**
 * Looks for a round of two legs that a process which died may have sent as one order, or as two where there was no spread;
 * the setting may have been another then. Nothing is sent.
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
  const outcomes = await follow(
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
      // whichever way it went out, what comes late must not fill
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
