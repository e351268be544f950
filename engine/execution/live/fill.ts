import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import {maybeTs, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {OrderMarket} from "./markets.js";

/** Reads a decimal field of a private reply; a missing value has no default. @throws Refusal */
export function decimalField(row: Fields, name: string): Decimal {
  const value = textOf(row[name]);
  if (value === undefined || value === "" || !/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(value))
    throw new Refusal("content", `invalid ${name}: ${value ?? "missing"}`);
  return new Decimal(value);
}

/** Reads a timestamp field of a private reply, UTC ms. @throws Refusal */
export function tsField(row: Fields, name: string): number {
  const ts = maybeTs(row[name]);
  if (ts === undefined) throw new Refusal("content", `invalid ${name}: ${textOf(row[name]) ?? "missing"}`);
  return ts;
}

/** Reads a non-empty text field of a private reply. @throws Refusal */
export function textField(row: Fields, name: string): string {
  const value = textOf(row[name]);
  if (!value) throw new Refusal("content", `missing ${name}`);
  return value;
}

/**
 * Converts an execution to a fill, in coins and quote per coin. The fee of a spot purchase is charged in the coin: it
 * reduces the quantity and is valued at the execution's price (§3, `spotFeeIn: "base"`).
 * @param reference price at the order's decision; default: the execution's price
 */
export function fillFrom(row: Fields, market: OrderMarket, reference?: Decimal): Fill {
  const leg = market.category === "spot" ? "spot" : "perp";
  const side = textOf(row["side"]) === "Buy" ? "buy" : "sell";
  const price = decimalField(row, "execPrice").div(market.unit);
  const gross = decimalField(row, "execQty").times(market.unit);
  const fee = decimalField(row, "execFee");
  const currency = textOf(row["feeCurrency"]);
  // a missing currency means the venue's default: spot purchases pay in the coin
  const inCoin = leg === "spot" && side === "buy" && (!currency || currency === market.coin);
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
