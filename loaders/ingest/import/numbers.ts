import {isNothing} from "./cells.js";
import type {ColumnPlan} from "./columns.js";
import type {Decimals, Given} from "./given.js";
import {open, refused, stop} from "./refusal.js";
import type {Table, TableRecord} from "./table.js";

/** A number without its sign, its quotes and its percent sign. */
const bareOf = (text: string): string =>
  text
    .trim()
    .replace(/^["']|["']$/g, "")
    .replace(/^[-+]/, "")
    .replace(/\s*%$/, "");

/** Blanks and apostrophes can only part thousands. */
const GROUPED = /^\d{1,3}(?:[ '\u2019\u00a0\u202f]\d{3})+(?=$|[.,]\d)/;
const withoutGroups = (text: string): string =>
  text.replace(GROUPED, (digits) => digits.replace(/[ '\u2019\u00a0\u202f]/g, ""));

const POINT = {
  /** `42.1`, `0.100`, `1234.500`, `1.5e-7`, `1,234.5`, `1,234,567` */
  certain: /^(?:\d*\.\d*(?:e[-+]?\d+)?|[1-9]\d{0,2}(?:,\d{3})+\.\d+|[1-9]\d{0,2}(?:,\d{3}){2,})$/i,
  /** `1,234`, `1,234.5` */
  thousands: /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/
};
const COMMA = {
  certain: /^(?:\d*,\d*(?:e[-+]?\d+)?|[1-9]\d{0,2}(?:\.\d{3})+,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,})$/i,
  thousands: /^[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$/
};
/** `42.100`, `42,100`: decimals or thousands */
const EITHER = /^[1-9]\d{0,2}([.,])\d{3}$/;

/** What stands before the decimals of one number; undefined where it has none, or where it may be either. */
function decimalsOf(text: string): Decimals | undefined {
  const bare = withoutGroups(bareOf(text));
  if (EITHER.test(bare)) return undefined;
  return POINT.certain.test(bare) ? "point" : COMMA.certain.test(bare) ? "comma" : undefined;
}

const NUMBERS = ["rate", "open", "high", "low", "close", "value", "volume", "turnover", "notional"] as const;

/** How numbers of a table are written. */
export interface NumberStyle {
  decimals: Decimals;
  /** a person said so: what may part thousands does */
  told: boolean;
}

/** The style of numbers that are no text, and of a plain file. */
export const PLAIN: NumberStyle = {decimals: "point", told: false};

/**
 * Finds what stands before the decimals of a table's numbers. One number that can be read in one way tells of the others.
 * Where all have three digits behind their mark, `42,100` is asked about in any file, `42.100` in one whose delimiter is no
 * comma, as programs write it where commas are decimal.
 */
export function styleOf(
  sample: readonly TableRecord[],
  {columns}: ColumnPlan,
  {delimiter}: Table,
  {decimal}: Given
): NumberStyle {
  if (decimal !== undefined) return {decimals: decimal, told: true};
  if (delimiter === undefined) return PLAIN;
  const found: Partial<Record<Decimals | "." | ",", string>> = {};
  for (const {fields} of sample)
    for (const field of NUMBERS) {
      const text = columns[field] === undefined ? null : (fields[columns[field]] ?? null);
      if (text === null || isNothing(text) || !/[.,]/.test(text)) continue;
      const either = EITHER.exec(withoutGroups(bareOf(text)));
      const kind = either ? (either[1] as "." | ",") : decimalsOf(text);
      if (kind !== undefined) found[kind] ??= text.trim();
    }
  if (found.point !== undefined && found.comma !== undefined) {
    stop(
      refused(
        "decimal",
        `some of its numbers have a decimal point (${found.point}), some a decimal comma (${found.comma})`,
        "write all of them with a point"
      )
    );
  }
  if (found.comma !== undefined) return {decimals: "comma", told: false};
  if (found.point !== undefined) return PLAIN;
  const unsure = found[","] ?? (delimiter === "," ? undefined : found["."]);
  if (unsure === undefined) return PLAIN;
  return stop(
    open(
      "decimal",
      `its numbers may have decimals or thousands behind their mark (${unsure})`,
      "pass --decimal point or comma, with what stands before its decimals"
    )
  );
}

/**
 * A number's text with a decimal point and nothing else, as the file's style reads it: `0,0001`, `"0.0001"`, `0.01%`,
 * `42,000.00`. `42,000` may be 42, unless a person said what stands before the decimals.
 * @returns undefined for a number that the style does not read; text that is no number stays as it is
 */
export function plainNumber(text: string, {decimals, told}: NumberStyle): string | undefined {
  const bare = withoutSign(text);
  if (!/[,' \u2019\u00a0\u202f]/.test(bare) && decimals === "point") return bare;
  const sign = /^[-+]/.exec(bare)?.[0] ?? "";
  const digits = withoutGroups(bare.slice(sign.length));
  const {thousands} = decimals === "point" ? POINT : COMMA;
  const [mark, parts] = decimals === "point" ? [".", ","] : [",", "."];
  if (thousands.test(digits) && (told || !EITHER.test(digits) || digits.includes(mark)))
    return sign + digits.replaceAll(parts, "").replace(mark, ".");
  if (digits.includes(parts)) return undefined;
  return sign + digits.replace(mark, ".");
}

const withoutSign = (text: string): string =>
  text
    .trim()
    .replace(/^["']|["']$/g, "")
    .replace(/\s*%$/, "");
