import {RowError} from "../../errors.js";
import {MAX_TS, MIN_TS} from "../../../src/lib/time/instant.js";
import {instantOf} from "./zone.js";

/** The order of a slashed date's parts; undefined where no such date was seen. */
export type DateOrder = "dmy" | "mdy";

/** How the stamps of a column are read. */
export interface StampReading {
  /** an IANA zone or fixed offset for stamps without one; undefined where none is known */
  zone: string | undefined;
  order: DateOrder | undefined;
}

/** What one stamp says before a zone is known. */
interface Stamp {
  /** `epoch` and `zoned` name an instant; `wall` is a clock's face, `ms` its fields read as UTC */
  kind: "epoch" | "zoned" | "wall";
  /** ms; microseconds and nanoseconds are cut off */
  ms: number;
}

const DATE =
  /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i;
const SLASHED =
  /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i;
const EPOCH = /^(\d{9,19})(?:\.(\d+))?$/;
const SCIENTIFIC = /^\d(\.\d+)?e\+?\d{1,2}$/i;

/**
 * Reads the text of a stamp: an epoch in s, ms, µs or ns by its count of digits, with or without a fraction, or a date
 * with or without a time and a zone. A day that no calendar has is refused.
 * @param order how `12/01/2026` is read
 * @throws RowError `invalid ts: "VALUE"`
 */
export function readStamp(value: string | null | undefined, order?: DateOrder): Stamp {
  const text = value?.trim().replace(/^["']|["']$/g, "") ?? "";
  const stamp = epochOf(text) ?? dateOf(text, order);
  // A wall clock may be up to 14 hours off, which the outer bounds of an instant do not notice.
  if (!stamp || !(stamp.ms >= MIN_TS && stamp.ms < MAX_TS)) {
    throw new RowError("invalid", "ts", JSON.stringify(value ?? ""));
  }
  return stamp;
}

/**
 * Reads the instant of a stamp.
 * @returns UTC ms
 * @throws RowError `invalid ts: "VALUE"`, also for a wall-clock time that its zone skipped or showed twice
 */
export function readInstant(value: string | null | undefined, {zone, order}: StampReading): number {
  const stamp = readStamp(value, order);
  if (stamp.kind !== "wall") return stamp.ms;
  if (zone === undefined) throw new RowError("missing", "tz", `${value} names no zone`);
  const ms = instantOf(stamp.ms, zone);
  if (ms === undefined) throw new RowError("invalid", "ts", `${value} is skipped or shown twice by clocks of ${zone}`);
  return ms;
}

/** The order that a slashed date admits: undefined for text that is none, both where day and month may be exchanged. */
export function ordersOf(value: string): readonly DateOrder[] | undefined {
  const match = SLASHED.exec(value.trim());
  if (!match) return undefined;
  const [first, second] = [Number(match[1]), Number(match[2])];
  const orders: DateOrder[] = [];
  if (second <= 12) orders.push("dmy");
  if (first <= 12) orders.push("mdy");
  return orders;
}

function epochOf(text: string): Stamp | undefined {
  const plain = SCIENTIFIC.test(text) ? plainOf(text) : text;
  // `1.73569E+12` has lost its last digits, which a stamp of a whole minute has not.
  if (plain !== text && !/^\d{9,10}$/.test(plain) && Number(plain.slice(0, 13).padEnd(13, "0")) % 60_000 !== 0)
    return undefined;
  const match = EPOCH.exec(plain);
  if (!match) return undefined;
  const whole = match[1]!;
  const fraction = match[2] ?? "";
  const digits = whole.length;
  // Seconds have 9 or 10 digits between 2001 and 2286, milliseconds 12 or 13, and so on: the units cannot be confused.
  if (digits <= 10) return {kind: "epoch", ms: Number(whole) * 1_000 + Number(fraction.padEnd(3, "0").slice(0, 3))};
  if (digits === 12 || digits === 13) return {kind: "epoch", ms: Number(whole)};
  if (digits === 15 || digits === 16) return {kind: "epoch", ms: Number(whole.slice(0, -3))};
  if (digits === 18 || digits === 19) return {kind: "epoch", ms: Number(whole.slice(0, -6))};
  return undefined;
}

/** `1.7040672e+12` → `1704067200000`: pandas writes a float column of epochs so. */
const plainOf = (text: string): string => BigInt(Math.round(Number(text))).toString();

function dateOf(text: string, order: DateOrder | undefined): Stamp | undefined {
  const iso = DATE.exec(text);
  if (iso) return stampOf([iso[1]!, iso[2]!, iso[3]!], iso.slice(4));
  const slashed = SLASHED.exec(text);
  if (!slashed) return undefined;
  const [a, b, year] = [slashed[1]!, slashed[2]!, slashed[3]!];
  const parts: [string, string, string] = order === "mdy" ? [year, a, b] : [year, b, a];
  return stampOf(parts, slashed.slice(4));
}

function stampOf(
  [year, month, day]: [string, string, string],
  [hour = "0", minute = "0", second = "0", fraction = "", zone]: (string | undefined)[]
): Stamp | undefined {
  const fields = [Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)] as const;
  const ms = Date.UTC(...fields);
  const date = new Date(ms);
  const exists =
    date.getUTCFullYear() === fields[0] &&
    date.getUTCMonth() === fields[1] &&
    date.getUTCDate() === fields[2] &&
    fields[3] <= 23 &&
    fields[4] <= 59 &&
    fields[5] <= 59;
  if (!exists) return undefined;
  const at = ms + Number(fraction.padEnd(3, "0").slice(0, 3));
  if (zone === undefined) return {kind: "wall", ms: at};
  const offset = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(zone);
  const minutes = offset ? Number(offset[2]) * 60 + Number(offset[3] ?? 0) : 0;
  return {kind: "zoned", ms: at - (offset?.[1] === "-" ? -minutes : minutes) * 60_000};
}
