import {DAY_MS} from "../../../src/lib/time/grid.js";
import {seedOf, uniform} from "./noise.js";

/** A coin of the simulated venue: its two markets and model parameters. Prices in USDT. */
export interface Coin {
  coin: string;
  /** venue symbols; a coin may have no spot market */
  spot: string | undefined;
  perp: string;
  /** coins per unit of the perp (1000 for 1000PEPE) */
  multiplier: number;
  seed: number;
  price: number;
  dailyVolatility: number;
  turnover24h: number;
  priceDecimals: number;
  quantityDecimals: number;
  launchTs: number;
  /** delisting time of the perp, UTC ms; undefined while it trades */
  delistTs: number | undefined;
  /** forced settlement intervals, each from the first settlement at or after `fromTs` (UTC ms) */
  intervalChanges?: readonly {fromTs: number; hours: number}[];
  /** cap of the funding rate's absolute value, a share */
  fundingCap: number;
  /** mean of the premium index, a share */
  premium: number;
}

/** Opening of the venue, UTC ms; no data is older. */
const VENUE_EPOCH = Date.UTC(2021, 0, 1);

const MAJORS: readonly (readonly [string, number, number, number])[] = [
  ["BTC", 42_000, 0.022, 9e9],
  ["ETH", 2_300, 0.028, 5e9],
  ["SOL", 95, 0.04, 2.2e9],
  ["XRP", 0.6, 0.035, 1.4e9],
  ["DOGE", 0.12, 0.045, 9e8],
  ["BNB", 310, 0.026, 6e8],
  ["ADA", 0.5, 0.038, 3.5e8],
  ["AVAX", 36, 0.042, 3e8],
  ["LINK", 14, 0.038, 2.6e8],
  ["SUI", 1.4, 0.055, 2.4e8],
  ["LTC", 72, 0.03, 1.8e8],
  ["DOT", 7, 0.037, 1.4e8],
  ["NEAR", 4, 0.046, 1.2e8],
  ["ARB", 1.1, 0.045, 1.1e8],
  ["OP", 2.2, 0.047, 9e7],
  ["APT", 9, 0.044, 8e7],
  ["ATOM", 9, 0.037, 7e7],
  ["UNI", 7, 0.04, 6.5e7],
  ["FIL", 5.4, 0.041, 5e7],
  ["INJ", 24, 0.05, 4.5e7],
  ["TIA", 11, 0.055, 3.5e7],
  ["SEI", 0.5, 0.055, 3e7],
  ["AAVE", 98, 0.042, 2.8e7],
  ["POL", 0.7, 0.042, 2.4e7],
  ["ORDI", 55, 0.07, 1.9e7],
  ["GALA", 0.03, 0.05, 1.4e7],
  ["STX", 1.8, 0.05, 8e6],
  ["KAVA", 0.8, 0.045, 3e6],
  ["FLOW", 0.75, 0.045, 2.9e6],
  ["CHZ", 0.09, 0.046, 2.84e6],
  ["ZIL", 0.022, 0.047, 2.79e6],
  ["ENJ", 0.3, 0.048, 2.74e6],
  ["ANKR", 0.03, 0.049, 2.68e6],
  ["BAT", 0.25, 0.05, 2.62e6],
  ["IOTA", 0.22, 0.051, 2.57e6],
  ["KSM", 28, 0.045, 2.52e6],
  ["ZRX", 0.4, 0.046, 2.46e6],
  ["ONT", 0.25, 0.047, 2.4e6],
  ["QTUM", 3.1, 0.048, 2.35e6],
  ["ICX", 0.22, 0.049, 2.3e6],
  ["STORJ", 0.55, 0.05, 2.24e6],
  ["SKL", 0.07, 0.051, 2.18e6],
  ["OMG", 0.7, 0.045, 2.13e6],
  ["RVN", 0.025, 0.046, 2.08e6],
  ["CELR", 0.02, 0.047, 2.02e6],
  ["BAND", 1.6, 0.048, 1.96e6],
  ["LRC", 0.24, 0.049, 1.91e6],
  ["MASK", 3.3, 0.05, 1.86e6],
  ["MTL", 1.7, 0.051, 1.8e6],
  ["OGN", 0.14, 0.045, 1.74e6],
  ["RLC", 2.2, 0.046, 1.69e6],
  ["SXP", 0.35, 0.047, 1.64e6],
  ["TRB", 95, 0.048, 1.58e6],
  ["UMA", 2.9, 0.049, 1.52e6],
  ["YFI", 7200, 0.05, 1.47e6],
  ["ZEN", 9.5, 0.051, 1.42e6]
];

/** How many coins a venue lists, or which. */
export type ChosenCoins = number | readonly string[];

const known = new Map<number, readonly Coin[]>();

/**
 * Returns the simulated venue's coins, a function of the seed: majors, one quoted per thousand, one without a spot
 * market, one listed in 2026, one delisted in 2026 (§§3, 8.14).
 * @param chosen number of coins, beyond the standard ones with small similar ones added; or names of standard coins
 * @throws Error for a name that is no standard coin
 */
export function universe(seed: number, chosen?: ChosenCoins): readonly Coin[] {
  let coins = known.get(seed);
  if (!coins) known.set(seed, (coins = makeUniverse(seed)));
  if (chosen === undefined) return coins;
  if (typeof chosen !== "number") {
    const unknown = chosen.find((name) => !coins.some(({coin}) => coin === name));
    if (unknown !== undefined) throw new Error(`invalid coin: ${unknown}`);
    return coins.filter(({coin}) => chosen.includes(coin));
  }
  const small = Array.from({length: Math.max(0, chosen - coins.length)}, (_, i) =>
    build(seed, `SMALL${i + 1}`, {price: 0.5 + i / 10, volatility: 0.05, turnover: 1.4e6 - i * 1e4})
  );
  return [...coins.slice(0, chosen), ...small];
}

function makeUniverse(seed: number): Coin[] {
  const coins = MAJORS.map(([coin, price, volatility, turnover]) => build(seed, coin, {price, volatility, turnover}));
  return [
    ...coins,
    build(seed, "PEPE", {price: 0.0000105, volatility: 0.065, turnover: 4e8, multiplier: 1_000}),
    build(seed, "JELLY", {price: 0.02, volatility: 0.08, turnover: 1.2e7, spotless: true}),
    build(seed, "NEWT", {price: 0.35, volatility: 0.07, turnover: 6e7, launchTs: Date.UTC(2026, 5, 10, 8)}),
    build(seed, "LUNC", {price: 0.00009, volatility: 0.07, turnover: 5.5e7, delistTs: Date.UTC(2026, 8, 15, 8)})
  ];
}

interface Given {
  price: number;
  volatility: number;
  turnover: number;
  multiplier?: number;
  spotless?: boolean;
  launchTs?: number;
  delistTs?: number;
}

function build(seed: number, coin: string, given: Given): Coin {
  const own = seedOf(seed, coin);
  const {price, volatility, turnover, multiplier = 1, spotless = false, launchTs, delistTs} = given;
  const magnitude = Math.floor(Math.log10(price * multiplier));
  const listed = VENUE_EPOCH + Math.floor(uniform(own, 1) * 500) * DAY_MS + 8 * 3_600_000;
  return {
    coin,
    spot: spotless ? undefined : `${coin}USDT`,
    perp: `${multiplier === 1 ? "" : multiplier}${coin}USDT`,
    multiplier,
    seed: own,
    price,
    dailyVolatility: volatility,
    turnover24h: turnover,
    priceDecimals: Math.min(8, Math.max(1, 4 - magnitude)),
    quantityDecimals: Math.max(0, Math.min(3, magnitude)),
    launchTs: launchTs ?? (turnover > 1e9 ? VENUE_EPOCH : listed),
    delistTs,
    fundingCap: turnover > 1e9 ? 0.00375 : 0.005,
    premium: (uniform(own, 2) - 0.35) * 0.0006
  };
}
