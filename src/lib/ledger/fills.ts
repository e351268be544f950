import {Decimal, ONE, ZERO} from "../money/decimal.js";
import {slippageShare} from "../market/costs.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Quantities} from "./sizing.js";

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
  /** in quote: fill against reference; ≥ 0 by the rules of §3, less where a venue filled at a better price */
  slippage: Decimal;
  /** the venue's own number of it, where there is one */
  id?: string;
}

/** `reference × (1 + slippage)` for a buy, `× (1 − slippage)` for a sale (§3). */
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
 * value is `Q × fee × fillPrice`, and slippage counts the coin received (§3).
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

/** What a fill costs: slippage and the two markets' fees. */
export type FillCosts = Pick<StrategyConfig, "slippageBps" | "spotFee" | "perpFee" | "spotFeeIn">;

/** The two fills of an entry at reference prices: coin bought, perp sold, each against us by the slippage. */
export function entryFills(
  order: {ts: number; spotReference: Decimal; perpReference: Decimal; quantities: Quantities},
  costs: FillCosts
): {spot: Fill; perp: Fill} {
  const {ts, spotReference, perpReference, quantities} = order;
  const slippage = slippageShare(costs);
  const buy = {ts, reference: spotReference, quantity: quantities.ordered};
  return {
    spot:
      costs.spotFeeIn === "base"
        ? buyWithCoinFee(buy, {slippage, feeRate: costs.spotFee})
        : fillInQuote({...buy, leg: "spot", side: "buy"}, {slippage, feeRate: costs.spotFee}),
    perp: fillInQuote(
      {leg: "perp", side: "sell", ts, reference: perpReference, quantity: quantities.perpQty},
      {slippage, feeRate: costs.perpFee}
    )
  };
}

/** The fills of an exit: the perp bought back while it is there, all coins sold with the fee in quote. */
export function exitFills(
  held: {spotQty: Decimal; perpQty: Decimal; hedged: boolean},
  at: {ts: number; spotReference: Decimal; perpReference: Decimal | undefined},
  costs: FillCosts
): {spot: Fill; perp: Fill | undefined} {
  const {ts, spotReference, perpReference} = at;
  const slippage = slippageShare(costs);
  if (held.hedged && !perpReference) throw new RangeError(`missing perp price: at ${ts}`);
  return {
    spot: fillInQuote(
      {leg: "spot", side: "sell", ts, reference: spotReference, quantity: held.spotQty},
      {slippage, feeRate: costs.spotFee}
    ),
    perp: held.hedged
      ? fillInQuote(
          {leg: "perp", side: "buy", ts, reference: perpReference!, quantity: held.perpQty},
          {slippage, feeRate: costs.perpFee}
        )
      : undefined
  };
}

/** The fill of a liquidated perp leg: reference P*, price the bankruptcy price, no slippage, the taker fee on top. */
export const liquidationFill = (
  {ts, quantity, price, bankruptcy}: {ts: number; quantity: Decimal; price: Decimal; bankruptcy: Decimal},
  {perpFee}: FillCosts
): Fill => ({
  leg: "perp",
  side: "buy",
  ts,
  reference: price,
  price: bankruptcy,
  quantity,
  fee: bankruptcy.times(quantity).times(perpFee),
  slippage: ZERO
});
