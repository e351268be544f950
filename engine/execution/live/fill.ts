import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import {maybeTs, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {OrderMarket} from "./markets.js";

/** A decimal of a private reply, which must be one: nothing is guessed where money is concerned. */
export function decimalField(row: Fields, name: string): Decimal {
  const value = textOf(row[name]);
  if (value === undefined || value === "" || !/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(value))
    throw new Refusal("content", `invalid ${name}: ${value ?? "missing"}`);
  return new Decimal(value);
}

/** An instant of a private reply in UTC ms, which must be one. @throws Refusal */
export function tsField(row: Fields, name: string): number {
  const ts = maybeTs(row[name]);
  if (ts === undefined) throw new Refusal("content", `invalid ${name}: ${textOf(row[name]) ?? "missing"}`);
  return ts;
}

/** Text of a private reply, which must be there. @throws Refusal */
export function textField(row: Fields, name: string): string {
  const value = textOf(row[name]);
  if (!value) throw new Refusal("content", `missing ${name}`);
  return value;
}

/**
 * One execution as a fill, in coins and quote per coin. A spot purchase's fee is taken in the coin: what arrives is less,
 * and the fee's value is at the execution's price (§3, `spotFeeIn: "base"`).
 * @param reference of the order it belongs to; the execution's own price where there is none
 */
export function fillFrom(row: Fields, market: OrderMarket, reference?: Decimal): Fill {
  const leg = market.category === "spot" ? "spot" : "perp";
  const side = textOf(row["side"]) === "Buy" ? "buy" : "sell";
  const price = decimalField(row, "execPrice").div(market.unit);
  const gross = decimalField(row, "execQty").times(market.unit);
  const fee = decimalField(row, "execFee");
  const currency = textOf(row["feeCurrency"]);
  // without a word on the currency, the venue's rule holds: purchases of coin pay in the coin
  const inCoin = leg === "spot" && side === "buy" && (!currency || market.symbol.startsWith(currency));
  const quantity = inCoin ? gross.minus(fee) : gross;
  const own = reference ?? price;
  return {
    leg,
    side,
    ts: tsField(row, "execTime"),
    reference: own,
    price,
    quantity,
    fee: inCoin ? fee.times(price) : fee,
    slippage: (side === "buy" ? price.minus(own) : own.minus(price)).times(quantity),
    id: textField(row, "execId")
  };
}
