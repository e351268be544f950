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
    /** the whole position by default */
    qty: amount(0).optional(),
    /** the mark by default */
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
  /** brings the account to the present; throws for an unknown key */
  find: (apiKey: string) => Account;
  all: readonly Account[];
}

/**
 * Makes something happen that no request of the client asks for.
 * @throws RangeError `invalid KEY: …`; VenueError when a trade by hand is refused
 */
export function act(stage: Stage, value: unknown): unknown {
  const parsed = body.safeParse(value);
  if (!parsed.success) throw invalid("act", value, parsed.error);
  const asked = parsed.data;
  const {venue, nowMs} = stage;
  switch (asked.kind) {
    case "adl": {
      const {account, position, market} = held(stage, asked);
      const {qty = position.net.abs(), price = priceOf(market.coin, "mark", nowMs), feeRate} = asked;
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
      const {account, position, market} = held(stage, asked);
      if (asked.price) closeForced(account, position, market, {price: asked.price, ts: nowMs, execType: "BustTrade"});
      else liquidateIsolated(account, position, market, nowMs);
      const {orderId, execId} = account.executions.at(-1)!;
      return {orderId, execId};
    }
    case "manual-trade": {
      const {apiKey, category, symbol, side, qty, reduceOnly} = asked;
      const desk = {venue, nowMs, account: stage.find(apiKey)};
      const unit = category === "spot" ? {marketUnit: "baseCoin"} : {reduceOnly};
      return createOrder({desk}, {category, symbol, side, qty, orderType: "Market", ...unit});
    }
    case "manual-order": {
      const {apiKey, category, symbol, side, qty, price} = asked;
      const desk = {venue, nowMs, account: stage.find(apiKey)};
      return createOrder({desk}, {category, symbol, side, qty, price, orderType: "Limit", timeInForce: "GTC"});
    }
    case "withhold-funding": {
      const account = stage.find(asked.apiKey);
      marketOf(stage, asked.symbol);
      account.withheld.set(asked.symbol, (account.withheld.get(asked.symbol) ?? 0) + asked.settlements);
      return {settlements: account.withheld.get(asked.symbol)};
    }
    case "transfer-out":
    case "transfer-in": {
      const {apiKey, coin, amount: moved} = asked;
      const account = stage.find(apiKey);
      const out = asked.kind === "transfer-out";
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
      const market = marketOf(stage, asked.symbol);
      const at = asked.at ?? nowMs;
      if (at < nowMs) throw new RangeError(`invalid at: ${at}`);
      bringAll(stage);
      venue.amend(market.coin, {delistTs: at});
      return {delistTs: at};
    }
    case "interval-change": {
      const market = marketOf(stage, asked.symbol);
      const from = asked.from ?? nowMs;
      if (from < nowMs) throw new RangeError(`invalid from: ${from}`);
      bringAll(stage);
      const before = market.coin.intervalChanges ?? [];
      venue.amend(market.coin, {intervalChanges: [...before, {fromTs: from, hours: asked.hours}]});
      return {from, hours: asked.hours};
    }
  }
}

/** What has happened so far happened by the old rules. */
const bringAll = ({all, find}: Stage): void => all.forEach((account) => find(account.options.apiKey));

function marketOf({venue, nowMs}: Stage, symbol: string): Market {
  const market = maybeMarket(venue, "linear", symbol, nowMs);
  if (!market) throw new RangeError(`invalid symbol: ${symbol}`);
  return market;
}

function held(
  stage: Stage,
  {apiKey, symbol}: {apiKey: string; symbol: string}
): {account: Account; position: Position; market: Market} {
  const account = stage.find(apiKey);
  const market = marketOf(stage, symbol);
  const position = account.positions.get(symbol);
  if (!position || position.net.isZero()) throw new RangeError(`invalid symbol: ${symbol} has no position`);
  return {account, position, market};
}
