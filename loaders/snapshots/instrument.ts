import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {Instrument} from "../../src/lib/market/marketdata.js";
import {quoteOf} from "../../src/lib/market/pair.js";
import type {VenueInstrument} from "../rows.js";
import type {Lake} from "../lake/reader.js";
import {rowsOf} from "../store/database.js";
import {readInstrument, type ListedInstrument} from "../store/instruments.js";
import {literal} from "../store/key.js";

/**
 * Returns the trading rules of a pair's two markets as last listed, in coins and quote per coin. Multiplier symbols and
 * contract sizes are converted before legs are compared (§3).
 * @returns undefined without a listing, e.g. for imported files
 */
export async function instrumentOf(lake: Lake, venue: string, pair: string): Promise<Instrument | undefined> {
  const perp = await newest(lake, venue, "perp", pair);
  const spot = perp && (await newest(lake, venue, "spot", `${perp.coin}/${quoteOf(pair)}`));
  return instrumentFrom(perp, spot);
}

/** Returns steps, ticks and minimums of a pair's two markets, in coins; undefined unless the venue lists both steps. */
export function instrumentFrom(
  perp: VenueInstrument | undefined,
  spot: VenueInstrument | undefined
): Instrument | undefined {
  if (!perp?.step || !spot?.step) return undefined;
  const coins = new Decimal(perp.contractSize).times(perp.multiplier);
  const inCoins = (value: string | undefined) => value && text(new Decimal(value).times(coins));
  return {
    spotStep: spot.step,
    spotTick: spot.tick,
    spotMinQty: spot.minQty,
    spotMinNotional: spot.minNotional,
    perpStep: inCoins(perp.step)!,
    perpTick: perp.tick && text(new Decimal(perp.tick).div(perp.multiplier)),
    perpMinQty: inCoins(perp.minQty),
    perpMinNotional: perp.minNotional
  };
}

async function newest(
  {connection}: Lake,
  venue: string,
  market: string,
  pair: string
): Promise<ListedInstrument | undefined> {
  const [row] = await rowsOf<Record<string, string | number | boolean | null>>(
    connection,
    `select * from instruments where venue = ${literal(venue)} and market = ${literal(market)} and pair = ${literal(pair)}
     order by day_ts desc limit 1`
  );
  return row && readInstrument(row);
}
