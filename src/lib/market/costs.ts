import {Decimal, decimal, type DecimalInput} from "../money/decimal.js";

/** What a round trip costs: taker fees per market as shares, slippage per fill in basis points (§4). */
export interface Costs {
  spotFee: Decimal;
  perpFee: Decimal;
  slippageBps: Decimal;
}

/** Fees of Bybit at VIP 0, shares of notional (§4). */
export const VIP0_FEES = {spot: {maker: "0.001", taker: "0.001"}, perp: {maker: "0.0002", taker: "0.00055"}} as const;

/** The costs assumed where nothing is configured, as exact text: taker on both legs at VIP 0, 5 bps of slippage. */
export const DEFAULT_COSTS_TEXT: Readonly<Record<keyof Costs, string>> = {
  spotFee: VIP0_FEES.spot.taker,
  perpFee: VIP0_FEES.perp.taker,
  slippageBps: "5"
};

/** `DEFAULT_COSTS_TEXT` as decimals. */
export const DEFAULT_COSTS: Costs = {
  spotFee: new Decimal(DEFAULT_COSTS_TEXT.spotFee),
  perpFee: new Decimal(DEFAULT_COSTS_TEXT.perpFee),
  slippageBps: new Decimal(DEFAULT_COSTS_TEXT.slippageBps)
};

/** Reads costs from text or numbers. @throws `invalid spotFee: VALUE` and kin when negative or not a number */
export function parseCosts(input: Partial<Record<keyof Costs, DecimalInput>> = {}): Costs {
  const read = (key: keyof Costs) => {
    const value = input[key] === undefined ? DEFAULT_COSTS[key] : decimal(input[key], key);
    if (value.isNegative()) throw new RangeError(`invalid ${key}: ${value}`);
    return value;
  };
  return {spotFee: read("spotFee"), perpFee: read("perpFee"), slippageBps: read("slippageBps")};
}

/** Slippage of one fill as a share of its price. */
export const slippageShare = (costs: Pick<Costs, "slippageBps">): Decimal => costs.slippageBps.div(10_000);

/** `2 × (spotFee + perpFee) + 4 × slippage`, as a share of notional (§4). */
export const roundTrip = (costs: Costs): Decimal =>
  costs.spotFee.plus(costs.perpFee).times(2).plus(slippageShare(costs).times(4));

/**
 * Break-even: how many 8-hour periods of a rate pay the round trip (§4).
 * @param rate8h share per 8 hours
 * @returns periods, or undefined where the rate earns nothing
 */
export const breakEvenPeriods = (rate8h: number, roundTripShare: number): number | undefined =>
  rate8h > 0 ? roundTripShare / rate8h : undefined;

/** Periods of 8 hours an entry is expected to be held, unless a config says otherwise (§5). */
export const EXPECTED_HOLD_PERIODS = 30;

/** `rate8h − roundTrip / expectedHoldPeriods`: what a period earns after its part of the costs (§5). */
export const netPerPeriod = (rate8h: number, roundTripShare: number, holdPeriods = EXPECTED_HOLD_PERIODS): number =>
  rate8h - roundTripShare / holdPeriods;

/** 8-hour periods in 365 days. */
export const PERIODS_PER_YEAR = 365 * 3;
