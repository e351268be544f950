import {z} from "zod";
import {ZERO} from "../../../src/lib/money/decimal.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "../account/account.js";
import {amount, invalid} from "../account/accounts.js";
import {closeForced, liquidateIsolated} from "../account/forced.js";
import {maybeMarket, priceOf, type Market} from "../account/market.js";
import {createOrder} from "./trade-routes.js";
import type {Position} from "../account/types.js";

const of = {apiKey: z.string()};
const perp = {...of, symbol: z.string()};
const quantity = z.union([z.string(), z.number().transform(String)]);
const order = {
  ...of,
  category: z.enum(["spot", "linear"]),
  symbol: z.string(),
  side: z.enum(["Buy", "Sell"]),
  qty: quantity
};

/** Bodies of `POST /sim/acts`. */
const body = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("adl"),
    ...perp,
    /** default: the whole position */
    qty: amount(0).optional(),
    /** default: the mark */
    price: amount(0).optional(),
    feeRate: amount().default(ZERO)
  }),
  z.strictObject({kind: z.literal("liquidate"), ...perp, price: amount(0).optional()}),
  z.strictObject({kind: z.literal("manual-trade"), ...order, reduceOnly: z.boolean().default(false)}),
  z.strictObject({kind: z.literal("manual-order"), ...order, price: quantity}),
  z.strictObject({kind: z.literal("withhold-funding"), ...perp, settlements: z.number().int().min(1).default(1)}),
  z.strictObject({kind: z.literal("transfer-out"), ...of, coin: z.string(), amount: amount(0)}),
  z.strictObject({kind: z.literal("transfer-in"), ...of, coin: z.string(), amount: amount(0)}),
  z.strictObject({
    kind: z.literal("delist"),
    symbol: z.string(),
    apiKey: z.string().optional(),
    at: z.number().int().optional()
  }),
  z.strictObject({
    kind: z.literal("interval-change"),
    symbol: z.string(),
    apiKey: z.string().optional(),
    hours: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
    from: z.number().int().optional()
  })
]);

/** The body of `POST /sim/acts` before its defaults. */
export type ActInput = z.input<typeof body>;

interface Stage {
  venue: Venue;
  nowMs: number;
  /** returns the account advanced to the present; @throws RangeError for an unknown key */
  find: (apiKey: string) => Account;
  all: readonly Account[];
}

/**
 * Performs an act no client requests, such as an ADL or a manual trade.
 * @throws RangeError `invalid KEY: …`; VenueError when a manual trade is rejected
 */
export function act(stage: Stage, value: unknown): unknown {
  const parsed = body.safeParse(value);
  if (!parsed.success) throw invalid("act", value, parsed.error);
  const request = parsed.data;
  const {venue, nowMs} = stage;
  switch (request.kind) {
    case "adl": {
      const {account, position, market} = positionOf(stage, request);
      const {qty = position.net.abs(), price = priceOf(market.coin, "mark", nowMs), feeRate} = request;
      if (qty.isZero() || qty.gt(position.net.abs())) throw new RangeError(`invalid qty: ${qty.toFixed()}`);
      const {orderId, execId} = closeForced(account, position, market, {
        price,
        qty,
        feeRate,
        ts: nowMs,
        execType: "AdlTrade"
      });
      return {orderId, execId};
    }
    case "liquidate": {
      const {account, position, market} = positionOf(stage, request);
      if (request.price)
        closeForced(account, position, market, {price: request.price, ts: nowMs, execType: "BustTrade"});
      else liquidateIsolated(account, position, market, nowMs);
      const {orderId, execId} = account.executions.at(-1)!;
      return {orderId, execId};
    }
    case "manual-trade": {
      const {apiKey, category, symbol, side, qty, reduceOnly} = request;
      const desk = {venue, nowMs, account: stage.find(apiKey)};
      const unit = category === "spot" ? {marketUnit: "baseCoin"} : {reduceOnly};
      return createOrder({desk}, {category, symbol, side, qty, orderType: "Market", ...unit});
    }
    case "manual-order": {
      const {apiKey, category, symbol, side, qty, price} = request;
      const desk = {venue, nowMs, account: stage.find(apiKey)};
      return createOrder({desk}, {category, symbol, side, qty, price, orderType: "Limit", timeInForce: "GTC"});
    }
    case "withhold-funding": {
      const account = stage.find(request.apiKey);
      marketOf(stage, request.symbol);
      account.withheld.set(request.symbol, (account.withheld.get(request.symbol) ?? 0) + request.settlements);
      return {settlements: account.withheld.get(request.symbol)};
    }
    case "transfer-out":
    case "transfer-in": {
      const {apiKey, coin, amount: moved} = request;
      const account = stage.find(apiKey);
      const out = request.kind === "transfer-out";
      if (out && moved.gt(account.wallet(coin))) throw new RangeError(`invalid amount: ${moved.toFixed()}`);
      account.post({
        ts: nowMs,
        type: out ? "TRANSFER_OUT" : "TRANSFER_IN",
        currency: coin,
        qty: moved,
        cashFlow: out ? moved.neg() : moved
      });
      return {balance: account.wallet(coin).toFixed()};
    }
    case "delist": {
      const market = marketOf(stage, request.symbol);
      const at = request.at ?? nowMs;
      if (at < nowMs) throw new RangeError(`invalid at: ${at}`);
      advanceAll(stage);
      venue.amend(market.coin, {delistTs: at});
      return {delistTs: at};
    }
    case "interval-change": {
      const market = marketOf(stage, request.symbol);
      const from = request.from ?? nowMs;
      if (from < nowMs) throw new RangeError(`invalid from: ${from}`);
      advanceAll(stage);
      const before = market.coin.intervalChanges ?? [];
      venue.amend(market.coin, {intervalChanges: [...before, {fromTs: from, hours: request.hours}]});
      return {from, hours: request.hours};
    }
  }
}

/** Advances every account before a rule changes. */
const advanceAll = ({all, find}: Stage): void => all.forEach((account) => find(account.options.apiKey));

function marketOf({venue, nowMs}: Stage, symbol: string): Market {
  const market = maybeMarket(venue, "linear", symbol, nowMs);
  if (!market) throw new RangeError(`invalid symbol: ${symbol}`);
  return market;
}

function positionOf(
  stage: Stage,
  {apiKey, symbol}: {apiKey: string; symbol: string}
): {account: Account; position: Position; market: Market} {
  const account = stage.find(apiKey);
  const market = marketOf(stage, symbol);
  const position = account.positions.get(symbol);
  if (!position || position.net.isZero()) throw new RangeError(`invalid symbol: ${symbol} has no position`);
  return {account, position, market};
}
