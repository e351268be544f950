import {knowsVenue} from "../../exchange/index.js";
import {VENUES} from "../../exchange/venues.js";
import {UsageError} from "../../errors.js";
import {isVenue} from "./name.js";

/** Venues that are closed, or that no client reaches any longer: their histories are still kept and imported. */
const CLOSED = new Set(["ftx", "ftxus", "bittrex", "liquid", "vertex", "huobi", "zb", "mango", "drift", "gmx"]);
const USUAL = ["binance", "bybit", "okx", "hyperliquid", "bitget", "gate", "kucoin", "krakenfutures", "kraken"];

/**
 * Requires the name of a venue that exists or existed. Files may come from venues that serve no history here, so more
 * names are known than can be fetched from.
 * @throws UsageError for a name that is none, and for the simulated venue, whose rows are no market's
 */
export async function requireVenue(venue: string): Promise<void> {
  const isNamed = /^[a-z0-9]{1,40}$/.test(venue) && venue !== "sim";
  const isNear = VENUES.some((record) => record.venue === venue) || isVenue(venue) || CLOSED.has(venue);
  if (isNamed && (isNear || (await knowsVenue(venue)))) return;
  throw new UsageError(`invalid venue: ${venue}`, {
    fix: `give the ccxt id of the venue the data came from: ${USUAL.join(", ")}, …; \`npx carrybook venues\` lists more`
  });
}
