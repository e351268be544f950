import {plainName} from "./column-names.js";
import type {ColumnPlan, Market} from "./columns.js";
import {isVenue} from "./name.js";
import {isCoin, isQuote, isWord, readingsOf} from "./symbols.js";
import type {Table, TableRecord} from "./table.js";

/** Names that say a coin, whatever its letters; the most specific first. */
const COIN_NAMES = ["baseasset", "basecurrency", "basecoin", "base", "coin", "coinname"];
const QUOTE_NAMES = new Set(["quote", "quoteasset", "quotecurrency", "quotecoin"]);
/** Names that may say a market, and then say it in words that are also something else: believed before unknown names. */
const MARKET_NAMES = new Set(
  (
    "asset currency ccy underlying contract token name product code s i sym marketname pairname securityid security " +
    "contracts contractname contractcode productid instrumentid instrumentcode currencypair"
  ).split(" ")
);
/** Names that say a market and nothing else. */
const SYMBOL_NAMES = new Set("instid instrumentname symbol instrument market ticker pair pairsymbol".split(" "));
/** Names of which a word in capitals that is not known here is a coin that is new. */
const ASSET_NAMES = new Set(["asset", "token", "currency", "ccy", "sym"]);
/** Kinds of markets, which name none. */
const isKind = (text: string): boolean =>
  /^(spot|swaps?|perps?|perpetuals?|futures?|linear|inverse|margin|options?|crypto|um|cm|usd[tc]?[-_ ]?(m|futures|perpetual))$/i.test(
    text
  );
/** Columns of coins that are not the row's own: what fees, margin and settlement are paid in. */
const PAID_IN = /fee|settle|margin|quote|collateral|commission|reward|unit|payout|profit/;

/** A cell without what marks its contract: `ETH-PERP`, `BTCUSDT_240628` and `BTC/USDT:USDT` name a coin and two pairs. */
const bareSymbol = (text: string): string =>
  text
    .replace(/^t(?=[A-Z0-9]+F0:USTF0$)/, "")
    .replace(/F0:USTF0$/, "-USDT")
    .replace(/^(PF|PI|FF|FI)_/, "")
    .replace(/:[A-Z]+$/, "")
    .replace(/(?<=USD[TC]?)M$/, "")
    .replace(/[-_ ]?(SWAP|PERP|PERPETUAL)$/i, "")
    .replace(/[-_]((20)?\d{6}|\d{1,2}[A-Z]{3}\d{2}|(BI)?QUARTER(LY)?)$/i, "");

/** True for a symbol that is no ordinary word which happens to end like one: `ENTRY` is no EN in lira. */
function isSymbol(text: string): boolean {
  const bare = bareSymbol(text);
  const pairs = readingsOf(bare);
  return pairs.some(
    (pair) => /[-_/]/.test(bare) || isCoin(pair.split("/")[0]!) || (/^[A-Z0-9]{5,}$/.test(bare) && /USD/.test(pair))
  );
}

const isCoinCell = (text: string): boolean => isCoin(bareSymbol(text)) && !isVenue(text);
const isNumber = (text: string): boolean => /^[-+]?[\d.,]+(e[-+]?\d+)?\s*%?$/i.test(text);
/** Currencies that are a quote alone: Bitcoin and Ether are coins first. */
const isMoney = (text: string): boolean => isQuote(text) && !isCoin(text);

/** Returns what the cells of a column name, where nearly all of them do. */
function kindOf(cells: readonly string[], name: string): Market["kind"] | undefined {
  const nearly = (is: (text: string) => boolean) => cells.filter(is).length >= cells.length * 0.8;
  if (cells.length === 0 || PAID_IN.test(name)) return undefined;
  if (cells.some(isSymbol) && nearly((text) => isSymbol(text) && !isWord(text))) return "symbol";
  const isNamed = MARKET_NAMES.has(name) || COIN_NAMES.includes(name);
  const isOne = isNamed ? isCoinCell : (text: string) => isCoinCell(text) && !isWord(text);
  if (cells.some(isOne) && nearly((text) => isCoinCell(text) || isMoney(text))) return "coin";
  // A column named after coins holds coins, known here or not.
  const letters = COIN_NAMES.includes(name)
    ? /^[A-Za-z0-9]{1,20}$/
    : ASSET_NAMES.has(name)
      ? /^[A-Z0-9]{2,12}$/
      : undefined;
  if (letters === undefined || cells.every(isMoney)) return undefined;
  return nearly((text) => letters.test(text) && !isKind(text) && !isVenue(text)) ? "coin" : undefined;
}

/**
 * Finds the columns that tell a row's market (§9.1): by their names, else by their cells, which nearly all name a pair or a
 * coin. Currencies that are quotes alone, venues and kinds of contracts name none.
 * @param borrow rates of coins, where a coin tells more than the margin account of a pair
 */
export function withMarket(
  plan: ColumnPlan,
  sample: readonly TableRecord[],
  table: Table,
  borrow: boolean
): ColumnPlan {
  const found = marketOf(plan, sample, table, borrow);
  if (found === undefined) return plan;
  const {market, field} = found;
  const nameOf = (index: number) => table.header?.[index]?.trim() || String(index + 1);
  const names = market.columns.map(nameOf);
  return {
    ...plan,
    market,
    used: {...plan.used, [field]: names.join("/")},
    ignored: plan.ignored.filter((name) => !names.includes(name))
  };
}

function marketOf(
  {columns}: ColumnPlan,
  sample: readonly TableRecord[],
  {header, width}: Table,
  borrow: boolean
): {market: Market; field: "symbol" | "pair" | "coin"} | undefined {
  const cellsAt = (column: number) => [...new Set(sample.flatMap(({fields}) => fields[column]?.trim() || []))];
  const names = Array.from({length: width}, (_, i) => plainName(header?.[i] ?? ""));
  const taken = new Set(Object.values(columns));
  const quote = names.findIndex((name, i) => QUOTE_NAMES.has(name) && !taken.has(i) && cellsAt(i).some(isQuote));
  const withQuote = (column: number): Market =>
    quote < 0 || borrow ? {kind: "coin", columns: [column]} : {kind: "symbol", columns: [column, quote]};
  if (borrow && columns.coin !== undefined) return {market: {kind: "coin", columns: [columns.coin]}, field: "coin"};
  const named = columns.pair ?? columns.symbol;
  if (named !== undefined && !cellsAt(named).every((text) => isKind(text) || isVenue(text))) {
    const field = named === columns.pair ? "pair" : "symbol";
    const cells = cellsAt(named);
    const areCoins = cells.length > 0 && cells.every((text) => isCoin(text));
    return {market: areCoins ? withQuote(named) : {kind: "symbol", columns: [named]}, field};
  }
  const rank = (name: string): number => {
    const coin = COIN_NAMES.indexOf(name);
    return coin >= 0 ? coin : COIN_NAMES.length + (MARKET_NAMES.has(name) ? 0 : 1);
  };
  const candidates = names
    .flatMap((name, index) => {
      const cells = taken.has(index) || index === quote ? [] : cellsAt(index);
      const kind = cells.some(isNumber) ? undefined : kindOf(cells, name);
      return kind === undefined ? [] : [{index, kind, rank: rank(name)}];
    })
    .sort((a, b) => Number(a.kind === "coin") - Number(b.kind === "coin") || a.rank - b.rank);
  const best = candidates[0];
  if (best === undefined) return undefined;
  return {
    market: best.kind === "coin" ? withQuote(best.index) : {kind: "symbol", columns: [best.index]},
    field: best.kind
  };
}

/** Returns all columns that name markets or coins, the chosen one among them, but not what is paid in a coin or a quote. */
export function marketColumns({columns}: ColumnPlan, sample: readonly TableRecord[], {header, width}: Table): Market[] {
  const {pair, symbol, coin, ...others} = columns;
  const values = new Set(Object.values(others));
  return Array.from({length: width}, (_, i) => i).flatMap((i) => {
    const name = plainName(header?.[i] ?? "");
    const cells =
      values.has(i) || QUOTE_NAMES.has(name) ? [] : [...new Set(sample.flatMap(({fields}) => fields[i]?.trim() || []))];
    const isNamed =
      [pair, symbol, coin].includes(i) ||
      [SYMBOL_NAMES, MARKET_NAMES].some((names) => names.has(name)) ||
      COIN_NAMES.includes(name);
    const kind = isNamed && !cells.some(isNumber) ? kindOf(cells, name) : undefined;
    return kind === undefined ? [] : [{kind, columns: [i]}];
  });
}

/** Returns what a row says of its market: `BTCUSDT`, `BTC`, `BTC/USDT` of base and quote; empty where it says nothing. */
export function marketText(fields: TableRecord["fields"], {columns}: Market): string {
  const cells = columns.map((column) => fields[column]?.trim() ?? "");
  return cells.includes("") ? "" : cells.join("/");
}
