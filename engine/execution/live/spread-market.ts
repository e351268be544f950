import {Decimal} from "../../../src/lib/money/decimal.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";
import {listOf, objectOf, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {Clock} from "../../../loaders/exchange/types.js";
import type {BybitAccount} from "./account.js";
import {decimalField} from "./fill.js";
import type {PairMarkets} from "./markets.js";

/** A native spread of a perp and its coin: its price is the perp's less the coin's, its quantity that of either leg. */
export interface SpreadMarket {
  symbol: string;
  tick: Decimal;
  lot: Decimal;
  least: Decimal;
  most: Decimal;
  /** prices that an order may have */
  prices: {lowest: Decimal; highest: Decimal};
}

/** How long the list of spreads is good for, ms. */
const LISTED_MS = HOUR_MS;

/** The spreads that the venue lists, read when they are first asked for and anew every hour. */
export class SpreadMarkets {
  #byLegs = new Map<string, SpreadMarket>();
  #readAt = -Infinity;

  constructor(
    private readonly account: Pick<BybitAccount, "spreads">,
    private readonly clock: Clock
  ) {}

  /** The spread of a pair; undefined where none trades. One whose perp counts more than single coins has no equal legs. */
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

/** A listed spread by its legs; undefined for another kind, or one that does not trade. */
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
      least: decimalField(row, "minSize"),
      most: decimalField(row, "maxSize"),
      prices: {lowest: decimalField(row, "minPrice"), highest: decimalField(row, "maxPrice")}
    }
  ];
}

/**
 * A worst price to the tick inside it. One that is worse than the venue takes is the worst that it takes.
 * @returns undefined where the venue takes no price as good as that
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
