import {baseOf, quoteOf} from "../../../src/lib/market/pair.js";
import type {ColumnPlan, Market} from "./columns.js";
import {pairOfSymbol} from "./identity.js";
import {marketColumns, marketText} from "./markets.js";
import {refused, stop} from "./refusal.js";
import {baseName, isQuote} from "./symbols.js";
import type {Table, TableRecord} from "./table.js";

/** Base and quote that a cell names; the quote is undefined for a coin. */
interface Named {
  base: string;
  quote: string | undefined;
}

/** A coin without its count: `1000PEPE` and `kPEPE` are units of PEPE. */
const uncounted = (base: string): string => base.replace(/^(?:10{3,6}|k)(?=[A-Z])/, "");

function namedBy(text: string, {kind}: Market): Named | undefined {
  if (text === "") return undefined;
  const pair = kind === "symbol" ? pairOfSymbol(text) : undefined;
  if (pair !== undefined) return {base: uncounted(baseOf(pair)), quote: quoteOf(pair)};
  if (kind === "symbol") return undefined;
  return {base: uncounted(baseName(text.replace(/[-_ ]?(PERP|PERPETUAL|SWAP)$/i, ""))), quote: undefined};
}

/** True where two columns of a row cannot both be right. A currency beside a pair may be either of its two. */
function contradict(a: Named, b: Named): boolean {
  if (a.quote !== undefined && b.quote !== undefined) return a.base !== b.base || a.quote !== b.quote;
  const [coin, pair] = a.quote === undefined ? [a, b] : [b, a];
  return coin.base !== pair.base && coin.base !== pair.quote && !(pair.quote === undefined && isQuote(coin.base));
}

/**
 * Returns a function that finds the column of a row that names another market than the one by which rows are told, and the
 * texts of both; undefined where they agree, or where a row says nothing.
 */
export function rivalIn(
  plan: Pick<ColumnPlan, "market" | "rivals">
): (fields: TableRecord["fields"]) => Rival | undefined {
  const {market, rivals} = plan;
  if (market === undefined || rivals.length === 0) return () => undefined;
  const known = new Map<string, boolean>();
  return (fields) => {
    const own = marketText(fields, market);
    for (const rival of rivals) {
      const other = marketText(fields, rival);
      const id = `${rival.columns[0]} ${own} ${other}`;
      if (!known.has(id)) {
        const [a, b] = [namedBy(own, market), namedBy(other, rival)];
        known.set(id, a !== undefined && b !== undefined && contradict(a, b));
      }
      if (known.get(id)) return {column: rival.columns[0]!, own, other};
    }
    return undefined;
  };
}

interface Rival {
  column: number;
  own: string;
  other: string;
}

/** Finds the other columns that name markets, and refuses rows in which two of them name different ones (§9.1). */
export function withRivals(plan: ColumnPlan, sample: readonly TableRecord[], table: Table): ColumnPlan {
  const {market} = plan;
  if (market === undefined) return plan;
  const rivals = marketColumns(plan, sample, table).filter(({columns}) => !market.columns.includes(columns[0]!));
  const found = {...plan, rivals};
  const find = rivalIn(found);
  for (const {fields} of sample) {
    const rival = find(fields);
    if (rival === undefined) continue;
    const nameOf = (column: number) => table.header?.[column]?.trim() || String(column + 1);
    const [a, b] = [market.columns.map(nameOf).join("/"), nameOf(rival.column)];
    stop(
      refused(
        "pair",
        `its columns ${a} and ${b} name different markets (${rival.own} and ${rival.other})`,
        "correct the file, or take out the column that is wrong"
      )
    );
  }
  return found;
}
