import {Decimal} from "../../../src/lib/money/decimal.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";
import {listOf, objectOf, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {Clock} from "../../../loaders/exchange/types.js";
import type {BybitAccount} from "./account.js";
import {decimalField} from "./fill.js";
import type {PairMarkets} from "./markets.js";

/** A native spread of a perp and spot: its price is perp minus spot, its quantity that of either leg. */
export interface SpreadMarket {
  symbol: string;
  tick: Decimal;
  lot: Decimal;
  min: Decimal;
  max: Decimal;
  /** allowed limit prices */
  prices: {lowest: Decimal; highest: Decimal};
}

/** Lifetime of the cached list, ms. */
const LISTED_MS = HOUR_MS;

/** Caches the venue's list of spreads; loads it on first use and refreshes it hourly. */
export class SpreadMarkets {
  #byLegs = new Map<string, SpreadMarket>();
  #readAt = -Infinity;

  constructor(
    private readonly account: Pick<BybitAccount, "spreads">,
    private readonly clock: Clock
  ) {}

  /** Returns a pair's spread; undefined when none trades, or when one perp unit is not one coin. */
  async of({spot, perp}: PairMarkets, signal: AbortSignal): Promise<SpreadMarket | undefined> {
    if (this.clock.monotonic() - this.#readAt >= LISTED_MS) {
      const rows = await this.account.spreads({signal});
      this.#byLegs = new Map(rows.map(maybeSpread).filter((own) => own !== undefined));
      this.#readAt = this.clock.monotonic();
    }
    return perp.unit.eq(1) ? this.#byLegs.get(legsKey(perp.symbol, spot.symbol)) : undefined;
  }
}

const legsKey = (perp: string, spot: string): string => `${perp} ${spot}`;

/** Parses a listed spread with its legs as key; undefined for another kind or an inactive one. */
function maybeSpread(row: Fields): [string, SpreadMarket] | undefined {
  if (row["contractType"] !== "FundingRateArb" || row["status"] !== "Trading") return undefined;
  const legs = listOf(row["legs"], "legs").map(objectOf);
  const of = (kind: string) => textOf(legs.find(({contractType}) => contractType === kind)?.["symbol"]);
  const [perp, spot] = [of("LinearPerpetual"), of("Spot")];
  if (!perp || !spot) return undefined;
  return [
    legsKey(perp, spot),
    {
      symbol: textOf(row["symbol"])!,
      tick: decimalField(row, "tickSize"),
      lot: decimalField(row, "lotSize"),
      min: decimalField(row, "minSize"),
      max: decimalField(row, "maxSize"),
      prices: {lowest: decimalField(row, "minPrice"), highest: decimalField(row, "maxPrice")}
    }
  ];
}

/**
 * Rounds a limit price to the tick on the safe side and clamps it to the venue's worst allowed price.
 * @returns undefined when the venue allows no price that good
 */
export function maybeSpreadPrice(
  {tick, prices: {lowest, highest}}: SpreadMarket,
  price: Decimal,
  side: "buy" | "sell"
): Decimal | undefined {
  const own =
    side === "buy"
      ? Decimal.min(price, highest).div(tick).floor().times(tick)
      : Decimal.max(price, lowest).div(tick).ceil().times(tick);
  return own.lt(lowest) || own.gt(highest) ? undefined : own;
}
