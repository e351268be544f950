import {isSeries, parsePair} from "../../../src/lib/market/pair.js";
import {HOUR_MS, isTimeframe, MINUTE_MS, timeframeMs} from "../../../src/lib/time/grid.js";
import {UsageError} from "../../errors.js";
import type {Field} from "../../rows.js";
import type {SeriesKey} from "../../store/key.js";
import {planColumns, plainName, type ColumnPlan} from "./columns.js";
import {readName, type Contract, type FileSeries, type NameFacts, type Source} from "./name.js";
import {looksScaled, rateRows} from "./settlements.js";
import {ordersOf, readInstant, readStamp, type DateOrder, type StampReading} from "./stamp.js";
import {readingsOf} from "./symbols.js";
import type {Table, TableRecord} from "./table.js";
import {checkZone} from "./zone.js";

export type RateUnit = "share" | "percent" | "bps";

/** What the person who imports says of all files. */
export interface Given {
  venue: string;
  pair?: string | undefined;
  series?: string | undefined;
  timeframe?: string | undefined;
  mapping?: Partial<Record<Field, string>> | undefined;
  /** zone of stamps that name none */
  tz?: string | undefined;
  rateUnit?: RateUnit | undefined;
  /** how `12/01/2026` is read */
  dateOrder?: DateOrder | undefined;
  badRows?: "refuse" | "skip" | undefined;
  /** rows that differ from stored ones replace them */
  replace?: boolean | undefined;
  /** the interval of the settlements of files that do not tell whether their rates are carried on */
  intervalHours?: number | undefined;
}

/** How one table is read. */
export interface TablePlan {
  key: SeriesKey;
  source: Source;
  contract: Contract | undefined;
  columns: ColumnPlan;
  reading: StampReading;
  /** where the zone of stamps comes from */
  zoneFrom: "stamps" | "given" | "source" | "header";
  rateUnit: RateUnit;
  /** rows of other markets in the same table are passed over */
  filtered: boolean;
  /** only rows on this grid are settlements, the rate of each is carried on to the rows between; hours */
  carriedHours: number | undefined;
}

/** Why a table is not imported; `open` ones can be answered with the flag named. */
export interface Refused {
  state: "open" | "refused";
  code:
    | "unreadable"
    | "not-history"
    | "contract"
    | "series"
    | "series-not-kept"
    | "pair"
    | "several-pairs"
    | "other-pair"
    | "other-venue"
    | "timeframe"
    | "columns"
    | "volume"
    | "forecast"
    | "tz"
    | "local-clock"
    | "date-order"
    | "rate-unit"
    | "carried-rates"
    | "rows";
  reason: string;
  fix: string | undefined;
}

export type Planned = {state: "clear"; plan: TablePlan} | Refused;

const refused = (code: Refused["code"], reason: string, fix?: string): Refused => ({
  state: "refused",
  code,
  reason,
  fix
});
const open = (code: Refused["code"], reason: string, fix: string): Refused => ({state: "open", code, reason, fix});
/** Carries a refusal out of the small steps of a plan. */
class Stop extends Error {
  constructor(readonly refusal: Refused) {
    super(refusal.reason);
  }
}
const stop = (refusal: Refused): never => {
  throw new Stop(refusal);
};

/** How many records are looked at to plan a table; what contradicts the plan further down refuses the file. */
const SAMPLE = 5_000;
/** Venues that settle on whole multiples of the interval from midnight UTC. */
const ON_MIDNIGHT = new Set(["binance", "bybit", "okx", "bitget", "gate", "htx", "hyperliquid", "kucoin", "mexc"]);
/** Venues that settle hourly. */
const HOURLY = new Set(["hyperliquid", "krakenfutures", "dydx", "paradex", "vertex"]);

/**
 * Checks what was given for all files, before any is opened.
 * @throws UsageError naming the value that is none
 */
export function checkGiven(given: Given): void {
  if (given.series !== undefined && (!isSeries(given.series) || given.series === "predicted")) {
    throw new UsageError(`invalid series: ${given.series}`, {fix: "series are funding, spot, perp, mark, index"});
  }
  if (given.pair !== undefined) {
    try {
      parsePair(given.pair);
    } catch (error) {
      throw new UsageError((error as Error).message, {fix: "write it as BTC/USDT"});
    }
  }
  if (given.timeframe !== undefined && !isTimeframe(given.timeframe)) {
    throw new UsageError(`invalid timeframe: ${given.timeframe}`, {fix: "timeframes are 1m, 5m, 15m, 1h, 4h, 8h, 1d"});
  }
  if (given.tz !== undefined) {
    try {
      checkZone(given.tz);
    } catch (error) {
      throw new UsageError((error as Error).message, {fix: "use UTC, a zone such as Europe/Berlin, or +03:00"});
    }
  }
  if (given.intervalHours !== undefined && ![1, 2, 4, 6, 8].includes(given.intervalHours)) {
    throw new UsageError(`invalid interval-hours: ${given.intervalHours}`, {
      fix: "intervals are 1, 2, 4, 6 or 8 hours"
    });
  }
}

/** Plans how a table is read from its name, its header and its first records, and says what is open. Stores nothing. */
export async function planTable(table: Table, given: Given): Promise<Planned> {
  try {
    return {state: "clear", plan: await planned(table, given)};
  } catch (error) {
    if (error instanceof Stop) return error.refusal;
    throw error;
  }
}

async function planned(table: Table, given: Given): Promise<TablePlan> {
  const facts = identify(table, given);
  const sample = await sampleOf(table);
  if (sample.length === 0) stop(refused("rows", "it has no rows"));
  const series = seriesOf(facts, given, table.header);
  const funding = series === "funding";
  const options = {
    kind: funding
      ? ("funding" as const)
      : series === "mark" || series === "index"
        ? ("closes" as const)
        : ("candles" as const),
    spot: series === "spot",
    pair: given.pair === undefined ? facts.pairs[0] : parsePair(given.pair),
    rateInOpen: facts.source === "freqtrade" && funding,
    mapping: given.mapping
  };
  const columns = (() => {
    try {
      return planColumns(
        table.header,
        sample.slice(0, 200).map(({fields}) => fields),
        options
      );
    } catch (error) {
      return stop(
        refused(
          "columns",
          (error as Error).message,
          "name the columns with --columns ts=…,rate=… or ts=…,open=…,high=…,low=…,close=…,volume=…"
        )
      );
    }
  })();
  if (funding && columns.forecastColumns.length > 0 && given.mapping?.rate === undefined) {
    stop(
      refused(
        "forecast",
        `it holds a ticker or forecasts (${columns.forecastColumns.join(", ")}), and no settlements`,
        "import a file of settled rates; name its column with --columns rate=… if this is one"
      )
    );
  }
  const {pair, filtered} = pairOf(facts, sample, columns, given);
  const {reading, zoneFrom} = readingOf(facts, table, sample, columns, given);
  const instants = sample.flatMap(({fields}) => instantIn(fields[columns.columns.ts!], reading) ?? []);
  const timeframe = funding ? "" : timeframeOf(facts, instants, given);
  if (!funding) checkVolume(sample, columns, table);
  const rateUnit = funding ? rateUnitOf(sample, columns, table, given) : "share";
  const carriedHours = funding
    ? carriedOf({sample, columns, reading, zoneFrom, filtered, facts, pair}, given)
    : undefined;
  return {
    key: {venue: given.venue, series, pair, timeframe},
    source: facts.source,
    contract: facts.contract,
    columns,
    reading,
    zoneFrom,
    rateUnit,
    filtered,
    carriedHours
  };
}

async function sampleOf(table: Table): Promise<TableRecord[]> {
  const sample: TableRecord[] = [];
  for await (const record of table.records()) {
    if (!isBlank(record.fields) && !repeatsHeader(record.fields, table.header)) sample.push(record);
    if (sample.length === SAMPLE) break;
  }
  return sample;
}

export const isBlank = (fields: readonly (string | null)[]): boolean =>
  fields.every((cell) => cell === null || cell.trim() === "");

/** True for a header that stands again among the rows, as in files that were joined. */
export const repeatsHeader = (fields: readonly (string | null)[], header: readonly string[] | undefined): boolean =>
  header !== undefined &&
  fields.length === header.length &&
  fields.every((cell, i) => cell?.trim() === header[i]!.trim());

/** What names say: the archive's, and the member's where there is one. */
function identify(table: Table, given: Given): NameFacts {
  const own = readName(table.path);
  const facts = table.member === undefined ? own : joined(own, readName(memberPath(table)), table);
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

function seriesOf(facts: NameFacts, given: Given, header: readonly string[] | undefined): SeriesKey["series"] {
  const named = facts.series;
  if (given.series !== undefined && facts.source !== undefined && named !== undefined && named !== given.series) {
    stop(refused("series", `its name says ${named}, not ${given.series}`));
  }
  const series: FileSeries | undefined =
    given.series === undefined ? (named ?? seriesByHeader(header)) : (given.series as FileSeries);
  if (series === undefined)
    return stop(open("series", "nothing in it tells its series", "pass --series funding|spot|perp|mark|index"));
  if (!isSeries(series))
    return stop(refused("series-not-kept", `it holds ${WORDS[series] ?? series}, which is not kept here`));
  return series;
}

const WORDS: Partial<Record<FileSeries, string>> = {
  premium: "the premium index",
  "open-interest": "open interest",
  borrow: "borrow rates"
};

/** A header that names a settled rate, and no candle, is one of settlements whatever the file is called. */
function seriesByHeader(header: readonly string[] | undefined): FileSeries | undefined {
  const names = (header ?? []).map(plainName);
  const rates = ["fundingrate", "lastfundingrate", "realizedrate", "realfundingrate", "relativefundingrate"];
  return names.some((name) => rates.includes(name)) && !names.includes("open") ? "funding" : undefined;
}

/** The pair of a row's own symbol (`BTC-USDT-SWAP`, `BTC/USDT:USDT`), and none for another kind of contract. */
export function pairOfSymbol(symbol: string): string | undefined {
  const text = symbol.trim();
  const settled = /^([^:]+):([A-Z]+)$/.exec(text);
  if (settled && !settled[1]!.endsWith(settled[2]!)) return undefined;
  const name = (settled?.[1] ?? text).replace(/[-_](SWAP|PERP|PERPETUAL)$/i, "");
  if (/[-_]\d{6}$/.test(name)) return undefined;
  const [pair, ...others] = readingsOf(name);
  const inverse = name !== text && !settled && pair?.endsWith("/USD");
  return others.length > 0 || inverse ? undefined : pair;
}

function pairOf(
  facts: NameFacts,
  sample: readonly TableRecord[],
  {columns}: ColumnPlan,
  given: Given
): {pair: string; filtered: boolean} {
  const column = columns.pair ?? columns.symbol;
  const symbols = column === undefined ? [] : [...new Set(sample.flatMap(({fields}) => fields[column]?.trim() || []))];
  const asked = given.pair === undefined ? undefined : parsePair(given.pair);
  if (asked !== undefined && facts.pairs.length > 0 && !facts.pairs.includes(asked)) {
    stop(refused("other-pair", `its name says ${facts.pairs.join(" or ")}, not ${asked}`));
  }
  if (asked !== undefined) {
    if (symbols.length > 0 && !symbols.some((symbol) => pairOfSymbol(symbol) === asked)) {
      stop(refused("other-pair", `its rows are of ${listed(symbols)}, none of ${asked}`));
    }
    return {pair: asked, filtered: symbols.length > 0};
  }
  if (symbols.length > 1) {
    return stop(
      open(
        "several-pairs",
        `its rows are of ${listed(symbols)}`,
        `pass --pair ${pairOfSymbol(symbols[0]!) ?? "BTC/USDT"} to take those of one`
      )
    );
  }
  if (symbols.length === 1) {
    const pair = pairOfSymbol(symbols[0]!);
    if (pair === undefined)
      return stop(
        open("pair", `its rows are of ${symbols[0]}, which names no pair known here`, "pass --pair BTC/USDT")
      );
    if (facts.pairs.length > 0 && !facts.pairs.includes(pair)) {
      stop(refused("other-pair", `its name says ${facts.pairs.join(" or ")}, its rows ${pair}`, `pass --pair ${pair}`));
    }
    return {pair, filtered: true};
  }
  if (facts.pairs.length > 1) {
    return stop(open("pair", `its name may mean ${facts.pairs.join(" or ")}`, `pass --pair ${facts.pairs[0]}`));
  }
  const pair = facts.pairs[0];
  return pair === undefined
    ? stop(open("pair", "nothing in it tells its pair", "pass --pair BTC/USDT"))
    : {pair, filtered: false};
}

const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");

/** Sources whose stamps without a zone are known to be UTC. */
const UTC_SOURCES = new Set<Source>([
  "binance",
  "bybit",
  "okx",
  "freqtrade",
  "cryptodatadownload",
  "tardis",
  "carrybook"
]);

function readingOf(
  facts: NameFacts,
  table: Table,
  sample: readonly TableRecord[],
  {columns, used}: ColumnPlan,
  given: Given
): Pick<TablePlan, "reading" | "zoneFrom"> {
  const texts = sample.flatMap(({fields}) => fields[columns.ts!] ?? []);
  const order = given.dateOrder ?? orderOf(texts);
  const wall = texts.find((text) => {
    try {
      return readStamp(text, order).kind === "wall";
    } catch {
      return false;
    }
  });
  if (wall === undefined) return {reading: {zone: given.tz, order}, zoneFrom: "stamps"};
  if (given.tz !== undefined) return {reading: {zone: given.tz, order}, zoneFrom: "given"};
  if (/\butc\b|_utc|gmt/i.test(used.ts ?? "")) return {reading: {zone: "UTC", order}, zoneFrom: "header"};
  if (UTC_SOURCES.has(facts.source) || table.preamble.some((line) => /cryptodatadownload/i.test(line))) {
    return {reading: {zone: "UTC", order}, zoneFrom: "source"};
  }
  return stop(
    open("tz", `its stamps name no zone (${wall})`, "pass --tz UTC, or the zone of the clock that wrote them")
  );
}

/** The one order that all slashed dates admit. */
function orderOf(texts: readonly string[]): DateOrder | undefined {
  const all = texts.flatMap((text) => {
    const orders = ordersOf(text);
    return orders ? [orders] : [];
  });
  if (all.length === 0) return undefined;
  const fits = (["dmy", "mdy"] as const).filter((order) => all.every((orders) => orders.includes(order)));
  if (fits.length === 1) return fits[0];
  const [text] = texts;
  if (fits.length === 0)
    return stop(refused("date-order", `its dates are neither all day first nor all month first (${text})`));
  return stop(
    open("date-order", `its dates may be day first or month first (${text})`, "pass --date-order dmy or mdy")
  );
}

function instantIn(text: string | null | undefined, reading: StampReading): number | undefined {
  try {
    return readInstant(text, reading);
  } catch {
    return undefined;
  }
}

function timeframeOf(facts: NameFacts, instants: readonly number[], given: Given): string {
  const sorted = [...new Set(instants)].sort((a, b) => a - b);
  const distances = sorted.slice(1).map((ts, i) => ts - sorted[i]!);
  const seen = TIMEFRAMES.find((timeframe) => {
    const same = distances.filter((ms) => ms === timeframeMs(timeframe)).length;
    return distances.length >= 3 && same >= distances.length * 0.8;
  });
  const told = given.timeframe ?? facts.timeframe;
  if (told === undefined)
    return seen ?? stop(open("timeframe", "nothing in it tells its timeframe", "pass --timeframe 1h"));
  if (seen !== undefined && seen !== told) {
    stop(refused("timeframe", `its name or flag says ${told}, its rows are ${seen} apart`, `pass --timeframe ${seen}`));
  }
  return told;
}
const TIMEFRAMES = ["1m", "5m", "15m", "1h", "4h", "8h", "1d"] as const;

/** A volume in quote under the name of one in coins is seen where both are there: one is the other times the price. */
function checkVolume(sample: readonly TableRecord[], {columns}: ColumnPlan, {decimalComma}: Table): void {
  const {volume, turnover, close} = columns;
  if (volume === undefined || turnover === undefined) return;
  const ratios = sample.slice(0, 500).flatMap(({fields}) => {
    const [v, t, price] = [volume, turnover, close!].map((i) => Number(plainNumber(fields[i] ?? "", decimalComma)));
    return v! > 0 && t! > 0 && price! > 0 ? [t! / (v! * price!)] : [];
  });
  if (ratios.length < 3) return;
  const middle = ratios.sort((a, b) => a - b)[ratios.length >> 1]!;
  if (middle > 0.5 && middle < 2) return;
  stop(
    open(
      "volume",
      "its turnover is not its volume times its price: which is in coins and which in quote?",
      "name both with --columns volume=…,turnover=…"
    )
  );
}

function rateUnitOf(
  sample: readonly TableRecord[],
  {columns, rateUnit}: ColumnPlan,
  table: Table,
  given: Given
): RateUnit {
  if (given.rateUnit !== undefined) return given.rateUnit;
  const texts = sample.flatMap(({fields}) => fields[columns.rate!]?.trim() || []);
  if (texts.some((text) => text.endsWith("%"))) return "percent";
  if (rateUnit !== undefined) return rateUnit;
  const rates = texts.map((text) => Number(plainNumber(text, table.decimalComma))).filter(Number.isFinite);
  if (!looksScaled(rates)) return "share";
  return stop(
    open(
      "rate-unit",
      `its rates are too large for shares (typically ${typical(rates)})`,
      "pass --rate-unit percent, bps or share"
    )
  );
}

const typical = (rates: readonly number[]): number => {
  const sizes = rates.map(Math.abs).sort((a, b) => a - b);
  return sizes[(sizes.length - 1) >> 1]!;
};

/** A number's text as the file writes it, with a point: `0,0001`, `"0.0001"`, `0.01%`. */
export const plainNumber = (text: string, decimalComma: boolean): string => {
  const bare = text
    .trim()
    .replace(/^["']|["']$/g, "")
    .replace(/\s*%$/, "");
  return decimalComma ? bare.replace(/^(-?\d+),(\d+)$/, "$1.$2") : bare;
};

interface Carried {
  sample: readonly TableRecord[];
  columns: ColumnPlan;
  reading: StampReading;
  zoneFrom: TablePlan["zoneFrom"];
  filtered: boolean;
  facts: NameFacts;
  pair: string;
}

/** Rates carried on over the rows between settlements, and clocks that are not UTC, show in where the rates change. */
function carriedOf({sample, columns, reading, zoneFrom, filtered, pair}: Carried, given: Given): number | undefined {
  const {ts, rate, symbol, pair: pairColumn, forecast} = columns.columns;
  const column = pairColumn ?? symbol;
  const rows = sample.flatMap(({fields}) => {
    const at = instantIn(fields[ts!], reading);
    const text = fields[rate!]?.trim();
    const mine = !filtered || pairOfSymbol(fields[column!] ?? "") === pair;
    const settled = forecast === undefined || !isTrue(fields[forecast]);
    return at !== undefined && text && mine && settled ? [{ts: at, rate: text}] : [];
  });
  const usual = given.intervalHours ?? (HOURLY.has(given.venue) ? 1 : 8);
  const found = rateRows(rows, usual);
  if (found.kind === "moving") {
    stop(
      refused(
        "forecast",
        "its rates move between settlements: they are forecasts or a ticker's",
        "import a file of settled rates"
      )
    );
  }
  if (found.kind === "either") {
    stop(
      open(
        "carried-rates",
        `its rates are the same over ${found.hours} hours: each row may be a settlement, or one rate may be carried on`,
        `pass --interval-hours with the hours between settlements, e.g. ${found.hours}`
      )
    );
  }
  checkHours(rows, zoneFrom, given);
  if (found.kind === "carried") return found.hours;
  return given.intervalHours !== undefined && rows.length > 1 && isDenser(rows, given.intervalHours)
    ? given.intervalHours
    : undefined;
}

export const isTrue = (cell: string | null | undefined): boolean => /^(true|1|yes|t|y)$/i.test(cell?.trim() ?? "");

const isDenser = (rows: readonly {ts: number}[], hours: number): boolean => {
  const sorted = rows.map((row) => row.ts).sort((a, b) => a - b);
  const distances = sorted.slice(1).map((at, i) => at - sorted[i]!);
  return distances.sort((a, b) => a - b)[distances.length >> 1]! < hours * HOUR_MS - 5 * MINUTE_MS;
};

/** Settlements of a wall clock that miss the venue's hours betray another zone; instants with a zone are believed. */
function checkHours(rows: readonly {ts: number}[], zoneFrom: TablePlan["zoneFrom"], {venue, tz}: Given): void {
  if (zoneFrom !== "given" || !ON_MIDNIGHT.has(venue) || rows.length < 3) return;
  const sorted = rows.map((row) => row.ts).sort((a, b) => a - b);
  const distances = sorted.slice(1).map((at, i) => at - sorted[i]!);
  const step = Math.round(distances.sort((a, b) => a - b)[distances.length >> 1]! / HOUR_MS);
  if (step < 2) return;
  const off = sorted.filter((at) => Math.round(at / MINUTE_MS) % (step * 60) !== 0).length;
  if (off < rows.length / 4) return;
  stop(
    refused(
      "local-clock",
      `read in ${tz}, its settlements are ${step} hours apart and miss the hours at which ${venue} settles`,
      "pass --tz with the zone of the clock that wrote the stamps"
    )
  );
}
