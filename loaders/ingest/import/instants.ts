import {DAY_MS, HOUR_MS, isTimeframe, MINUTE_MS, timeframeMs} from "../../../src/lib/time/grid.js";
import type {ColumnPlan} from "./columns.js";
import type {Given} from "./given.js";
import type {NameFacts, Source} from "./name.js";
import {open, refused, stop} from "./refusal.js";
import {ordersOf, readInstant, readStamp, type DateOrder, type StampReading} from "./stamp.js";
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

export function readingOf(
  facts: NameFacts,
  table: Table,
  sample: readonly TableRecord[],
  {columns, used}: ColumnPlan,
  given: Given
): {reading: StampReading; zoneFrom: ZoneFrom} {
  const texts = sample.flatMap(({fields}) => fields[columns.ts!] ?? []);
  const order = given.dateOrder ?? orderOf(texts);
  const known = columns.known === undefined ? [] : sample.flatMap(({fields}) => fields[columns.known!] ?? []);
  const wall = [...texts, ...known].find((text) => isWall(text, order));
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

function isWall(text: string, order: DateOrder | undefined): boolean {
  try {
    return readStamp(text, order).kind === "wall";
  } catch {
    return false;
  }
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

const TIMEFRAMES = ["1m", "5m", "15m", "1h", "4h", "8h", "1d"] as const;
