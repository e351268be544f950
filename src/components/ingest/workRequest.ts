import {parsePair} from "../../lib/market/pair.js";
import {TIMEFRAMES} from "../../lib/time/grid.js";
import {count, plural} from "../ui/format.js";

/** Series that can be fetched. */
export const FETCHABLE = [
  {value: "funding", label: "funding", title: "settled funding rates"},
  {value: "spot", label: "spot", title: "candles of the spot market"},
  {value: "perp", label: "perp", title: "candles of the perpetual"},
  {value: "mark", label: "mark", title: "candles of the mark price, which liquidates"},
  {value: "index", label: "index", title: "candles of the index price"},
  {value: "premium", label: "premium", title: "candles of the premium index"},
  {value: "open-interest", label: "open interest", title: "open interest of the perpetual"}
] as const;

/** Series that files may hold beside those of a person's own, which are named on the command line. */
export const IMPORTABLE = [
  ...FETCHABLE,
  {value: "borrow", label: "borrow", title: "hourly rates at which the coin is lent"}
] as const;

export const DEFAULT_SERIES: readonly string[] = ["funding", "spot", "perp", "mark"];
export const DEFAULT_TIMEFRAMES: readonly string[] = ["1h"];
export {TIMEFRAMES};

/** The form as typed. */
export interface TypedRequest {
  venue: string;
  /** address of a simulated venue */
  url: string;
  choose: "top" | "pairs";
  top: string;
  pairs: string;
  days: string;
  series: readonly string[];
  timeframes: readonly string[];
}

/** Body of `POST /jobs`. */
export interface BackfillBody {
  kind: "backfill";
  venue: string;
  url?: string;
  top?: number;
  pairs?: string[];
  days: number;
  series: string[];
  timeframes: string[];
}

/** Problems of the form, by field. */
type Problems = Partial<Record<keyof TypedRequest, string>>;

const whole = (text: string, most: number): number | undefined => {
  const value = Number(text.replaceAll(",", ""));
  return /^\s*[\d,]+\s*$/.test(text) && value >= 1 && value <= most ? value : undefined;
};

/** Parses a list of pairs, without duplicates. @throws RangeError `invalid pair: VALUE` */
export const readPairs = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,;\s]+/)
      .filter(Boolean)
      .map(parsePair)
  )
];

const tryPairs = (text: string, problems: Problems): string[] => {
  try {
    const pairs = readPairs(text);
    if (!pairs.length) problems.pairs = "enter at least one pair, e.g. BTC/USDT";
    if (pairs.length > 1_000) problems.pairs = "at most 1,000 pairs";
    return pairs;
  } catch (error) {
    problems.pairs = `${(error as Error).message}; write it as BTC/USDT`;
    return [];
  }
};

/**
 * Reads the form; the body is null when there is a problem.
 * @param simKnown whether the engine knows the address of its simulated venue
 */
export function readRequest(
  typed: TypedRequest,
  {simKnown = false} = {}
): {body: BackfillBody | null; problems: Problems} {
  const problems: Problems = {};
  const venue = typed.venue.trim().toLowerCase();
  if (!/^[a-z0-9]{1,40}$/.test(venue)) problems.venue = "enter a ccxt id such as bybit, binance or okx";
  const url = typed.url.trim();
  if (venue === "sim" && !(simKnown && !url) && !/^https?:\/\/\S+$/.test(url))
    problems.url = "enter the address printed by `npx carrybook sim`";
  const top = typed.choose === "top" ? whole(typed.top, 1_000) : undefined;
  if (typed.choose === "top" && top === undefined) problems.top = "enter a whole number from 1 to 1,000";
  const pairs = typed.choose === "pairs" ? tryPairs(typed.pairs, problems) : undefined;
  const days = whole(typed.days, 3_650);
  if (days === undefined) problems.days = "enter a whole number from 1 to 3,650";
  if (!typed.series.length) problems.series = "select at least one";
  const candles = typed.series.some((d) => d !== "funding");
  if (candles && !typed.timeframes.length) problems.timeframes = "select at least one for candles";
  if (Object.keys(problems).length) return {body: null, problems};
  return {
    problems,
    body: {
      kind: "backfill",
      venue,
      ...(venue === "sim" && url && {url}),
      ...(pairs ? {pairs} : {top: top!}),
      days: days!,
      series: [...typed.series],
      timeframes: typed.timeframes.length ? [...typed.timeframes] : [...DEFAULT_TIMEFRAMES]
    }
  };
}

/** Returns the label of the submit button, which says what it will do. */
export function startLabel({body}: ReturnType<typeof readRequest>): string {
  if (!body) return "Start fetching";
  const what = body.pairs ? plural(body.pairs.length, "pair") : `the top ${count(body.top)}`;
  return `Fetch ${plural(body.days, "day")} of ${what}`;
}
