import {Decimal, decimal, type DecimalInput} from "../money/decimal.js";

/** Trading costs: taker fees per market as fractions of notional, slippage per fill in basis points (§4). */
export interface Costs {
  spotFee: Decimal;
  perpFee: Decimal;
  slippageBps: Decimal;
}

/** Bybit's fees at VIP 0, as fractions of notional (§4). */
export const VIP0_FEES = {spot: {maker: "0.001", taker: "0.001"}, perp: {maker: "0.0002", taker: "0.00055"}} as const;

/** The default costs as exact text: VIP 0 taker fees on both legs, 5 bps of slippage (§4). */
export const DEFAULT_COSTS_TEXT: Readonly<Record<keyof Costs, string>> = {
  spotFee: VIP0_FEES.spot.taker,
  perpFee: VIP0_FEES.perp.taker,
  slippageBps: "5"
};

/** {@link DEFAULT_COSTS_TEXT} as decimals. */
export const DEFAULT_COSTS: Costs = {
  spotFee: new Decimal(DEFAULT_COSTS_TEXT.spotFee),
  perpFee: new Decimal(DEFAULT_COSTS_TEXT.perpFee),
  slippageBps: new Decimal(DEFAULT_COSTS_TEXT.slippageBps)
};

/**
 * Parses costs from text or numbers; missing ones take their defaults.
 * @throws RangeError `invalid NAME: VALUE` if negative or not a number
 */
export function parseCosts(input: Partial<Record<keyof Costs, DecimalInput>> = {}): Costs {
  const read = (key: keyof Costs) => {
    const value = input[key] === undefined ? DEFAULT_COSTS[key] : decimal(input[key], key);
    if (value.isNegative()) throw new RangeError(`invalid ${key}: ${value}`);
    return value;
  };
  return {spotFee: read("spotFee"), perpFee: read("perpFee"), slippageBps: read("slippageBps")};
}

/** Returns the slippage of one fill as a fraction of its price. */
export const slippageShare = (costs: Pick<Costs, "slippageBps">): Decimal => costs.slippageBps.div(10_000);

/** Returns `2 × (spotFee + perpFee) + 4 × slippage`, as a fraction of notional (§4). */
export const roundTrip = (costs: Costs): Decimal =>
  costs.spotFee.plus(costs.perpFee).times(2).plus(slippageShare(costs).times(4));

/**
 * Returns the break-even: the number of 8-hour periods of a rate that pay the round trip (§4).
 * @param rate8h fraction per 8 hours
 * @returns periods, or undefined unless the rate is positive
 */
export const breakEvenPeriods = (rate8h: number, roundTripShare: number): number | undefined =>
  rate8h > 0 ? roundTripShare / rate8h : undefined;

/** Default expected holding time in 8-hour periods (§5). */
export const EXPECTED_HOLD_PERIODS = 30;

/** Returns `rate8h − roundTrip / holdPeriods`, the net carry per 8-hour period as a fraction of notional (§5). */
export const netPerPeriod = (rate8h: number, roundTripShare: number, holdPeriods = EXPECTED_HOLD_PERIODS): number =>
  rate8h - roundTripShare / holdPeriods;

/** Number of 8-hour periods in 365 days. */
export const PERIODS_PER_YEAR = 365 * 3;
