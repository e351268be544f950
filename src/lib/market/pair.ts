/** The series of a pair's market history. */
export const SERIES = ["funding", "predicted", "spot", "perp", "mark", "index"] as const;
export type Series = (typeof SERIES)[number];
export type CandleSeries = Exclude<Series, "funding" | "predicted">;

export const isSeries = (value: unknown): value is Series => SERIES.includes(value as Series);
export const isCandleSeries = (series: Series): series is CandleSeries =>
  series !== "funding" && series !== "predicted";

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

export const baseOf = (pair: string): string => pair.slice(0, pair.indexOf("/"));
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
