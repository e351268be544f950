import {
  isCandleSeries,
  isObservationSeries,
  isOwnSeries,
  parsePair,
  type Series
} from "../../../src/lib/market/pair.js";
import {boundaryTs, timeframeMs} from "../../../src/lib/time/grid.js";
import type {SeriesKey} from "../../store/key.js";
import {isBlank, repeatsHeader} from "./cells.js";
import {stampText, withClock} from "./clock.js";
import {borrowUnitOf, ratePeriodOf, withTerms} from "./borrow.js";
import {plainName} from "./column-names.js";
import {planColumns, type ColumnOptions, type ColumnPlan} from "./columns.js";
import {checkFlags, flagged, withFlags} from "./flags.js";
import {lagMsOf, type Given, type RatePeriod, type RateUnit} from "./given.js";
import {checkContract, checkVenue, identify, ofPair, pairOf, seriesOf} from "./identity.js";
import {instantIn, readingOf, timeframeOf, type ZoneFrom} from "./instants.js";
import {withMarket} from "./markets.js";
import type {Contract, Source} from "./name.js";
import {styleOf, type NumberStyle} from "./numbers.js";
import {carriedOf, hoursBetween, rateSampleOf, rateUnitOf, type RateUnitFrom} from "./rates.js";
import {isWhole} from "./record.js";
import {open, refused, stop, Stop, type Refused} from "./refusal.js";
import {withRivals} from "./rivals.js";
import type {StampReading} from "./stamp.js";
import type {Table, TableRecord} from "./table.js";
import {checkVolume} from "./volumes.js";

/** How one table is read. */
export interface TablePlan {
  key: SeriesKey;
  source: Source;
  contract: Contract | undefined;
  columns: ColumnPlan;
  style: NumberStyle;
  reading: StampReading;
  /** where the zone of stamps comes from */
  zoneFrom: ZoneFrom;
  rateUnit: RateUnit;
  rateUnitFrom: RateUnitFrom;
  /** the hours between settlements by which the unit was judged; undefined for candles */
  intervalHours: number | undefined;
  /** the day behind the symbol in its name, UTC ms */
  dayTs: number | undefined;
  /** the series was told and not read from the file */
  seriesTold: boolean;
  /** other series stand in the same rows, which may hold nothing of this one */
  wide: boolean;
  /** rows of other markets in the same table are passed over */
  filtered: boolean;
  /** only rows on this grid are settlements, the rate of each is carried on to the rows between; hours */
  carriedHours: number | undefined;
  /** how observations are read; undefined for other series */
  observed: Observed | undefined;
}

interface Observed {
  /** what a borrow rate is paid for; undefined for other series */
  ratePeriod: RatePeriod | undefined;
  /** time from a row's stamp until it is known, ms, where the row does not say when; undefined where it must */
  lagMs: number | undefined;
}

export type Planned = {state: "clear"; plan: TablePlan} | Refused;

/** How many records are looked at to plan a table; what contradicts the plan further down refuses the file. */
const SAMPLE = 5_000;

/** Plans how a table is read from its name, its header and its first records, and says what is open. Stores nothing. */
export async function planTable(table: Table, given: Given): Promise<Planned> {
  try {
    return {state: "clear", plan: await planned(table, given)};
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return {...error.refusal, header: table.header, sample: await firstRecords(table)};
  }
}

/** Enough of a table to see what its columns are. */
const SHOWN = 5;

async function firstRecords(table: Table): Promise<TableRecord["fields"][]> {
  const first: TableRecord["fields"][] = [];
  for await (const {fields} of table.records()) if (first.push(fields) === SHOWN) break;
  return first;
}

async function planned(table: Table, given: Given): Promise<TablePlan> {
  const facts = identify(table, given);
  const sample = await sampleOf(table);
  if (sample.length === 0) stop(refused("rows", "it has no rows"));
  const series = seriesOf(facts, given, table.header);
  const funding = series === "funding";
  const options = {
    kind: kindOf(series),
    series,
    venue: given.venue,
    pair: given.pair === undefined ? facts.pairs[0] : parsePair(given.pair),
    rateInOpen: facts.source === "freqtrade" && funding,
    mapping: given.mapping
  };
  const found = (() => {
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
          isObservationSeries(series)
            ? "name the columns with --columns ts=…,value=…,known=…"
            : "name the columns with --columns ts=…,rate=… or ts=…,open=…,high=…,low=…,close=…,volume=…"
        )
      );
    }
  })();
  const known = withFlags(withClock(found, sample, table), sample, table);
  const columns = withRivals(withMarket(known, sample, table, series === "borrow"), sample, table);
  if (funding && given.mapping?.rate === undefined) checkFlags(columns, sample, table);
  if (funding && columns.forecastColumns.length > 0 && given.mapping?.rate === undefined) {
    stop(
      refused(
        "forecast",
        `it holds a ticker or forecasts (${columns.forecastColumns.join(", ")}), and no settlements`,
        "import a file of settled rates; name its column with --columns rate=… if this is one"
      )
    );
  }
  checkVenue(sample, columns, given);
  const {pair, filtered} = pairOf(facts, sample, columns, {series, given});
  const mine = (filtered ? ofPair(sample, columns, pair) : sample).filter(
    ({fields}) => flagged(fields, columns) === undefined
  );
  checkContract(pair, series, given);
  const rows = {sample, mine, plan: columns, monthly: isOwnSeries(series)};
  const {reading, zoneFrom} = readingOf(facts, table, rows, given);
  const instants = mine.flatMap(({fields}) => instantIn(stampText(fields, columns.columns), reading) ?? []);
  const timeframe = funding
    ? ""
    : isOwnSeries(series)
      ? (given.timeframe ?? "")
      : timeframeOf(facts, isObservationSeries(series) ? instants.map(boundaryTs) : instants, given);
  const style = styleOf(mine, columns, table, given);
  if (isCandleSeries(series)) checkVolume(mine, columns, style);
  const rates: RatePlan = funding
    ? ratesOf({sample: mine, columns, reading}, {style, source: facts.source, zoneFrom}, given)
    : {
        rateUnit: series === "borrow" ? borrowUnitOf(mine, columns, given) : "share",
        rateUnitFrom: "header",
        carriedHours: undefined,
        intervalHours: undefined
      };
  return {
    key: {venue: given.venue, series, pair, timeframe},
    source: facts.source,
    contract: facts.contract,
    columns: series === "borrow" ? withTerms(columns, mine, table) : columns,
    style,
    reading,
    zoneFrom,
    filtered,
    dayTs: facts.dayTs,
    seriesTold: given.series !== undefined,
    wide: isWide(sample, columns, table),
    ...rates,
    observed: isObservationSeries(series)
      ? {
          ratePeriod:
            series === "borrow"
              ? ratePeriodOf({columns, timeframe, unit: rates.rateUnit, style, sample: mine}, given)
              : undefined,
          lagMs: lagOf({series, timeframe}, facts.source, columns, given)
        }
      : undefined
  };
}

type RatePlan = Pick<TablePlan, "rateUnit" | "rateUnitFrom" | "carriedHours" | "intervalHours">;

function ratesOf(
  source: Parameters<typeof rateSampleOf>[0],
  about: {style: NumberStyle; source: Source; zoneFrom: ZoneFrom},
  given: Given
): RatePlan {
  const rates = rateSampleOf(source);
  const carriedHours = carriedOf(rates, about, given);
  const intervalHours = hoursBetween(rates, carriedHours, given);
  return {...rateUnitOf(rates, source.columns, {...about, hours: intervalHours}, given), carriedHours, intervalHours};
}

/** Names of columns that count rows and hold no series. */
const COUNTERS = /^(|index|id|no|nr|row|unnamed:?\d*)$/;

/** True where other columns hold numbers, as in a file joined from several series: its rows may lack one of them. */
function isWide(sample: readonly TableRecord[], {ignored}: ColumnPlan, {header}: Table): boolean {
  const others = (header ?? []).flatMap((cell, i) => {
    const name = plainName(cell);
    return ignored.includes(cell.trim()) && !COUNTERS.test(name) && !/rate$|time$|date$/.test(name) ? [i] : [];
  });
  return sample.some(({fields}) => others.some((i) => /^[-+]?[\d.,]+(e[-+]?\d+)?$/i.test(fields[i]?.trim() ?? "")));
}

const kindOf = (series: Series): ColumnOptions["kind"] =>
  isObservationSeries(series)
    ? series
    : series === "funding"
      ? "funding"
      : series === "premium"
        ? "premium"
        : series === "mark" || series === "index"
          ? "closes"
          : "candles";

/**
 * Returns the time from a row's stamp until it is known, ms; undefined where each row must say it. A borrow rate is known
 * at its stamp (§3a), open interest at the end of the step that its stamp may begin; Binance stamps it at that end. A
 * series of a person's own must say it.
 */
function lagOf(
  {series, timeframe}: Pick<SeriesKey, "series" | "timeframe">,
  source: Source,
  {columns}: ColumnPlan,
  {knownLag}: Given
): number | undefined {
  if (knownLag !== undefined) return lagMsOf(knownLag);
  if (columns.known !== undefined) return undefined;
  if (series === "borrow" || (series === "open-interest" && source === "binance")) return 0;
  if (series === "open-interest") return timeframeMs(timeframe);
  return stop(
    open(
      "known",
      "nothing in it tells from when its values are known, and a value must not be used before",
      "name the column with --columns known=…, or pass --known-lag with the time from a row's stamp, e.g. 0 or 1h"
    )
  );
}

async function sampleOf(table: Table): Promise<TableRecord[]> {
  const sample: TableRecord[] = [];
  for await (const record of table.records()) {
    if (isBlank(record.fields) || repeatsHeader(record.fields, table.header)) continue;
    if (isWhole(record, table)) sample.push(record);
    if (sample.length === SAMPLE) break;
  }
  return sample;
}
