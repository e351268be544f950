import {boundaryTs, HOUR_MS} from "../../../src/lib/time/grid.js";
import {Decimal, text as decimalText} from "../../../src/lib/money/decimal.js";
import {isCandleSeries, isObservationSeries} from "../../../src/lib/market/pair.js";
import {RowError} from "../../errors.js";
import {readCandle, readFunding, readObservation, type Field, type MarketRow, type RawRow} from "../../rows.js";
import {hourlyShare} from "./borrow.js";
import {stampText} from "./clock.js";
import {stepOf} from "../../store/key.js";
import {FRACTION_DIGITS} from "../../store/schema.js";
import {hasPercentSign, hoursOf, isBlank, isNothing, repeatsHeader} from "./cells.js";
import {flagged} from "./flags.js";
import type {RateUnit} from "./given.js";
import {pairOfMarket, sameVenue, venueOfCell} from "./identity.js";
import {marketText} from "./markets.js";
import {plainNumber} from "./numbers.js";
import type {TablePlan} from "./plan.js";
import {rivalIn} from "./rivals.js";
import {shapeCheck} from "./record.js";
import {readInstant} from "./stamp.js";
import type {Table, TableRecord} from "./table.js";

/** Why a record is no row of its history; none of these needs leave. */
export type Passed =
  "blank" | "repeated-header" | "other-pair" | "other-venue" | "forecast" | "carried" | "in-progress";

/** What one record of a table is. */
type Reading = {row: MarketRow; rounded: boolean} | {passed: Passed};

const VALUES: readonly Field[] = ["rate", "open", "high", "low", "close", "value"];
const NUMBERS: readonly Field[] = [...VALUES, "volume", "turnover", "notional"];
/** Missing is not zero, and no reason to refuse a candle. */
const OPTIONAL = new Set<Field>(["volume", "turnover", "notional"]);

/**
 * Reads the records of a table by its plan. Numbers keep the file's own digits; a fraction beyond the 18th digit, which
 * only floating point writes, is rounded half-even and said.
 * @param nowMs the present, UTC ms: a candle or settlement that has not ended by then is passed over
 * @returns a function that throws a RowError naming the field for a record that is no row
 */
export function rowReader(table: Table, plan: TablePlan, nowMs: number): (record: TableRecord) => Reading {
  const {columns: found, key, reading, filtered, carriedHours, observed} = plan;
  const {columns} = found;
  const {series} = key;
  const stepMs = stepOf(key);
  const signed = series === "premium";
  const closeOnly = signed || series === "mark" || series === "index";
  const {market} = found;
  const pairs = new Map<string, string | undefined>();
  const values = VALUES.filter((field) => columns[field] !== undefined);
  const numbers = NUMBERS.filter((field) => columns[field] !== undefined);
  const checkShape = shapeCheck(table, [...Object.values(columns), ...(market?.columns ?? [])]);
  const cell = (record: TableRecord, field: keyof typeof columns): string | null =>
    columns[field] === undefined ? null : (record.fields[columns[field]] ?? null);

  const isOfPair = (record: TableRecord): boolean => {
    if (market === undefined) return true;
    const symbol = marketText(record.fields, market);
    if (symbol === "") {
      if (filtered) throw new RowError("missing", "symbol");
      return true;
    }
    if (!pairs.has(symbol)) pairs.set(symbol, pairOfMarket(symbol, market, key.pair));
    const pair = pairs.get(symbol);
    const rival = rivalOf(record.fields);
    if (rival !== undefined) throw new RowError("invalid", "symbol", `${rival.own} beside ${rival.other}`);
    if (pair === key.pair) return true;
    if (filtered) return false;
    throw new RowError("invalid", "symbol", `${symbol} in a file of ${key.pair}`);
  };

  const rivalOf = rivalIn(found);
  const constants = new Map<number, string>();
  const checkConstant = ({fields}: TableRecord): void => {
    for (const column of found.constant) {
      const text = fields[column]?.trim() ?? "";
      if (!constants.has(column)) constants.set(column, text);
      if (constants.get(column) !== text)
        throw new RowError("invalid", "row", `${text} in a file of ${constants.get(column)}`);
    }
  };

  const isOfVenue = (record: TableRecord): boolean => {
    const named = columns.venue === undefined ? undefined : venueOfCell(cell(record, "venue") ?? "");
    return named === undefined || sameVenue(named, key.venue);
  };

  /** The rate of each stretch between settlements: one that moves was never carried. */
  const carried = new Map<number, string>();
  const checkCarried = (ts: number, rate: string, hours: number): void => {
    const block = Math.floor(boundaryTs(ts) / (hours * HOUR_MS));
    const known = carried.get(block);
    if (known === undefined) carried.set(block, rate);
    else if (known !== rate)
      throw new RowError("invalid", "rate", `${rate} differs from ${known}, which was carried on for ${hours} hours`);
  };

  const rowOf = (raw: RawRow): MarketRow | undefined => {
    if (isCandleSeries(series)) return readCandle(raw, {stepMs: stepMs!, closeOnly, signed, nowMs});
    if (isObservationSeries(series)) return readObservation(raw, {series, stepMs, lagMs: observed!.lagMs, nowMs});
    return readFunding(raw, {nowMs});
  };

  return (record) => {
    if (isBlank(record.fields)) return {passed: "blank"};
    if (repeatsHeader(record.fields, table.header)) return {passed: "repeated-header"};
    checkShape(record);
    if (!isOfPair(record)) return {passed: "other-pair"};
    if (!isOfVenue(record)) return {passed: "other-venue"};
    const passed = flagged(record.fields, found);
    if (passed !== undefined) return {passed};
    checkConstant(record);
    if (values.every((field) => isNothing(cell(record, field)))) {
      // A row of a wide file that has nothing of this series is none of its rows.
      if (plan.wide || isNothing(cell(record, "ts"))) return {passed: "blank"};
      throw new RowError("missing", values.join(", "));
    }
    let ts = readInstant(stampText(record.fields, columns), reading);
    if (found.endStamped && stepMs !== undefined) ts = Math.ceil(ts / stepMs) * stepMs - stepMs;
    if (carriedHours !== undefined) checkCarried(ts, cell(record, "rate")?.trim() ?? "", carriedHours);
    if (carriedHours !== undefined && boundaryTs(ts) % (carriedHours * HOUR_MS) !== 0) return {passed: "carried"};
    const raw: RawRow = {
      ts: String(ts),
      interval: hoursOf(cell(record, "interval")),
      intervalSource: cell(record, "intervalSource")
    };
    let rounded = false;
    for (const field of numbers) {
      const text = cell(record, field);
      if (text === null || (OPTIONAL.has(field) && isNothing(text))) continue;
      const plain = plainNumber(text, plan.style);
      if (plain === undefined)
        throw new RowError(
          "invalid",
          field,
          `${JSON.stringify(text)} has no decimal ${plan.style.decimals}, or thousands`
        );
      const scaled =
        field === "rate" || (field === "value" && series === "borrow") ? scaledRate(plain, unitOf(text, plan)) : plain;
      const whole = field === "value" && observed?.ratePeriod ? hourlyShare(scaled, observed.ratePeriod) : scaled;
      raw[field] = shortened(whole);
      if (raw[field] !== whole) rounded = true;
    }
    const known = cell(record, "known");
    if (!isNothing(known)) raw.known = String(readInstant(known, reading));
    const row = rowOf(raw);
    return row === undefined ? {passed: "in-progress"} : {row, rounded};
  };
}

/** Returns the unit of a rate: a sign says its own; a rate without one among rates that all have it says none. */
function unitOf(text: string, {rateUnit, rateUnitFrom}: TablePlan): RateUnit {
  if (hasPercentSign(text)) return "percent";
  if (rateUnitFrom === "signs") throw new RowError("invalid", "rate", `${text} has no percent sign, the others have`);
  return rateUnit;
}

const UNITS = {share: 0, percent: 2, bps: 4} as const;

/** Returns a rate as a share of notional, exactly: percent and basis points move the point. */
function scaledRate(text: string, unit: RateUnit): string {
  if (unit === "share" || !Number.isFinite(Number(text)) || text === "") return text;
  return decimalText(new Decimal(text).div(10 ** UNITS[unit]));
}

/** Cuts what stands beyond the last stored digit, half-even. */
function shortened(text: string): string {
  const point = text.indexOf(".");
  if (point < 0 || (text.length - point - 1 <= FRACTION_DIGITS && !/e/i.test(text))) return text;
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  const exact = new Decimal(text);
  return exact.decimalPlaces() <= FRACTION_DIGITS
    ? text
    : decimalText(exact.toDecimalPlaces(FRACTION_DIGITS, Decimal.ROUND_HALF_EVEN));
}
