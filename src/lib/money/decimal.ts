import {Decimal as DecimalJs} from "decimal.js";

/**
 * The project's only Decimal constructor: 60 digits, rounding half to even (§3), text without an exponent. Money always
 * has this type; only {@link toNumber} converts it to a float.
 */
export const Decimal = DecimalJs.clone({
  precision: 60,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -9e15,
  toExpPos: 9e15
});
export type Decimal = InstanceType<typeof Decimal>;

/** Input of {@link decimal}: decimal text, a float (read as its shortest round-trip text), or a Decimal. */
export type DecimalInput = string | number | Decimal;

const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Parses a finite decimal. A float is read as its shortest round-trip text.
 * @param name the quantity named in the error, e.g. `"rate"`
 * @throws RangeError `invalid NAME: VALUE` for empty or non-numeric text, NaN and infinities
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

/** Returns true if the text is one finite decimal, with or without an exponent. */
export const isDecimalText = (text: string): boolean => PLAIN.test(text);

/** Returns canonical decimal text: no exponent, no trailing zeros, no plus sign, and never `-0`. */
export function text(value: DecimalInput): string {
  const d = decimal(value);
  return d.isZero() ? "0" : d.toFixed();
}

const SIMPLE = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/**
 * Returns the same as {@link text} for decimal text. It avoids building a Decimal for plain text, the importer's hot path.
 * @throws RangeError `invalid NAME: VALUE`
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

/** Converts money to a number, the nearest double: the only way from Decimal to statistics (§3). */
export const toNumber = (value: Decimal): number => value.toNumber();

export const ZERO = new Decimal(0);
export const ONE = new Decimal(1);
