import {canonicalText, Decimal, text} from "../../src/lib/money/decimal.js";
import {multiplierOf} from "../../src/lib/market/multiplier.js";
import {parsePair} from "../../src/lib/market/pair.js";
import {MAX_TS, MIN_TS} from "../../src/lib/time/instant.js";
import {UsageError} from "../errors.js";
import {Refusal} from "./classify.js";
import {textOf} from "./page.js";
import type {Exchange} from "./types.js";

export type Fields = Record<string, unknown>;

/** Quotes whose markets are listed: carry is paid in these. */
export const QUOTES: readonly string[] = ["USDT", "USDC"];

/** A list inside a reply, which must be one: an empty list is an answer, none at all is not. */
export function listOf(value: unknown, name = "list"): unknown[] {
  if (!Array.isArray(value)) throw new Refusal("content", `the reply has no ${name}`);
  return value as unknown[];
}

/** A list that cannot be empty: a venue always has markets. */
export function filledList(value: unknown, name = "list"): unknown[] {
  const list = listOf(value, name);
  if (list.length === 0) throw new Refusal("content", `the reply's ${name} is empty`);
  return list;
}

export const objectOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

/** An instant in ms, undefined for what is none: absent, empty or the zero that venues write for "never". */
export function maybeTs(value: unknown): number | undefined {
  const ms = Number(textOf(value) || NaN);
  return ms >= MIN_TS && ms < MAX_TS ? Math.floor(ms) : undefined;
}

/** Reads decimals of one reply, and remembers whether one was there and was none. */
export class Decimals {
  spoiled = false;

  /** Canonical text; undefined where the venue says nothing, or says what is no number. */
  maybe(value: unknown): string | undefined {
    const raw = textOf(value)?.trim();
    if (raw === undefined || raw === "") return undefined;
    try {
      return canonicalText(raw);
    } catch {
      this.spoiled = true;
      return undefined;
    }
  }
}

/** The product of decimal texts, exact; undefined where one is. */
export function product(...values: (string | undefined)[]): string | undefined {
  let result = new Decimal(1);
  for (const value of values) {
    if (value === undefined) return undefined;
    result = result.times(value);
  }
  return text(result);
}

/** `BASE/QUOTE` where that is a pair this project can name, else undefined (venues list coins in any script). */
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
 * The coin behind a perp's base. A spot market of that very base shows that it is a coin's own name (`1000SATS`), not a
 * count of another coin; Bybit's one `SHIB1000` has its count behind.
 */
export function coinOf(base: string, spotBases: ReadonlySet<string>): {coin: string; multiplier: number} {
  if (spotBases.has(base)) return {coin: base, multiplier: 1};
  const behind = /^(.+?)(1000+)$/.exec(base);
  if (behind && spotBases.has(behind[1]!)) return {coin: behind[1]!, multiplier: Number(behind[2])};
  return multiplierOf(base);
}

/** @throws UsageError for a length of candle that the venue does not serve */
export function requireTimeframe({venue, timeframes}: Pick<Exchange, "venue" | "timeframes">, timeframe: string): void {
  if (timeframes.includes(timeframe)) return;
  throw new UsageError(`invalid timeframe: ${timeframe} (${venue} has no such candles)`, {
    fix: `use one of ${timeframes.join(", ")}`
  });
}
