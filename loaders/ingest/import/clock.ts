import {isNothing} from "./cells.js";
import {plainName} from "./column-names.js";
import type {ColumnPlan} from "./columns.js";
import {isClock, isDay} from "./dates.js";
import {refused, stop} from "./refusal.js";
import type {Table, TableRecord} from "./table.js";

/** Names of a column of days and of one of times of the day. */
const DAY_NAMES = new Set("date day dt datum fecha tradedate tradingday 日期".split(" "));
const CLOCK_NAMES = new Set("time hour clock timeofday uhrzeit zeit hora heure 时间".split(" "));

/** A column by its name without a zone: `Time (UTC)` and `time_utc` are times of the day as `Time` is. */
const bareName = (name: string): string => plainName(name).replace(/(?<=.)(utc|gmt)$/, "");

/**
 * The text of a record's stamp: of one column, or of its day and its time of the day. A day without its time is no stamp
 * where the others have one.
 */
export function stampText(
  fields: TableRecord["fields"],
  {ts, clock}: Pick<ColumnPlan["columns"], "ts" | "clock">
): string | null {
  const day = fields[ts!] ?? null;
  if (clock === undefined || isNothing(day)) return day;
  return `${day!.trim()} ${isNothing(fields[clock] ?? null) ? "(without a time)" : fields[clock]!.trim()}`;
}

/**
 * Joins a day with the time of the day that stands in a column of its own. Several such columns must be told apart by
 * name; a day that several rows share, without a time, is no stamp.
 */
export function withClock(plan: ColumnPlan, sample: readonly TableRecord[], {header, width}: Table): ColumnPlan {
  const {columns} = plan;
  const nameOf = (i: number) => header?.[i]?.trim() || String(i + 1);
  const joined = (day: number, clock: number): ColumnPlan => {
    const names = [day, clock].map(nameOf);
    return {
      ...plan,
      columns: {...columns, ts: day, clock},
      used: {...plan.used, ts: names.join("+")},
      ignored: plan.ignored.filter((name) => !names.includes(name))
    };
  };
  if (columns.clock !== undefined) return joined(columns.ts!, columns.clock);
  const taken = new Set(Object.entries(columns).flatMap(([field, i]) => (field === "ts" ? [] : [i])));
  const cellsAt = (i: number) => sample.slice(0, LOOKED_AT).flatMap(({fields}) => fields[i]?.trim() || []);
  const holds = (i: number, is: (text: string) => boolean): boolean => {
    const cells = cellsAt(i);
    return cells.length > 0 && cells.every(is);
  };
  const clocks = (i: number) =>
    holds(i, (text) => isClock(text, header !== undefined && CLOCK_NAMES.has(bareName(header[i] ?? ""))));
  const pick = (is: (i: number) => boolean, names: ReadonlySet<string>): number | undefined => {
    const fits = Array.from({length: width}, (_, i) => i).filter((i) => i !== columns.ts && !taken.has(i) && is(i));
    const named = fits.filter((i) => names.has(bareName(header?.[i] ?? "")));
    const [found, ...others] = named.length > 0 ? named : fits;
    if (others.length === 0) return found;
    const list = fits.map(nameOf).join(", ");
    return stop(refused("columns", `its stamps may be made of several columns (${list})`, ASK_BOTH));
  };
  const ts = columns.ts!;
  if (clocks(ts)) {
    const day = pick((i) => holds(i, isDay), DAY_NAMES);
    return day === undefined
      ? stop(refused("stamps", "its stamps are times of the day, of no day", ASK_BOTH))
      : joined(day, ts);
  }
  if (!holds(ts, isDay)) return plan;
  const clock = pick(clocks, CLOCK_NAMES);
  // A row a day may have a time that is something else, as that of the last trade.
  const days = cellsAt(ts);
  const isOther =
    clock !== undefined && !CLOCK_NAMES.has(bareName(nameOf(clock))) && new Set(days).size === days.length;
  return clock === undefined || isOther ? plan : joined(ts, clock);
}

/** Refuses rows of one market whose stamps are days that they share: nothing tells them apart. */
export function checkDays(sample: readonly TableRecord[], {columns}: ColumnPlan): void {
  const texts = sample.flatMap(({fields}) => stampText(fields, columns)?.trim() || []);
  if (texts.length < 2 || !texts.every(isDay) || new Set(texts).size > texts.length * 0.6) return;
  stop(refused("stamps", "its stamps are days, and several rows share one", ASK_BOTH));
}

const LOOKED_AT = 200;
const ASK_BOTH = "name the columns of the day and of its time with --columns ts=DAY+TIME";
