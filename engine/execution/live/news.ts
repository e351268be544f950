import {text, ZERO} from "../../../src/lib/money/decimal.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {listOf, objectOf} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import {fillRecord} from "../../journal/codec.js";
import type {AccountRecord, ForeignRecord} from "../../journal/events.js";
import type {VenueNews} from "../venue.js";
import type {BybitAccount} from "./account.js";
import {decimalField, fillFrom, textField, tsField} from "./fill.js";
import type {OrderMarket, PairMarkets} from "./markets.js";
import type {Seen} from "./seen.js";

interface NewsOptions {
  account: BybitAccount;
  signal: AbortSignal;
  markets: readonly PairMarkets[];
  seen: Seen;
  lost: ReadonlySet<string>;
  /** start of the journal, UTC ms; earlier events are ignored */
  baselineTs: number;
  venueMs: number;
  /** time of the newest step, UTC ms; covers days of downtime */
  sinceMs: number;
}

/** Each query goes back at least this far, ms, to catch late rows. */
const BACK_MS = 86_400_000;
/** Each query goes back this far before the newest step, ms. */
const OVERLAP_MS = 3_600_000;

/** Log types that the executions already cover. */
const EXECUTED = ["TRADE", "LIQUIDATION", "ADL", "DELIVERY"];

/** Execution type of a spread leg's fill. */
const SPREAD_LEG = "FutureSpread";

const FORCED: Record<string, ForeignRecord["cause"]> = {
  AdlTrade: "adl",
  BustTrade: "liquidation",
  Settle: "settlement",
  Delivery: "settlement"
};

/** Reads executions and the log since the newest step, at least a day, and returns what the ledger lacks. */
export async function newsOf({
  account,
  signal,
  markets,
  seen,
  lost,
  baselineTs,
  venueMs,
  sinceMs
}: NewsOptions): Promise<VenueNews> {
  const since = Math.max(baselineTs, Math.min(sinceMs - OVERLAP_MS, venueMs - BACK_MS));
  const [spot, linear, log] = await Promise.all([
    account.executionsSince("spot", since, venueMs, {signal}),
    account.executionsSince("linear", since, venueMs, {signal}),
    account.logSince(since, venueMs, {signal})
  ]);
  const news: VenueNews = {payments: [], foreign: [], account: []};
  const bySymbol = (read: (own: PairMarkets) => OrderMarket) =>
    new Map(markets.map((own) => [read(own).symbol, {pair: own.pair, market: read(own)}]));
  const unseen = (row: Fields) => !seen.has(textField(row, "execId")) && tsField(row, "execTime") > baselineTs;
  const orderOf = await clientIdLookup(account, [...spot, ...linear].filter(unseen), since, signal);
  const symbols = {spot: bySymbol(({spot}) => spot), linear: bySymbol(({perp}) => perp)};
  for (const [rows, named] of [
    [spot, symbols.spot],
    [linear, symbols.linear]
  ] as const) {
    for (const row of rows) {
      const type = textOf(row["execType"]) ?? "";
      const id = textField(row, "execId");
      if (type === "Funding" || !unseen(row)) continue;
      const known = named.get(textOf(row["symbol"]) ?? "");
      if (known) {
        const fill = fillRecord(fillFrom(row, known.market));
        news.foreign.push({pair: known.pair, record: {id, cause: causeOf(type, orderOf(row), lost), fill}});
      } else news.account.push(untrackedTrade(row, id));
    }
  }
  for (const row of log) readLog(row, {news, seen, baselineTs, pairs: symbols.linear, coins: markets});
  // Both legs of a spread fill at one instant. A hedge built from them starts with the short, whose price sets the
  // margin.
  const byTs = (a: ForeignRecord, b: ForeignRecord) =>
    a.fill.ts - b.fill.ts || (a.fill.leg === b.fill.leg ? (a.id < b.id ? -1 : 1) : a.fill.leg === "perp" ? -1 : 1);
  news.foreign.sort((a, b) => byTs(a.record, b.record));
  return news;
}

const causeOf = (type: string, clientId: string, lost: ReadonlySet<string>): ForeignRecord["cause"] =>
  FORCED[type] ?? (lost.has(clientId) ? "late" : "outside");

/**
 * Returns a function from an execution to its order's client id. Spread legs are listed without one, so it is looked up
 * in the spread orders' own fills.
 */
async function clientIdLookup(
  account: BybitAccount,
  rows: readonly Fields[],
  since: number,
  signal: AbortSignal
): Promise<(row: Fields) => string> {
  const byLeg = new Map<string, string>();
  if (rows.some((row) => row["execType"] === SPREAD_LEG)) {
    for (const fill of await account.spreadExecutionsSince(since, {signal})) {
      const clientId = textOf(fill["orderLinkId"]) ?? "";
      for (const leg of listOf(fill["legs"], "legs").map(objectOf)) byLeg.set(textOf(leg["execId"]) ?? "", clientId);
    }
  }
  return (row) => byLeg.get(textOf(row["execId"]) ?? "") ?? textOf(row["orderLinkId"]) ?? "";
}

/** Returns the cash change, in quote, of a trade in an untracked market. */
function untrackedTrade(row: Fields, id: string): AccountRecord {
  const value = decimalField(row, "execPrice").times(decimalField(row, "execQty"));
  const flow = textOf(row["side"]) === "Buy" ? value.neg() : value;
  const currency = textOf(row["feeCurrency"]);
  const fee = !currency || currency === "USDT" ? decimalField(row, "execFee") : ZERO;
  return {
    id,
    ts: tsField(row, "execTime"),
    what: `trade of ${textOf(row["symbol"]) ?? "?"}, which is not followed`,
    amount: text(flow.minus(fee))
  };
}

interface LogReading {
  news: VenueNews;
  seen: Seen;
  baselineTs: number;
  pairs: ReadonlyMap<string, {pair: string}>;
  coins: readonly PairMarkets[];
}

function readLog(row: Fields, {news, seen, baselineTs, pairs, coins}: LogReading): void {
  const type = textOf(row["type"]) ?? "";
  const ts = tsField(row, "transactionTime");
  const id = `log ${textOf(row["id"]) || `${type} ${ts} ${textOf(row["currency"])}`}`;
  if (EXECUTED.includes(type) || ts <= baselineTs) return;
  const pair = pairs.get(textOf(row["symbol"]) ?? "")?.pair;
  if (type === "SETTLEMENT" && pair !== undefined) {
    news.payments.push({pair, tsMs: ts, amount: text(decimalField(row, "change"))});
    return;
  }
  if (seen.has(id)) return;
  const amount = text(decimalField(row, "change"));
  const currency = textOf(row["currency"]) ?? "";
  const coin = coins.find((own) => own.coin === currency);
  const what = type.toLowerCase().replaceAll("_", " ");
  if (currency === "USDT") news.account.push({id, ts, what, amount});
  else if (coin) news.account.push({id, ts, what, amount, pair: coin.pair});
}
