import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {UnfilledCode} from "../../journal/events.js";
import type {LegOrder, Unfilled} from "../venue.js";
import {fillFrom} from "./fill.js";
import {venuePrice, venueQuantity, type OrderMarket} from "./markets.js";
import {executionsOf, filledOf, pollOrder, reasonOf, shortfall, type PolledOrder, type TrackOptions} from "./track.js";
import {verdictOf} from "./verdict.js";

/** Final result of one leg. */
export interface LegOutcome {
  fills: Fill[];
  /** undefined when filled completely */
  unfilled: Unfilled | undefined;
}

/** Returns the outcome of a leg without fills. */
export const unfilled = (code: UnfilledCode, message: string): LegOutcome => ({fills: [], unfilled: {code, message}});

/** Returns the outcome of an order presumed lost: unknown to the venue at the last query, but it may still fill. */
export const lostOutcome = (): LegOutcome => unfilled("lost", "the venue does not know the order");

/** Returns the request parameters of an order. */
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
 * Sends an order and returns why the venue rejected it. An ambiguous reply is not a rejection: the order counts as in
 * flight and is queried by its client id.
 * @returns undefined when it was accepted or may have been
 * @throws errors other than a {@link Refusal}; the signal's reason
 */
export async function refusalOf(
  send: () => Promise<void>,
  {signal, cut}: Pick<TrackOptions, "signal" | "cut">
): Promise<string | undefined> {
  try {
    await send();
  } catch (error) {
    signal.throwIfAborted();
    // aborted by an emergency stop: it may already have been sent
    if (cut?.aborted) return undefined;
    if (!(error instanceof Refusal)) throw error;
    if (verdictOf(error) === "refused") return reasonOf(error);
  }
  return undefined;
}

/** Sends one leg and waits for its final status. */
export async function place(market: OrderMarket, leg: LegOrder, options: TrackOptions): Promise<LegOutcome> {
  const {account, signal, cut = signal} = options;
  const why = await refusalOf(() => account.create(orderFields(market, leg), cut), options);
  return why === undefined ? track(market, leg, options) : unfilled("refused", why);
}

/** Polls an order by its client id until it is final and its executions add up to it. */
export async function track(
  market: OrderMarket,
  leg: LegOrder,
  options: TrackOptions,
  polling: Pick<PolledOrder<LegOutcome>, "restMs" | "cancelWhen" | "maxPollMs"> = {}
): Promise<LegOutcome> {
  const {account, signal} = options;
  const {category, symbol} = market;
  const {clientId} = leg;
  const followed: PolledOrder<LegOutcome> = {
    clientId,
    find: () => account.order(category, symbol, clientId, {signal}),
    cancel: () => account.cancel(category, symbol, clientId),
    read: (order) => outcomeOf(market, leg, order, options),
    ...polling
  };
  return (await pollOrder(followed, options)) ?? lostOutcome();
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
