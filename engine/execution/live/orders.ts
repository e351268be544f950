import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {UnfilledCode} from "../../journal/events.js";
import type {LegOrder, Unfilled} from "../venue.js";
import {fillFrom} from "./fill.js";
import {venuePrice, venueQuantity, type OrderMarket} from "./markets.js";
import {executionsOf, filledOf, follow, reasonOf, shortfall, type Followed, type TrackOptions} from "./track.js";
import {verdictOf} from "./verdict.js";

/** What became of one leg. */
export interface LegOutcome {
  fills: Fill[];
  /** why it was not filled, or not to its end; undefined where it was */
  unfilled: Unfilled | undefined;
}

/** A leg of which nothing was filled, and which the venue will not fill either. */
export const unfilled = (code: UnfilledCode, why: string): LegOutcome => ({fills: [], unfilled: {code, why}});

/** An order that was given up for lost: the venue did not know it when it was last asked, and it may still turn up. */
export const lostOutcome = (): LegOutcome => unfilled("lost", "the venue does not know the order");

/** The venue's words for an order, every parameter written out. */
export function orderFields(market: OrderMarket, leg: LegOrder, postOnly = false): Fields {
  const {clientId, side, quantity, limit, reduceOnly} = leg;
  return {
    category: market.category,
    symbol: market.symbol,
    side: side === "buy" ? "Buy" : "Sell",
    orderType: limit ? "Limit" : "Market",
    qty: venueQuantity(market, quantity),
    ...(limit && {price: venuePrice(market, limit, side)}),
    timeInForce: postOnly ? "PostOnly" : "IOC",
    orderLinkId: clientId,
    ...(market.category === "spot"
      ? {isLeverage: 0, marketUnit: "baseCoin"}
      : {positionIdx: 0, reduceOnly: !!reduceOnly})
  };
}

/**
 * Sends something and says whether the venue has refused it. An answer that leaves it open is not a failure: what was sent
 * is in flight and is asked for by its client id, as long as that takes.
 * @returns why it was refused; undefined where it was taken or may have been
 */
export async function refusalOf(
  send: () => Promise<void>,
  {signal, cut}: Pick<TrackOptions, "signal" | "cut">
): Promise<string | undefined> {
  try {
    await send();
  } catch (error) {
    signal.throwIfAborted();
    // an emergency stop has cut it off: it may have been on its way
    if (cut?.aborted) return undefined;
    if (!(error instanceof Refusal)) throw error;
    if (verdictOf(error) === "refused") return reasonOf(error);
  }
  return undefined;
}

/** Sends one leg and waits until the venue says what became of it. */
export async function place(market: OrderMarket, leg: LegOrder, options: TrackOptions): Promise<LegOutcome> {
  const {account, signal, cut = signal} = options;
  const why = await refusalOf(() => account.create(orderFields(market, leg), cut), options);
  return why === undefined ? track(market, leg, options) : unfilled("refused", why);
}

/** Asks for an order by its client id until it has ended and its executions add up to it. */
export async function track(
  market: OrderMarket,
  leg: LegOrder,
  options: TrackOptions,
  patience: Pick<Followed<LegOutcome>, "restMs" | "takeBack" | "longestLookMs"> = {}
): Promise<LegOutcome> {
  const {account, signal} = options;
  const {category, symbol} = market;
  const {clientId} = leg;
  const followed: Followed<LegOutcome> = {
    clientId,
    find: () => account.order(category, symbol, clientId, {signal}),
    cancel: () => account.cancel(category, symbol, clientId),
    read: (order) => outcomeOf(market, leg, order, options),
    ...patience
  };
  return (await follow(followed, options)) ?? lostOutcome();
}

async function outcomeOf(
  market: OrderMarket,
  leg: LegOrder,
  order: Fields,
  {account, clock, signal}: TrackOptions
): Promise<LegOutcome> {
  const done = filledOf(order);
  const short = shortfall(order, new Decimal(venueQuantity(market, leg.quantity)));
  if (done.isZero()) return {fills: [], unfilled: short};
  const read = async () =>
    (await account.executionsOf(market.category, market.symbol, leg.clientId, {signal})).filter(
      (row) => textOf(row["execType"]) === "Trade"
    );
  const rows = await executionsOf(done, leg.clientId, read, {clock, signal});
  const fills = rows.map((row) => fillFrom(row, market, leg.reference)).sort((a, b) => a.ts - b.ts);
  return {fills, unfilled: short};
}
