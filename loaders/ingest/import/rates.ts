import {HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {hasPercentSign, hoursOf, isNothing} from "./cells.js";
import {stampText} from "./clock.js";
import type {ColumnPlan} from "./columns.js";
import type {Given, RateUnit} from "./given.js";
import {instantIn, type ZoneFrom} from "./instants.js";
import type {Source} from "./name.js";
import {plainNumber, type NumberStyle} from "./numbers.js";
import {open, refused, stop} from "./refusal.js";
import {medianHours, RateSizes, rateRows, rateRowsAt, type RateAt} from "./settlements.js";
import type {StampReading} from "./stamp.js";
import type {TableRecord} from "./table.js";

/** Venues that settle on whole multiples of the interval from midnight UTC. */
const ON_MIDNIGHT = new Set(["binance", "bybit", "okx", "bitget", "gate", "htx", "hyperliquid", "kucoin", "mexc"]);
/** Venues that settle hourly. */
const HOURLY = new Set(["hyperliquid", "krakenfutures", "dydx", "paradex", "vertex"]);

/** Where a unit comes from: `size` where nothing but the size of the rates says that they are shares. */
export type RateUnitFrom = "given" | "signs" | "header" | "source" | "size";

/** The rates of one history in a sample, as the file writes them. */
export interface RateSample {
  /** rows with an instant and a rate, in the file's order */
  rows: readonly RateAt[];
  /** the interval that most rows tell; undefined where the file tells none */
  toldHours: number | undefined;
}

/**
 * Returns the rates of a sample and the interval that it tells.
 * @param source records of the wanted pair alone, without forecasts
 */
export function rateSampleOf({sample, columns, reading}: RateSource): RateSample {
  const {rate, interval} = columns.columns;
  const rows = sample.flatMap(({fields}) => {
    const at = instantIn(stampText(fields, columns.columns), reading);
    const text = fields[rate!]?.trim();
    return at !== undefined && text && !isNothing(text) ? [{ts: at, rate: text}] : [];
  });
  const told =
    interval === undefined
      ? []
      : sample.map(({fields}) => Number(hoursOf(fields[interval] ?? null))).filter((hours) => hours > 0);
  const isTold = told.length > 0 && told.length >= sample.length / 2;
  return {rows, toldHours: isTold ? told.sort((a, b) => a - b)[told.length >> 1]! : undefined};
}

/**
 * Returns the unit of a file's rates: as given, by their signs, by their header, of a known source, or shares where
 * their size over their interval may be one.
 * @param hours the interval of the settlements
 */
export function rateUnitOf(
  {rows}: RateSample,
  {rateUnit, used}: ColumnPlan,
  {style, source, hours}: {style: NumberStyle; source: Source; hours: number},
  given: Given
): {rateUnit: RateUnit; rateUnitFrom: RateUnitFrom} {
  const texts = rows.map(({rate}) => rate);
  const signs = texts.filter(hasPercentSign).length;
  if (signs > 0 && signs === texts.length) {
    if (given.rateUnit !== undefined && given.rateUnit !== "percent")
      stop(refused("rate-unit", `its rates have percent signs, and are no ${given.rateUnit}`, "pass no --rate-unit"));
    return {rateUnit: "percent", rateUnitFrom: "signs"};
  }
  if (given.rateUnit !== undefined) return {rateUnit: given.rateUnit, rateUnitFrom: "given"};
  if (given.venue === "krakenfutures" && /^funding_?rate$/i.test(used.rate ?? "")) {
    return stop(
      open(
        "rate-unit",
        "fundingRate is an amount in USD per contract in Kraken's own files, and a share in those of ccxt",
        "import relativeFundingRate, or pass --rate-unit share for a file of ccxt"
      )
    );
  }
  if (signs > 0)
    return stop(open("rate-unit", "some of its rates have a percent sign and some have none", ASK_UNIT_OF_OTHERS));
  if (rateUnit !== undefined) return {rateUnit, rateUnitFrom: "header"};
  const sizes = new RateSizes(hours);
  for (const text of texts) sizes.add(Number(plainNumber(text, style)));
  if (sizes.areScaled) {
    return stop(
      open("rate-unit", `its rates are too large for shares (typically ${sizes.typical} every ${hours} h)`, ASK_UNIT)
    );
  }
  // An archive of a venue writes shares, in the wildest month too.
  if (SHARE_SOURCES.has(source)) return {rateUnit: "share", rateUnitFrom: "source"};
  requireOneUnit(sizes);
  return {rateUnit: "share", rateUnitFrom: "size"};
}

const ASK_UNIT = "pass --rate-unit percent, bps or share";
const ASK_UNIT_OF_OTHERS = "pass --rate-unit with the unit of those without: percent, bps or share";
/** Sources whose funding files are known to hold shares. */
const SHARE_SOURCES = new Set<Source>(["binance", "okx"]);

/** Asks about rates of two sizes, which are no shares of one market unless it was a wild one. */
export function requireOneUnit({apart}: RateSizes): void {
  if (apart === undefined) return;
  stop(
    open(
      "rate-unit",
      `${apart.far} of its ${apart.of} rates are far larger than the others, with fewer between: two units, or a wild market`,
      "split the file by unit, or pass --rate-unit share, percent or bps where it has one"
    )
  );
}

/** Returns the hours between settlements: carried on, told, the distance of most rows, or as the venue settles. */
export function hoursBetween(
  {rows, toldHours}: RateSample,
  carriedHours: number | undefined,
  {venue}: Pick<Given, "venue">
): number {
  if (carriedHours !== undefined) return carriedHours;
  const hours = toldHours ?? medianHours(rows);
  return hours === undefined ? (HOURLY.has(venue) ? 1 : 8) : Math.min(8, Math.max(1, Math.round(hours)));
}

/** Sources whose funding files hold settlements and nothing between them. */
const SETTLED_SOURCES = new Set<Source>(["binance", "okx", "freqtrade"]);

interface RateSource {
  sample: readonly TableRecord[];
  columns: ColumnPlan;
  reading: StampReading;
}

/**
 * Returns the hours between settlements whose rate is carried on over the rows between them; undefined where each row is
 * a settlement. Stops where the rates show neither, or a clock that is not UTC.
 */
export function carriedOf(
  {rows: written, toldHours}: RateSample,
  {source, zoneFrom, style}: {source: Source; zoneFrom: ZoneFrom; style: NumberStyle},
  given: Given
): number | undefined {
  const rows = written.map(({ts, rate}) => ({ts, rate: plainNumber(rate, style) ?? rate}));
  const {intervalHours} = given;
  if (!SETTLED_SOURCES.has(source)) requireDense(rows, given);
  const found =
    intervalHours !== undefined
      ? rateRowsAt(rows, intervalHours)
      : SETTLED_SOURCES.has(source) || (toldHours !== undefined && rateRowsAt(rows, toldHours).kind === "settlements")
        ? ({kind: "settlements"} as const)
        : rateRows(rows, HOURLY.has(given.venue) ? 1 : 8);
  if (found.kind === "moving") {
    stop(
      refused(
        "forecast",
        "its rates move between settlements: they are forecasts or a ticker's",
        "import a file of settled rates"
      )
    );
  }
  if (found.kind === "filled") {
    stop(
      refused(
        "carried-rates",
        `its rows are denser than settlements every ${found.hours} hours, and the rates between are ${found.by === "zeros" ? "all zero" : "drawn on straight lines"}: a join filled them`,
        "import the settlements alone, without the rows between"
      )
    );
  }
  if (found.kind === "either") {
    stop(
      open(
        "carried-rates",
        `most of its rates are the one before: each row may be a settlement, or one rate may be carried on between settlements ${found.hours} hours apart`,
        `pass --interval-hours with the hours between settlements, e.g. ${found.hours}`
      )
    );
  }
  checkHours(rows, zoneFrom, given);
  return found.kind === "carried" ? found.hours : undefined;
}

/** Fewer rows than these may be a few settlements of many. */
const MIN_DENSE = 5;
/** No venue settles more rarely, hours. */
const LONGEST_HOURS = 8;

/**
 * Refuses rates that are mostly further apart than any venue settles, and asks where they are further apart than this
 * one does: each may be the mean or the sum of several settlements, and would be stored as one of them.
 */
function requireDense(rows: readonly RateAt[], {venue, intervalHours}: Given): void {
  const usualHours = intervalHours ?? (HOURLY.has(venue) ? 1 : LONGEST_HOURS);
  const hours = rows.length < MIN_DENSE ? undefined : medianHours(rows);
  if (hours === undefined || hours < usualHours * 1.5) return;
  const apart = `its rates are ${Math.round(hours * 10) / 10} hours apart`;
  if (intervalHours !== undefined || hours >= LONGEST_HOURS * 1.5) {
    stop(
      refused(
        "carried-rates",
        `${apart}, settlements at most ${usualHours}: each may be the mean or the sum of several`,
        "import a file of the settlements themselves"
      )
    );
  }
  stop(
    open(
      "carried-rates",
      `${apart}, and ${venue} settles every hour: each may be the mean or the sum of several settlements`,
      "pass --interval-hours with the hours between settlements"
    )
  );
}

/**
 * Checks that settlements fall on the venue's hours: others betray the clock that wrote them, or the zone in which they
 * are read.
 */
function checkHours(rows: readonly {ts: number}[], zoneFrom: ZoneFrom, {venue, tz}: Given): void {
  if (!ON_MIDNIGHT.has(venue) || rows.length < 3) return;
  const sorted = rows.map((row) => row.ts).sort((a, b) => a - b);
  const distances = sorted.slice(1).map((at, i) => at - sorted[i]!);
  const step = Math.round(distances.sort((a, b) => a - b)[distances.length >> 1]! / HOUR_MS);
  if (step < 2) return;
  // An epoch is believed unless every settlement misses the hours by the same amount, as a shifted clock does.
  const phases = new Set(sorted.map((at) => Math.round(at / MINUTE_MS) % (step * 60)));
  if (zoneFrom !== "given" && (phases.size > 1 || rows.length < 10)) return;
  const off = sorted.filter((at) => Math.round(at / MINUTE_MS) % (step * 60) !== 0).length;
  if (off < rows.length / 4) return;
  stop(
    refused(
      "local-clock",
      `${zoneFrom === "given" ? `read in ${tz}, ` : ""}its settlements are ${step} hours apart and miss the hours at which ${venue} settles`,
      "pass --tz with the zone of the clock that wrote the stamps"
    )
  );
}
