/** The order of a date's parts where day and month are numbers before the year; undefined where no such date was seen. */
export type DateOrder = "dmy" | "mdy";

/** A date and what stands behind it. */
interface Day {
  year: number;
  month: number;
  day: number;
  rest: string;
}

const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/;
const YEAR_LAST = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)/;
const DIGITS = /^(\d{4})(\d{2})(\d{2})(?=$|[T ]\d)/i;
/** `20240105080000`, with milliseconds, or without seconds */
const ALL_DIGITS = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{3})?)?$/;
const WEEKDAY = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +)?";
const MONTH_FIRST = new RegExp(`^${WEEKDAY}([a-z]{3,9})\\.? +(\\d{1,2})(?:st|nd|rd|th)?,? +(\\d{4})(?!\\d)`, "i");
const MONTH_SECOND = new RegExp(
  `^${WEEKDAY}(\\d{1,2})(?:st|nd|rd|th)?[- ]+([a-z]{3,9})\\.?,?[- ]+(\\d{4})(?!\\d)`,
  "i"
);
const MONTH_MIDDLE = /^(\d{4})[- ]([a-z]{3,9})[- ](\d{1,2})(?!\d)/i;

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december"
];
/** The month that a word names, by its first three letters or in full: `Jan`, `Sept`, `january`; 0 for no month. */
const monthOf = (word: string): number =>
  1 + MONTHS.findIndex((name) => word.length >= 3 && name.startsWith(word.toLowerCase()));

function dayOf(text: string, order: DateOrder | undefined): Day | undefined {
  const dated = (match: RegExpExecArray, [year, month, day]: readonly [number, number, number]): Day => ({
    year,
    month,
    day,
    rest: text.slice(match[0].length)
  });
  let match: RegExpExecArray | null;
  if ((match = YEAR_FIRST.exec(text))) return dated(match, [+match[1]!, +match[3]!, +match[4]!]);
  if ((match = YEAR_LAST.exec(text))) {
    const [a, b, year] = [+match[1]!, +match[3]!, +match[4]!];
    return dated(match, order === "mdy" ? [year, a, b] : [year, b, a]);
  }
  if ((match = DIGITS.exec(text))) return dated(match, [+match[1]!, +match[2]!, +match[3]!]);
  if ((match = MONTH_FIRST.exec(text))) return dated(match, [+match[3]!, monthOf(match[1]!), +match[2]!]);
  if ((match = MONTH_SECOND.exec(text))) return dated(match, [+match[3]!, monthOf(match[2]!), +match[1]!]);
  if ((match = MONTH_MIDDLE.exec(text))) return dated(match, [+match[1]!, monthOf(match[2]!), +match[3]!]);
  return undefined;
}

const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([ap])\.?m\.?(?![a-z]))?/i;
/** `080000` and `0800` behind a date of digits, and in a column of its own. */
const CLOCK_DIGITS = /^(\d{2})(\d{2})(\d{2})?(?!\d)/;
/** `08-AM`, as CryptoDataDownload wrote hours. */
const CLOCK_HOUR = /^(\d{1,2})[- ]?([ap])m(?![a-z])/i;
const ZONE = /^\s*(?:(?:Z|UTC|GMT)|(?:UTC|GMT)?\s?([+-])(\d{2})(?::?(\d{2}))?|(?:UTC|GMT)\s?([+-])(\d))$/i;
/** The longest offset from UTC that a clock has. */
const MAX_OFFSET_MINUTES = 14 * 60;

interface Clock {
  /** ms since midnight */
  ms: number;
  rest: string;
}

/** The time of a day; undefined for text that begins with none, and for a time that no clock shows. */
function clockOf(text: string): Clock | undefined {
  const plain = CLOCK.exec(text);
  const hour = plain ? null : CLOCK_HOUR.exec(text);
  const digits = plain || hour ? null : CLOCK_DIGITS.exec(text);
  const match = plain ?? hour ?? digits;
  if (!match) return undefined;
  const [h, m, s, fraction, half] = plain
    ? [plain[1], plain[2], plain[3], plain[4], plain[5]]
    : hour
      ? [hour[1], "0", "0", "", hour[2]]
      : [digits![1], digits![2], digits![3], "", undefined];
  const [hours, minutes, seconds] = [Number(h), Number(m), Number(s ?? 0)];
  if (minutes > 59 || seconds > 59 || hours > 23 || (half !== undefined && (hours < 1 || hours > 12))) return undefined;
  const whole = half === undefined ? hours : (hours % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  const ms = Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  return {ms: ((whole * 60 + minutes) * 60 + seconds) * 1_000 + ms, rest: text.slice(match[0].length)};
}

/** The offset that a text names, ms to add to UTC; undefined for text that is no zone. */
function offsetMs(text: string): number | undefined {
  const match = ZONE.exec(text);
  if (!match) return undefined;
  const sign = match[1] ?? match[4];
  if (sign === undefined) return 0;
  const minutes = Number(match[2] ?? match[5]) * 60 + Number(match[3] ?? 0);
  if (minutes > MAX_OFFSET_MINUTES || Number(match[3] ?? 0) > 59) return undefined;
  return (sign === "-" ? -minutes : minutes) * 60_000;
}

/**
 * Reads a date with or without a time of the day and a zone: year, month and day as numbers in any usual order, as digits
 * alone, or with the month's English name; 24 hours or 12. Years have four digits. A day that no calendar has, a time that
 * no clock shows and a zone by its initials are none.
 * @param order how `12/01/2026` is read; day first where it is undefined
 * @returns its fields read as UTC less its offset, ms, and whether it names a zone; undefined for any other text
 */
export function dateOf(text: string, order: DateOrder | undefined): {ms: number; zoned: boolean} | undefined {
  const all = ALL_DIGITS.exec(text);
  if (all) {
    const [, year, month, day, ...clock] = all;
    return dateOf(`${year}-${month}-${day}T${clock[0]}:${clock[1]}:${clock[2] ?? "00"}.${clock[3] ?? "0"}`, order);
  }
  const day = dayOf(text, order);
  if (!day) return undefined;
  const midnight = Date.UTC(day.year, day.month - 1, day.day);
  const date = new Date(midnight);
  if (date.getUTCFullYear() !== day.year || date.getUTCMonth() !== day.month - 1 || date.getUTCDate() !== day.day)
    return undefined;
  // JavaScript prints the zone's name in brackets behind its offset.
  const rest = day.rest.replace(/(?<=[+-]\d{4}) \([^()]*\)$/, "");
  if (rest === "") return {ms: midnight, zoned: false};
  const between = /^(?:T|,?\s+)(?=\d)/i.exec(rest);
  const clock = between && clockOf(rest.slice(between[0].length));
  if (!clock) return /^\s*(Z|UTC|GMT)$/i.test(rest) ? {ms: midnight, zoned: true} : undefined;
  if (clock.rest === "") return {ms: midnight + clock.ms, zoned: false};
  const offset = offsetMs(clock.rest);
  return offset === undefined ? undefined : {ms: midnight + clock.ms - offset, zoned: true};
}

/** The orders that a date admits whose year stands last; undefined for any other text. */
export function ordersOf(text: string): readonly DateOrder[] | undefined {
  const match = YEAR_LAST.exec(text.trim());
  if (!match) return undefined;
  const [first, second] = [Number(match[1]), Number(match[3])];
  const orders: DateOrder[] = [];
  if (second <= 12) orders.push("dmy");
  if (first <= 12) orders.push("mdy");
  return orders;
}

/** True for a date without a time of the day. */
export const isDay = (text: string): boolean => dayOf(text.trim(), undefined)?.rest === "";

/**
 * True for a time of the day without a date.
 * @param digits also for `0800` and `080000`, which are times under a name that says so
 */
export function isClock(text: string, digits: boolean): boolean {
  const bare = text.trim();
  if (!digits && !bare.includes(":")) return false;
  const clock = clockOf(bare);
  return clock !== undefined && (clock.rest === "" || offsetMs(clock.rest) !== undefined);
}
