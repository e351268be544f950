import {canonicalText, Decimal, text} from "../../src/lib/money/decimal.js";
import {multiplierOf} from "../../src/lib/market/multiplier.js";
import {parsePair, type CandleSeries, type ObservationSeries} from "../../src/lib/market/pair.js";
import {MAX_TS, MIN_TS} from "../../src/lib/time/instant.js";
import {UsageError} from "../errors.js";
import {Refusal} from "./classify.js";
import {textOf} from "./values.js";

export {objectOf, type Fields} from "./values.js";
import type {Exchange} from "./types.js";
import type {Observed} from "./venues.js";

/** Quote currencies of the markets listed; funding is paid in them. */
export const QUOTES: readonly string[] = ["USDT", "USDC"];

/**
 * Returns a list inside a reply; an empty one is valid.
 * @throws Refusal when the value is not a list
 */
export function listOf(value: unknown, name = "list"): unknown[] {
  if (!Array.isArray(value)) throw new Refusal("content", `the reply has no ${name}`);
  return value as unknown[];
}

/**
 * Returns a list that must not be empty, since a venue always has markets.
 * @throws Refusal when it is absent or empty
 */
export function filledList(value: unknown, name = "list"): unknown[] {
  const list = listOf(value, name);
  if (list.length === 0) throw new Refusal("content", `the reply's ${name} is empty`);
  return list;
}

/** Returns an instant in UTC ms; undefined if absent, empty or the zero that venues write for "never". */
export function maybeTs(value: unknown): number | undefined {
  const ms = Number(textOf(value) || NaN);
  return ms >= MIN_TS && ms < MAX_TS ? Math.floor(ms) : undefined;
}

/** Reads the decimals of one reply and records whether any was malformed. */
export class Decimals {
  malformed = false;

  /** Returns canonical text; undefined where the field is empty or malformed. */
  maybe(value: unknown): string | undefined {
    const raw = textOf(value)?.trim();
    if (raw === undefined || raw === "") return undefined;
    try {
      return canonicalText(raw);
    } catch {
      this.malformed = true;
      return undefined;
    }
  }
}

/** Returns the exact product of decimal texts; undefined if any of them is. */
export function product(...values: (string | undefined)[]): string | undefined {
  let result = new Decimal(1);
  for (const value of values) {
    if (value === undefined) return undefined;
    result = result.times(value);
  }
  return text(result);
}

/** Returns `BASE/QUOTE` where this project can name that pair, else undefined: venues list coins in any script. */
export function maybePair(base: unknown, quote: unknown): string | undefined {
  try {
    return typeof base === "string" && typeof quote === "string" && QUOTES.includes(quote)
      ? parsePair(`${base}/${quote}`)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the coin and multiplier behind a perp's base. A spot market of the same base shows that it is a coin of its
 * own (`1000SATS`), not a multiple. Bybit's `SHIB1000` has its multiplier as a suffix.
 */
export function coinOf(base: string, spotBases: ReadonlySet<string>): {coin: string; multiplier: number} {
  if (spotBases.has(base)) return {coin: base, multiplier: 1};
  const suffixed = /^(.+?)(1000+)$/.exec(base);
  if (suffixed && spotBases.has(suffixed[1]!)) return {coin: suffixed[1]!, multiplier: Number(suffixed[2])};
  return multiplierOf(base);
}

/** Checks what is asked of a venue. @throws UsageError for a series or a timeframe that the venue does not serve */
export function requireCandles(
  exchange: Pick<Exchange, "venue" | "candleSeries" | "timeframes">,
  series: CandleSeries,
  timeframe: string
): void {
  requireTimeframe(exchange, timeframe);
  if (exchange.candleSeries.includes(series)) return;
  throw new UsageError(`invalid series: ${series} (${exchange.venue} serves none)`, {
    fix: `use one of ${exchange.candleSeries.join(", ")}`
  });
}

/** Returns how a series of observations is fetched. @throws UsageError for one that is not, or not in a timeframe */
export function requireObserved(
  {venue, observed}: Pick<Exchange, "venue" | "observed">,
  series: ObservationSeries,
  timeframe: string
): Observed {
  const own = observed?.[series];
  if (own?.timeframes.includes(timeframe)) return own;
  throw own === undefined
    ? new UsageError(`invalid series: ${series} (it is not fetched from ${venue})`, {fix: "import its files"})
    : new UsageError(`invalid timeframe: ${timeframe} (${venue} serves no ${series} in it)`, {
        fix: `use one of ${own.timeframes.join(", ")}`
      });
}

/** Checks a timeframe. @throws UsageError for one that the venue does not serve */
function requireTimeframe({venue, timeframes}: Pick<Exchange, "venue" | "timeframes">, timeframe: string): void {
  if (timeframes.includes(timeframe)) return;
  throw new UsageError(`invalid timeframe: ${timeframe} (${venue} has no such candles)`, {
    fix: `use one of ${timeframes.join(", ")}`
  });
}
