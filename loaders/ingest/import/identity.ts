import {baseOf, isOwnSeries, parsePair, quoteOf, type Series} from "../../../src/lib/market/pair.js";
import type {SeriesKey} from "../../store/key.js";
import {plainName} from "./column-names.js";
import type {ColumnPlan, Market} from "./columns.js";
import type {Given} from "./given.js";
import {isVenue, perpOf, readName, type NameFacts} from "./name.js";
import {open, refused, stop} from "./refusal.js";
import {marketText} from "./markets.js";
import {baseName, isCoin, readingsOf} from "./symbols.js";
import type {Table, TableRecord} from "./table.js";

/** Returns what names say: the archive's, and the member's where there is one. */
export function identify(table: Table, given: Given): NameFacts {
  const {root} = given;
  const named = (path: string) =>
    readName(root !== undefined && path.startsWith(root) ? path.slice(root.length) : path);
  const own = named(table.path);
  const facts = table.member === undefined ? own : joined(own, named(memberPath(table)), table);
  if (facts.other !== undefined) stop(refused("not-history", `it holds ${facts.other}, which is no history kept here`));
  if (facts.contract === "future" || facts.contract === "inverse" || facts.contract === "option") {
    const name = {future: "a dated future", inverse: "an inverse contract", option: "options"}[facts.contract];
    stop(refused("contract", `it holds ${name}; histories are of spot and of linear perpetuals`));
  }
  if (facts.venue !== undefined && facts.venue !== given.venue && !(facts.source === "carrybook")) {
    stop(refused("other-venue", `its name says ${facts.venue}, not ${given.venue}`, `pass --venue ${facts.venue}`));
  }
  return facts;
}

/** A member stands in its archive's folders. */
const memberPath = ({path, member}: Table): string => path.replace(/[^/\\]*$/, "") + member;

function joined(archive: NameFacts, member: NameFacts, {where}: Table): NameFacts {
  if (
    member.pairs.length > 0 &&
    archive.pairs.length > 0 &&
    !member.pairs.some((pair) => archive.pairs.includes(pair))
  ) {
    stop(
      refused(
        "other-pair",
        `${where} is named after ${member.pairs[0]}, its archive after ${archive.pairs[0]}`,
        "import it by itself"
      )
    );
  }
  return {
    ...archive,
    ...Object.fromEntries(Object.entries(member).filter(([, value]) => value !== undefined)),
    source: member.source ?? archive.source,
    pairs: member.pairs.length > 0 ? member.pairs : archive.pairs
  };
}

/** Returns the series of a file: as given, by its name, or by its header. @throws Stop where they disagree or tell none */
export function seriesOf(facts: NameFacts, given: Given, header: readonly string[] | undefined): SeriesKey["series"] {
  const named = facts.series;
  if (given.series !== undefined && facts.source !== undefined && named !== undefined && named !== given.series) {
    stop(refused("series", `its name says ${named}, not ${given.series}`));
  }
  const series = given.series === undefined ? (named ?? seriesByHeader(header)) : (given.series as Series);
  return (
    series ??
    stop(
      open(
        "series",
        "nothing in it tells its series",
        "pass --series funding|spot|perp|mark|index|premium|open-interest|borrow|own:NAME"
      )
    )
  );
}

/**
 * Returns the series that a header names: one with a settled rate and no candle is of settlements, whatever the file is
 * called.
 */
function seriesByHeader(header: readonly string[] | undefined): Series | undefined {
  const names = (header ?? []).map(plainName);
  if (names.some((name) => ["hourlyborrowrate", "dailyinterestrate"].includes(name))) return "borrow";
  if (names.includes("sumopeninterest")) return "open-interest";
  const rates = ["fundingrate", "lastfundingrate", "realizedrate", "realfundingrate", "relativefundingrate"];
  return names.some((name) => rates.includes(name)) && !names.includes("open") ? "funding" : undefined;
}

/** What marks a perpetual behind its pair. */
const SUFFIX = /[-_ ](SWAP|PERP|PERPETUAL)$/i;

/** Returns the pair of a row's own symbol (`BTC-USDT-SWAP`, `BTC/USDT:USDT`), and none for another kind of contract. */
export function pairOfSymbol(symbol: string): string | undefined {
  const text = symbol.trim();
  const margined = /^([^:]+):([A-Z]+)$/.exec(text);
  const bitfinex = /^t([A-Z0-9]+)F0:USTF0$/.exec(text);
  if (bitfinex) return pairOfSymbol(`${bitfinex[1]}-USDT`);
  // Kraken's linear perpetuals begin with PF, KuCoin's end in an M behind their quote.
  const name = (margined?.[1] ?? text)
    .replace(/^PF_/, "")
    .replace(/(?<=[A-Z0-9]{2}USD[TC])M$/, "")
    .replace(SUFFIX, "");
  if (margined && !margined[1]!.endsWith(margined[2]!)) return undefined;
  if (/[-_](20)?\d{6}$/.test(name)) return undefined;
  const [pair, ...others] = readingsOf(name);
  const inverse = SUFFIX.test(text) && !margined && pair?.endsWith("/USD");
  return others.length > 0 || inverse ? undefined : pair;
}

/**
 * Returns the pair of a row whose cell names a coin: a coin's rows are filed under the pair that was asked for,
 * else under the coin in the quote given.
 * @param quote undefined where nothing tells it: such a coin names no pair
 */
export function pairOfCoin(cell: string, asked: string | undefined, quote: string | undefined): string | undefined {
  const coin = baseName(cell.trim().replace(/[-_]?(PERP|PERPETUAL|SWAP)$/i, "") || cell.trim());
  const known = asked !== undefined && coin.toUpperCase() === baseOf(asked).toUpperCase();
  if (known) return asked;
  if (!isCoin(coin)) return pairOfSymbol(cell);
  try {
    return quote === undefined ? undefined : parsePair(`${coin}/${quote}`);
  } catch {
    return undefined;
  }
}

/** Returns the pair that a row's own words name in a file of one pair. */
export const pairOfMarket = (text: string, {kind}: Market, asked: string): string | undefined =>
  kind === "coin" ? pairOfCoin(text, asked, quoteOf(asked)) : pairOfSymbol(text);

/** Returns the records that are of a pair. */
export const ofPair = (sample: readonly TableRecord[], {market}: ColumnPlan, pair: string): readonly TableRecord[] =>
  market === undefined
    ? sample
    : sample.filter(({fields}) => pairOfMarket(marketText(fields, market), market, pair) === pair);

/** Returns the pair of a file: as given, by its rows, or by its name. @throws Stop where they disagree or tell none */
export function pairOf(
  facts: NameFacts,
  sample: readonly TableRecord[],
  {market}: ColumnPlan,
  {series, given}: {series: string; given: Given}
): {pair: string; filtered: boolean} {
  const asked = given.pair === undefined ? undefined : parsePair(given.pair);
  const named = facts.pairs.length === 1 ? facts.pairs[0] : undefined;
  const known = asked ?? named;
  // A rate of borrowing is that of its coin, in whatever its pair is quoted.
  const quote =
    known !== undefined
      ? quoteOf(known)
      : series === "borrow"
        ? "USDT"
        : series === "spot"
          ? undefined
          : USUAL_QUOTE[given.venue];
  const readCell = (cell: string) => (market?.kind === "coin" ? pairOfCoin(cell, known, quote) : pairOfSymbol(cell));
  const symbols =
    market === undefined ? [] : [...new Set(sample.flatMap(({fields}) => marketText(fields, market) || []))];
  if (asked !== undefined && facts.pairs.length > 0 && !facts.pairs.includes(asked)) {
    stop(refused("other-pair", `its name says ${facts.pairs.join(" or ")}, not ${asked}`));
  }
  if (asked !== undefined && symbols.length === 0 && facts.coin !== undefined && baseOf(asked) !== facts.coin) {
    stop(refused("other-pair", `its name says ${facts.coin}, not ${asked}`, "rename it if it is of another coin"));
  }
  if (asked !== undefined) {
    if (symbols.length > 0 && !symbols.some((symbol) => readCell(symbol) === asked)) {
      stop(refused("other-pair", `its rows are of ${listed(symbols)}, none of ${asked}`));
    }
    return {pair: asked, filtered: symbols.length > 0};
  }
  const coinOf = (symbol: string) => perpOf(symbol) ?? (market?.kind === "coin" ? symbol : undefined);
  if (symbols.length > 1) {
    const first = readCell(symbols[0]!);
    return stop(
      open(
        "several-pairs",
        `its rows are of ${listed(symbols)}`,
        first === undefined ? askPair(coinOf(symbols[0]!), given) : `pass --pair ${first} to take those of one`
      )
    );
  }
  if (symbols.length === 1) {
    const pair = readCell(symbols[0]!);
    if (pair === undefined) {
      const coin = coinOf(symbols[0]!);
      return stop(
        open(
          "pair",
          `its rows are of ${symbols[0]}, which names no ${coin === undefined ? "pair known here" : "quote"}`,
          askPair(coin, given)
        )
      );
    }
    if (facts.pairs.length > 0 && !facts.pairs.includes(pair)) {
      stop(refused("other-pair", `its name says ${facts.pairs.join(" or ")}, its rows ${pair}`, `pass --pair ${pair}`));
    }
    return {pair, filtered: true};
  }
  if (facts.pairs.length > 1) {
    return stop(open("pair", `its name may mean ${facts.pairs.join(" or ")}`, `pass --pair ${facts.pairs[0]}`));
  }
  if (named !== undefined) return {pair: named, filtered: false};
  const {perpOf: perp, coin} = facts;
  const why =
    perp !== undefined
      ? `its name says a perpetual of ${perp}, not its quote`
      : coin !== undefined
        ? `its name says ${coin}, not its quote`
        : "nothing in it tells its pair";
  return stop(open("pair", why, askPair(perp ?? coin, given)));
}

/** What perpetuals are quoted in at venues that quote them all alike. */
const USUAL_QUOTE: Readonly<Record<string, string>> = {hyperliquid: "USDC"};

/** Returns the flag to pass. A perpetual without a quote is quoted in USDC at Bybit; elsewhere it may be in any. */
function askPair(coin: string | undefined, {venue}: Given): string {
  const usual = USUAL_QUOTE[venue];
  if (usual !== undefined) return `pass --pair ${coin ?? "BTC"}/${usual}`;
  if (coin === undefined) return "pass --pair BTC/USDT";
  return `pass --pair with its quote, ${venue === "bybit" ? `there ${coin}/USDC` : `e.g. ${coin}/USDT`}`;
}

/** Venues whose perpetuals quoted in US dollars are margined in the coin, so that they pay in coins. */
const COIN_MARGINED = new Set(["binance", "bybit", "okx", "bitmex", "deribit", "bitget", "htx", "gate"]);

/** Refuses a perpetual quoted in USD where such contracts are inverse, whatever its name says. */
export function checkContract(pair: string, series: string, {venue}: Given): void {
  if (
    series === "spot" ||
    series === "borrow" ||
    isOwnSeries(series) ||
    !pair.endsWith("/USD") ||
    !COIN_MARGINED.has(venue)
  )
    return;
  stop(refused("contract", `a perpetual of ${pair} at ${venue} is an inverse contract; histories are of linear ones`));
}

/**
 * Returns the venue that a row names, as a ccxt id: `binance-futures` is binance; undefined for a name that is not
 * known.
 */
export function venueOfCell(cell: string): string | undefined {
  const [word = ""] = cell
    .trim()
    .toLowerCase()
    .split(/[^a-z0-9]/);
  const venue = word === "okex" ? "okx" : word === "gateio" ? "gate" : word;
  return isVenue(venue) ? venue : undefined;
}

/** Refuses a table whose rows all name another venue; rows of others beside the wanted ones are passed over. */
export function checkVenue(sample: readonly TableRecord[], {columns}: ColumnPlan, {venue}: Given): void {
  if (columns.venue === undefined) return;
  const named = sample.map(({fields}) => venueOfCell(fields[columns.venue!] ?? ""));
  const [first] = named.filter((name) => name !== undefined);
  if (first === undefined || named.some((name) => name === undefined || sameVenue(name, venue))) return;
  stop(refused("other-venue", `its rows are of ${first}, none of ${venue}`, `pass --venue ${first}`));
}

/**
 * Returns true if two names are of one venue, whose futures may have a ccxt id of their own: `krakenfutures`,
 * `binanceusdm`.
 */
export const sameVenue = (named: string, venue: string): boolean => venue.startsWith(named);

const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
