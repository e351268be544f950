import {Decimal, ONE} from "../money/decimal.js";

export type Leg = "spot" | "perp";
export type Side = "buy" | "sell";

/** One fill with everything it cost; four of them make a round trip. */
export interface Fill {
  leg: Leg;
  side: Side;
  ts: number;
  /** the leg's reference price */
  reference: Decimal;
  /** reference × (1 ± slippage), against us */
  price: Decimal;
  /** coins that changed hands for us: net of a fee taken in the coin */
  quantity: Decimal;
  /** in quote */
  fee: Decimal;
  /** in quote, ≥ 0 */
  slippage: Decimal;
}

/** `reference × (1 + slippage)` for a buy, `× (1 − slippage)` for a sale (SEMANTICS §3). */
export function fillPrice(reference: Decimal, side: Side, slippage: Decimal): Decimal {
  return reference.times(side === "buy" ? ONE.plus(slippage) : ONE.minus(slippage));
}

/**
 * One fill at a reference price with slippage and a fee in quote: `fee = fillPrice × quantity × feeRate`.
 */
export function fillInQuote(
  order: {leg: Leg; side: Side; ts: number; reference: Decimal; quantity: Decimal},
  {slippage, feeRate}: {slippage: Decimal; feeRate: Decimal}
): Fill {
  const price = fillPrice(order.reference, order.side, slippage);
  return {
    ...order,
    price,
    fee: price.times(order.quantity).times(feeRate),
    slippage: price.minus(order.reference).abs().times(order.quantity)
  };
}

/**
 * A spot purchase whose fee is taken in the coin (Bybit): of the ordered `Q` we receive `Q × (1 − fee)`; the fee's
 * value is `Q × fee × fillPrice`, and slippage counts the coin received (SEMANTICS §3).
 */
export function buyWithCoinFee(
  order: {ts: number; reference: Decimal; quantity: Decimal},
  {slippage, feeRate}: {slippage: Decimal; feeRate: Decimal}
): Fill {
  const price = fillPrice(order.reference, "buy", slippage);
  const quantity = order.quantity.times(ONE.minus(feeRate));
  return {
    leg: "spot",
    side: "buy",
    ts: order.ts,
    reference: order.reference,
    price,
    quantity,
    fee: order.quantity.times(feeRate).times(price),
    slippage: price.minus(order.reference).times(quantity)
  };
}
