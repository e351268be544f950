import {DAY_MS, HOUR_MS, isTimeframe, MINUTE_MS, timeframeMs, TIMEFRAMES} from "../../../src/lib/time/grid.js";
import {plainName} from "./column-names.js";
import type {ColumnPlan} from "./columns.js";
import type {Given} from "./given.js";
import type {NameFacts, Source} from "./name.js";
import {open, refused, stop} from "./refusal.js";
import {checkDays, stampText} from "./clock.js";
import {ordersOf, type DateOrder} from "./dates.js";
import {isNothing} from "./cells.js";
import {isSerial, readInstant, readStamp, type NumberStamps, type StampReading} from "./stamp.js";
import type {Table, TableRecord} from "./table.js";

/** Where the zone of stamps comes from. */
export type ZoneFrom = "stamps" | "given" | "source" | "header";

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

/**
 * Finds how the stamps of a table are read: the order of day and month, days as spreadsheets count them, and the zone of
 * clocks that name none. What is open is asked about.
 * @param sample the first records of all markets; those of the wanted one alone are `mine`
 * @param monthly true where a row a month is possible, so that `01/02`, `01/03` may be months
 */
export function readingOf(
  facts: NameFacts,
  table: Table,
  {
    sample,
    mine,
    plan,
    monthly
  }: {sample: readonly TableRecord[]; mine: readonly TableRecord[]; plan: ColumnPlan; monthly: boolean},
  given: Given
): {reading: StampReading; zoneFrom: ZoneFrom} {
  const {columns, used} = plan;
  const texts = sample.flatMap(({fields}) => stampText(fields, columns) ?? []).filter((text) => !isNothing(text));
  const known = columns.known === undefined ? [] : sample.flatMap(({fields}) => fields[columns.known!] ?? []);
  const order = given.dateOrder ?? orderOf(texts, monthly);
  // Row numbers, which pandas calls `index` or nothing, may look like days.
  const counts = table.header !== undefined && /^(index|)$/.test(plainName(table.header[columns.ts!] ?? ""));
  const numbers: NumberStamps =
    !counts && texts.length > 0 && texts.every((text) => isSerial(text.trim()))
      ? "days"
      : texts.some((text) => kindOf(text, order, "epochs") === "epoch")
        ? "epochs"
        : "dates";
  requireStamps(texts, {order, numbers});
  checkDays(mine, plan);
  const wall = [...texts, ...known].find((text) => isWall(text, order, numbers));
  const read = (zone: string | undefined, zoneFrom: ZoneFrom) => ({reading: {zone, order, numbers}, zoneFrom});
  if (wall === undefined) return read(given.tz, "stamps");
  if (given.tz !== undefined) return read(given.tz, "given");
  if (/\butc\b|_utc|gmt/i.test(used.ts ?? "")) return read("UTC", "header");
  if (UTC_SOURCES.has(facts.source) || table.preamble.some((line) => /cryptodatadownload/i.test(line))) {
    return read("UTC", "source");
  }
  return stop(
    open("tz", `its stamps name no zone (${wall})`, "pass --tz UTC, or the zone of the clock that wrote them")
  );
}

function kindOf(text: string, order: DateOrder | undefined, numbers: NumberStamps): string | undefined {
  try {
    return readStamp(text, order, numbers).kind;
  } catch {
    return undefined;
  }
}

const isWall = (text: string, order: DateOrder | undefined, numbers: NumberStamps): boolean =>
  kindOf(text, order, numbers) === "wall";

/** Refuses stamps that are all of a form that is not known; a bad one among others is a bad row. */
function requireStamps(
  texts: readonly string[],
  {order, numbers}: {order: DateOrder | undefined; numbers: NumberStamps}
): void {
  const strange = texts.filter((text) => kindOf(text, order, numbers) === undefined);
  if (texts.length < 2 || strange.length < texts.length) return;
  stop(
    refused(
      "stamps",
      `its stamps are in no known form (${strange[0]})`,
      "write them as 2024-01-05 08:00 or as epochs; if they stand in another column, name it with --columns ts=…"
    )
  );
}

/** The one order that all dates admit whose year stands last, else that in which they are days that follow each other. */
function orderOf(texts: readonly string[], monthly: boolean): DateOrder | undefined {
  const all = texts.flatMap((text) => {
    const orders = ordersOf(text);
    return orders ? [orders] : [];
  });
  if (all.length === 0) return undefined;
  const fits = (["dmy", "mdy"] as const).filter((order) => all.every((orders) => orders.includes(order)));
  if (fits.length === 1) return fits[0];
  const text = texts.find((each) => ordersOf(each) !== undefined);
  if (fits.length === 0)
    return stop(refused("date-order", `its dates are neither all day first nor all month first (${text})`));
  const steady = monthly ? undefined : steadyOrderOf(texts);
  if (steady !== undefined) return steady;
  return stop(
    open("date-order", `its dates may be day first or month first (${text})`, "pass --date-order dmy or mdy")
  );
}

/** Fewer days than these may follow each other by chance. */
const MIN_DAYS = 4;

/**
 * The order in which dates are days without a gap. In the other one they are the same day of as many months, which no rows
 * of settlements or candles are. Undefined where there are too few of them, or gaps.
 */
function steadyOrderOf(texts: readonly string[]): DateOrder | undefined {
  const isSteady = (order: DateOrder): boolean => {
    const days = texts.flatMap((text) => {
      const day = YEAR_LAST_DATE.exec(text.trim());
      return day && kindOf(day[0], order, "dates") !== undefined ? [readStamp(day[0], order).ms] : [];
    });
    const sorted = [...new Set(days)].sort((a, b) => a - b);
    return sorted.length >= MIN_DAYS && sorted.at(-1)! - sorted[0]! === (sorted.length - 1) * DAY_MS;
  };
  const fits = (["dmy", "mdy"] as const).filter(isSteady);
  return fits.length === 1 ? fits[0] : undefined;
}
const YEAR_LAST_DATE = /^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}/;

export function instantIn(text: string | null | undefined, reading: StampReading): number | undefined {
  try {
    return readInstant(text, reading);
  } catch {
    return undefined;
  }
}

export function timeframeOf(facts: NameFacts, instants: readonly number[], given: Given): string {
  const sorted = [...new Set(instants)].sort((a, b) => a - b);
  const distances = sorted.slice(1).map((ts, i) => ts - sorted[i]!);
  const seen = TIMEFRAMES.find((timeframe) => {
    const same = distances.filter((ms) => ms === timeframeMs(timeframe)).length;
    return distances.length >= 3 && same >= distances.length * 0.8;
  });
  const told = given.timeframe ?? facts.timeframe;
  if (told === undefined)
    return seen ?? stop(open("timeframe", "nothing in it tells its timeframe", "pass --timeframe 1h"));
  const apart = commonDistance(distances);
  if (apart !== undefined && seen === undefined && isTimeframe(told) && apart !== timeframeMs(told)) {
    stop(refused("timeframe", `its name or flag says ${told}, its rows are ${apartWords(apart)} apart`));
  }
  if (seen !== undefined && seen !== told) {
    stop(refused("timeframe", `its name or flag says ${told}, its rows are ${seen} apart`, `pass --timeframe ${seen}`));
  }
  return told;
}

/** A distance in the largest unit that it is whole in: `1 second`, `30 minutes`, `2 hours`. */
function apartWords(ms: number): string {
  const [unit, name] = APART.find(([size]) => ms % size === 0) ?? [1_000, "second"];
  const n = Math.round((ms / unit) * 1_000) / 1_000;
  return `${n} ${name}${n === 1 ? "" : "s"}`;
}

const APART = [
  [DAY_MS, "day"],
  [HOUR_MS, "hour"],
  [MINUTE_MS, "minute"]
] as const;

/** The distance in ms of nearly all rows; undefined where there are few of them or no such distance. */
function commonDistance(distances: readonly number[]): number | undefined {
  if (distances.length < 3) return undefined;
  const middle = [...distances].sort((a, b) => a - b)[distances.length >> 1]!;
  return distances.filter((ms) => ms === middle).length >= distances.length * 0.8 ? middle : undefined;
}
