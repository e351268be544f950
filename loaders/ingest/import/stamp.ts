import {RowError} from "../../errors.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {MAX_TS, MIN_TS} from "../../../src/lib/time/instant.js";
import {dateOf, type DateOrder} from "./dates.js";
import {instantOf} from "./zone.js";

/**
 * What stamps are that are numbers alone: epochs; dates such as `20240105080000`, or epochs; days as spreadsheets count
 * them.
 */
export type NumberStamps = "epochs" | "dates" | "days";

/** How the stamps of a column are read. */
export interface StampReading {
  /** an IANA zone or fixed offset for stamps without one; undefined where none is known */
  zone: string | undefined;
  order: DateOrder | undefined;
  numbers: NumberStamps;
}

/** What one stamp says before a zone is known. */
interface Stamp {
  /** `epoch` and `zoned` name an instant; `wall` is a clock's face, `ms` its fields read as UTC */
  kind: "epoch" | "zoned" | "wall";
  /** ms; microseconds and nanoseconds are cut off */
  ms: number;
}

const EPOCH = /^(\d{9,19})(?:\.(\d+))?$/;
const SCIENTIFIC = /^\d(\.\d+)?e\+?\d{1,2}$/i;

/**
 * Reads the text of a stamp: an epoch in s, ms, µs or ns by its count of digits, with or without a fraction, or a date
 * with or without a time and a zone. A day that no calendar has is refused.
 * @param order how `12/01/2026` is read
 * @param numbers what a number alone is
 * @throws RowError `invalid ts: "VALUE"`
 */
export function readStamp(value: string | null | undefined, order?: DateOrder, numbers: NumberStamps = "dates"): Stamp {
  const text = value?.trim().replace(/^["']|["']$/g, "") ?? "";
  const isNumber = /^[\d.,]+$/.test(text);
  const stamp =
    isNumber && numbers === "days"
      ? serialOf(text)
      : (epochOf(text) ?? (isNumber && numbers === "epochs" ? undefined : datedOf(text, order)));
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
export function readInstant(value: string | null | undefined, {zone, order, numbers}: StampReading): number {
  const stamp = readStamp(value, order, numbers);
  if (stamp.kind !== "wall") return stamp.ms;
  if (zone === undefined) throw new RowError("missing", "tz", `${value} names no zone`);
  const ms = instantOf(stamp.ms, zone);
  if (ms === undefined) throw new RowError("invalid", "ts", `${value} is skipped or shown twice by clocks of ${zone}`);
  return ms;
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
  // Seconds have 9 or 10 digits between 2001 and 2286, milliseconds 13, and so on: the units cannot be confused.
  if (digits <= 10) return {kind: "epoch", ms: Number(whole) * 1_000 + Number(fraction.padEnd(3, "0").slice(0, 3))};
  if (digits === 13) return {kind: "epoch", ms: Number(whole)};
  if (digits === 16) return {kind: "epoch", ms: Number(whole.slice(0, -3))};
  if (digits === 19) return {kind: "epoch", ms: Number(whole.slice(0, -6))};
  return undefined;
}

/** `1.7040672e+12` → `1704067200000`: pandas writes a float column of epochs so. */
const plainOf = (text: string): string => BigInt(Math.round(Number(text))).toString();

function datedOf(text: string, order: DateOrder | undefined): Stamp | undefined {
  const date = dateOf(text, order);
  return date && {kind: date.zoned ? "zoned" : "wall", ms: date.ms};
}

const SERIAL = /^(\d{5})(?:[.,](\d+))?$/;
/** Day 0 of spreadsheets that count from 1900, whose 60th day never was. */
const DAY_0 = Date.UTC(1899, 11, 30);
/** What a double of 64 bits may be off in the fraction of a day, in ms. */
const NOISE_MS = 0.1;

/**
 * A day as spreadsheets count it. Its fraction is as exact as its digits: it must name one minute or one second, and
 * `45292.33` names none.
 */
function serialOf(text: string): Stamp | undefined {
  const match = SERIAL.exec(text);
  if (!match) return undefined;
  const fraction = match[2] ?? "";
  const ms = Number(`0.${fraction}`) * DAY_MS;
  const half = Math.max((DAY_MS * 10 ** -fraction.length) / 2, NOISE_MS);
  for (const unit of [60_000, 1_000, 1]) {
    const whole = Math.round(ms / unit) * unit;
    const apart = Math.abs(ms - whole);
    if (apart > NOISE_MS && (apart > half || half >= unit / 2)) continue;
    return {kind: "wall", ms: DAY_0 + Number(match[1]) * DAY_MS + whole};
  }
  return undefined;
}

/** True for a text that may be such a day of the years in which there are markets. */
export function isSerial(text: string): boolean {
  const days = SERIAL.test(text) ? DAY_0 + Number(text.slice(0, 5)) * DAY_MS : NaN;
  return days >= MIN_TS && days < MAX_TS;
}
