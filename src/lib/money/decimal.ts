import {Decimal as DecimalJs} from "decimal.js";

/**
 * The one Decimal constructor of the project: precision 60, rounding half-even (§3). Text never carries an
 * exponent. Money is always this type; only {@link toNumber} turns it into a float.
 */
export const Decimal = DecimalJs.clone({
  precision: 60,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -9e15,
  toExpPos: 9e15
});
export type Decimal = InstanceType<typeof Decimal>;

/** What is accepted where a decimal is wanted: exact text, an integer-valued or shortest-text float, or a Decimal. */
export type DecimalInput = string | number | Decimal;

const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads a decimal, refusing what is not a finite number. A float is read as the shortest text that round-trips.
 * @param name used in the error, e.g. `"rate"`
 * @throws `invalid NAME: VALUE` for empty text, NaN, infinities and anything that is not a number
 */
export function decimal(value: DecimalInput, name = "decimal"): Decimal {
  if (value instanceof Decimal) {
    if (!value.isFinite()) throw new RangeError(`invalid ${name}: ${value}`);
    return value;
  }
  const text = typeof value === "number" ? String(value) : value.trim();
  if (!PLAIN.test(text)) throw new RangeError(`invalid ${name}: ${JSON.stringify(value)}`);
  return new Decimal(text);
}

/** True when the text is one plain finite decimal, with or without an exponent. */
export const isDecimalText = (text: string): boolean => PLAIN.test(text);

/** Canonical text: no exponent, no trailing zeros, no plus sign, and never `-0`. */
export function text(value: DecimalInput): string {
  const d = decimal(value);
  return d.isZero() ? "0" : d.toFixed();
}

const SIMPLE = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/**
 * {@link text} for decimal text, without building a Decimal where the text is plain: the import's hot path.
 * @throws `invalid NAME: VALUE`
 */
export function canonicalText(value: string, name = "decimal"): string {
  if (!SIMPLE.test(value)) return text(decimal(value, name));
  let end = value.length;
  if (value.includes(".")) {
    while (value.charCodeAt(end - 1) === 48) end--;
    if (value.charCodeAt(end - 1) === 46) end--;
  }
  const stripped = end === value.length ? value : value.slice(0, end);
  return stripped === "-0" ? "0" : stripped;
}

/** The one border between money (Decimal) and statistics (number): the nearest double. */
export const toNumber = (value: Decimal): number => value.toNumber();

export const ZERO = new Decimal(0);
export const ONE = new Decimal(1);
