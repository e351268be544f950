import {Decimal, text as decimalText} from "../../../src/lib/money/decimal.js";
import {plainName} from "./column-names.js";
import type {ColumnPlan} from "./columns.js";
import type {Given, RatePeriod, RateUnit} from "./given.js";
import {plainNumber, type NumberStyle} from "./numbers.js";
import {open, refused, stop} from "./refusal.js";
import type {Table, TableRecord} from "./table.js";

const HOURS: Readonly<Record<RatePeriod, number>> = {hour: 1, day: 24, year: 8_760};

/** Returns an hour's share of a rate that is paid for a period (§3a), with all digits that a Decimal has. */
export function hourlyShare(share: string, period: RatePeriod): string {
  if (period === "hour" || !Number.isFinite(Number(share)) || share === "") return share;
  return decimalText(new Decimal(share).div(HOURS[period]));
}

/** Shares of an hour above which no coin is typically lent: 0.0001 is 88 % a year. */
const HIGHEST_TYPICAL = 0.0001;

/**
 * Returns what the rates of a file are paid for: as given, as the column's name says, else an hour where the person says
 * that they are of this series, which is one of hourly rates. Rows a day apart, or rates that no hour pays, are asked
 * about.
 */
export function ratePeriodOf(
  {columns, timeframe, unit, style, sample}: BorrowRows,
  {ratePeriod, series, rateUnit}: Given
): RatePeriod {
  const said = ratePeriod ?? periodByName(columns.used.value ?? "");
  const period = said ?? "hour";
  if (said === undefined && (series === undefined || timeframe === "1d")) {
    return stop(
      open(
        "rate-period",
        `its column ${columns.used.value} does not say what the rate is paid for`,
        "pass --rate-period hour, day or year"
      )
    );
  }
  const typical = typicalShare(sample, {columns, unit, style, period});
  if (typical <= HIGHEST_TYPICAL || (ratePeriod !== undefined && rateUnit !== undefined)) return period;
  return stop(
    open(
      said === undefined ? "rate-period" : "rate-unit",
      `its rates are too large for shares of an hour (typically ${typical})`,
      "pass --rate-period hour, day or year and --rate-unit share, percent or bps"
    )
  );
}

interface BorrowRows {
  columns: ColumnPlan;
  timeframe: string;
  unit: RateUnit;
  style: NumberStyle;
  sample: readonly TableRecord[];
}

const periodByName = (column: string): RatePeriod | undefined => {
  const name = plainName(column);
  if (/hour/.test(name)) return "hour";
  if (/dail|perday/.test(name)) return "day";
  return /annual|year|^apr$/.test(name) ? "year" : undefined;
};

const SCALE: Readonly<Record<RateUnit, number>> = {share: 1, percent: 100, bps: 10_000};

/** Returns the median size of the rates as shares of an hour. */
function typicalShare(
  sample: readonly TableRecord[],
  {columns, unit, style, period}: Pick<BorrowRows, "columns" | "unit" | "style"> & {period: RatePeriod}
): number {
  const sizes = sample
    .map(({fields}) => Number(plainNumber(fields[columns.columns.value!] ?? "", style)))
    .filter(Number.isFinite)
    .map((size) => Math.abs(size) / SCALE[unit] / HOURS[period])
    .sort((a, b) => a - b);
  return sizes[(sizes.length - 1) >> 1] ?? 0;
}

/** Returns the unit of a borrow rate: as given, else as its header or its cells say. */
export function borrowUnitOf(sample: readonly TableRecord[], {columns, rateUnit}: ColumnPlan, given: Given): RateUnit {
  const percent = sample.some(({fields}) => fields[columns.value!]?.trim().endsWith("%"));
  return given.rateUnit ?? (percent ? "percent" : (rateUnit ?? "share"));
}

/** Names of columns that tell whose rate it is, or for how long: each value has a rate of its own. */
const TERMS = /vip|level|tier|grade|term|tenor|duration|maturity|^(loan)?(period|days?)$/;

/** Finds the columns that tell of which customers or of which term a rate is, and refuses rates of several. */
export function withTerms(plan: ColumnPlan, sample: readonly TableRecord[], {header}: Table): ColumnPlan {
  const taken = new Set([...Object.values(plan.columns), ...(plan.market?.columns ?? [])]);
  const constant = (header ?? []).flatMap((cell, i) => (!taken.has(i) && TERMS.test(plainName(cell)) ? [i] : []));
  for (const column of constant) {
    const values = [...new Set(sample.map(({fields}) => fields[column]?.trim() ?? ""))];
    if (values.length < 2) continue;
    const name = header![column]!.trim();
    const list = `${values.slice(0, 5).join(", ")}${values.length > 5 ? ", …" : ""}`;
    const why = `its column ${name} has several values (${list}), each with a rate of its own`;
    stop(refused("columns", why, `keep the rows of one ${name}`));
  }
  return {...plan, constant};
}
