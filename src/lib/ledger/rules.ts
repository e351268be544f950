import type {Instrument} from "../market/marketdata.js";
import {Decimal, decimal, ZERO} from "../money/decimal.js";
import type {StrategyConfig} from "../strategy/config.js";

/** Lot steps, ticks, minimums and maintenance tiers of one pair; quantities in coins, prices and notionals in quote. */
export interface Rules {
  spotStep: Decimal;
  perpStep: Decimal;
  /** least common multiple of the two steps */
  step: Decimal;
  spotTick: Decimal;
  perpTick: Decimal;
  spotMinQty: Decimal;
  perpMinQty: Decimal;
  spotMinNotional: Decimal;
  perpMinNotional: Decimal;
  /** tiers ascending by notional in quote; the last may be unbounded */
  maintenance: readonly {upTo: Decimal | undefined; rate: Decimal}[];
  /** `known` from the venue, `set` in the config, `assumed` otherwise (steps of 1e-8, no minimum) */
  source: "known" | "set" | "assumed";
}

const FINEST = decimal("0.00000001");
const MAINTENANCE = decimal("0.005");

/** Returns the rules of a pair: the config's setting, else the instrument's, else steps of 1e-8 and no minimum (§3). */
export function rulesOf(instrument: Instrument | undefined, config: StrategyConfig): Rules {
  const read = (value: string | undefined, name: string) => (value === undefined ? undefined : decimal(value, name));
  const spotStep = config.spotStep ?? read(instrument?.spotStep, "spotStep") ?? FINEST;
  const perpStep = config.perpStep ?? read(instrument?.perpStep, "perpStep") ?? FINEST;
  const set = [config.spotStep, config.perpStep, config.minQty, config.minNotional].some(
    (value) => value !== undefined
  );
  return {
    spotStep,
    perpStep,
    step: leastCommonMultiple(spotStep, perpStep),
    spotTick: read(instrument?.spotTick, "spotTick") ?? FINEST,
    perpTick: read(instrument?.perpTick, "perpTick") ?? FINEST,
    spotMinQty: config.minQty ?? read(instrument?.spotMinQty, "spotMinQty") ?? ZERO,
    perpMinQty: config.minQty ?? read(instrument?.perpMinQty, "perpMinQty") ?? ZERO,
    spotMinNotional: config.minNotional ?? read(instrument?.spotMinNotional, "spotMinNotional") ?? ZERO,
    perpMinNotional: config.minNotional ?? read(instrument?.perpMinNotional, "perpMinNotional") ?? ZERO,
    maintenance: maintenanceOf(instrument, config),
    source: instrument ? "known" : set ? "set" : "assumed"
  };
}

/** Returns the config's rate, else the instrument's tiers, else its single rate, else 0.005 (§3). */
function maintenanceOf(instrument: Instrument | undefined, config: StrategyConfig): Rules["maintenance"] {
  const tiers = instrument?.maintenanceTiers;
  if (!config.maintenanceRate && tiers?.length) {
    return tiers.map(({upTo, rate}) => ({
      upTo: upTo === undefined ? undefined : decimal(upTo, "tier"),
      rate: decimal(rate, "maintenanceRate")
    }));
  }
  const known = instrument?.maintenanceRate;
  const rate = config.maintenanceRate ?? (known === undefined ? MAINTENANCE : decimal(known, "maintenanceRate"));
  return [{upTo: undefined, rate}];
}

/** Returns the maintenance rate of a position's notional in quote (§3); above all tiers, that of the last. */
export function maintenanceRateAt({maintenance}: Rules, notional: Decimal): Decimal {
  return (maintenance.find(({upTo}) => !upTo || notional.lte(upTo)) ?? maintenance.at(-1)!).rate;
}

/**
 * Returns the exact least common multiple of two positive decimals, scaled to integers by the finer one's digits.
 */
export function leastCommonMultiple(a: Decimal, b: Decimal): Decimal {
  const scale = new Decimal(10).pow(Math.max(a.decimalPlaces(), b.decimalPlaces()));
  const x = BigInt(a.times(scale).toFixed(0));
  const y = BigInt(b.times(scale).toFixed(0));
  return new Decimal(((x / gcd(x, y)) * y).toString()).div(scale);
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

/** Rounds `value` down to a whole number of steps. */
export const floorToStep = (value: Decimal, step: Decimal): Decimal => value.div(step).floor().times(step);

/** Rounds `value` up to a whole number of steps. */
export const ceilToStep = (value: Decimal, step: Decimal): Decimal => value.div(step).ceil().times(step);

/** Rounds `price` up to a whole number of ticks. */
export const ceilToTick = (price: Decimal, tick: Decimal): Decimal => price.div(tick).ceil().times(tick);

/** Rounds `price` to the nearest tick, half up. */
export function roundToTick(price: Decimal, tick: Decimal): Decimal {
  return price.div(tick).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).times(tick);
}
