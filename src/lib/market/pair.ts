/** The series of a pair's market history; those that a person names are {@link OwnSeries}. */
export const SERIES = [
  "funding",
  "predicted",
  "spot",
  "perp",
  "mark",
  "index",
  "premium",
  "open-interest",
  "borrow"
] as const;

/** A series that a person brings under a name, e.g. `own:fear-and-greed`. */
export type OwnSeries = `own:${string}`;
export type Series = (typeof SERIES)[number] | OwnSeries;

const CANDLES = ["spot", "perp", "mark", "index", "premium"] as const;
export type CandleSeries = (typeof CANDLES)[number];

/** Series of single values, each with the instant from which it is known (§1). */
export type ObservationSeries = "open-interest" | "borrow" | OwnSeries;

const OWN = /^own:[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** Returns true for the name of an own series, `own:NAME` (§1). */
export const isOwnSeries = (value: unknown): value is OwnSeries => typeof value === "string" && OWN.test(value);
export const isSeries = (value: unknown): value is Series =>
  (SERIES as readonly unknown[]).includes(value) || isOwnSeries(value);
export const isCandleSeries = (series: Series): series is CandleSeries =>
  (CANDLES as readonly Series[]).includes(series);
export const isObservationSeries = (series: Series): series is ObservationSeries =>
  series === "open-interest" || series === "borrow" || isOwnSeries(series);

const PAIR = /^(k[A-Z0-9]{2,23}|[\p{Lu}\p{Lo}\p{N}]{1,24})[/-]([A-Z0-9]{2,12})$/u;

/**
 * Parses a pair, `BTC/USDT` or `BTC-USDT` in any case, and returns its canonical name `BTC/USDT`.
 * Letters of every script are valid, because venues list such coins. A lower-case `k` before capitals is kept: `kPEPE`
 * counts thousands of PEPE (§3).
 * @throws RangeError `invalid pair: VALUE`
 */
export function parsePair(value: string): string {
  const text = value.trim();
  const match = PAIR.exec(/^k[A-Z0-9]{2,23}[/-]/.test(text) ? text : text.toUpperCase());
  if (!match) throw new RangeError(`invalid pair: ${value}`);
  return `${match[1]}/${match[2]}`;
}

/** Converts `BTC/USDT` to `BTC-USDT`, the form used in URLs, paths and the lake's partitions. */
export const pairSlug = (pair: string): string => parsePair(pair).replace("/", "-");

/** Returns the base of a pair: `BTC` of `BTC/USDT`. */
export const baseOf = (pair: string): string => pair.slice(0, pair.indexOf("/"));
/** Returns the quote of a pair: `USDT` of `BTC/USDT`. */
export const quoteOf = (pair: string): string => pair.slice(pair.indexOf("/") + 1);

const QUOTES = ["FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDD", "USD", "EUR", "BTC", "ETH"];

/**
 * Splits a venue symbol without a separator (`BTCUSDT`) at a known quote currency.
 * @returns the pair, or undefined if no quote currency matches
 */
export function pairFromVenueSymbol(symbol: string): string | undefined {
  const upper = symbol.toUpperCase();
  const quote = QUOTES.find((q) => upper.endsWith(q) && upper.length > q.length);
  return quote && `${upper.slice(0, -quote.length)}/${quote}`;
}
