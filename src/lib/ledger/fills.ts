import {Decimal, ONE, ZERO} from "../money/decimal.js";
import {slippageShare} from "../market/costs.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Quantities} from "./sizing.js";

export type Leg = "spot" | "perp";
export type Side = "buy" | "sell";

/** One fill with its costs. */
export interface Fill {
  leg: Leg;
  side: Side;
  ts: number;
  /** the leg's reference price, in quote */
  reference: Decimal;
  /** fill price in quote; in a backtest `reference × (1 ± slippage)` */
  price: Decimal;
  /** coins bought or sold, net of a fee taken in the coin */
  quantity: Decimal;
  /** in quote */
  fee: Decimal;
  /** cost of the fill against the reference, in quote; negative if a venue filled at a better price */
  slippage: Decimal;
  /** the venue's trade id, if there is one */
  id?: string;
}

/** Returns `reference × (1 + slippage)` for a buy, `reference × (1 − slippage)` for a sale (§3). */
export function fillPrice(reference: Decimal, side: Side, slippage: Decimal): Decimal {
  return reference.times(side === "buy" ? ONE.plus(slippage) : ONE.minus(slippage));
}

/**
 * Returns a fill at a reference price with slippage and a fee in quote: `fee = fillPrice × quantity × feeRate` (§3).
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
 * Returns a spot purchase whose fee is taken in the coin (§3). An order of `Q` receives `Q × (1 − feeRate)` coins. The fee
 * is worth `Q × feeRate × fillPrice`, and slippage counts the coins received.
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

/** The config settings that determine the costs of a fill. */
export type FillCosts = Pick<StrategyConfig, "slippageBps" | "spotFee" | "perpFee" | "spotFeeIn">;

/** Returns the two fills of an entry at reference prices: a spot purchase and a perp sale. */
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

/**
 * Returns the fills of an exit: all coins sold with the fee in quote, and the perp bought back if still hedged.
 * @throws RangeError `missing perp price: …` for a hedge without a perp reference
 */
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

/** Returns the fill of a liquidated perp leg: reference P*, filled at the bankruptcy price, taker fee, no slippage (§3). */
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
