/** Returns true for a cell that holds no value. */
export const isNothing = (cell: string | null): boolean => /^(|nan|null|none|n\/a|na|-)$/i.test(cell?.trim() ?? "");

export const isBlank = (fields: readonly (string | null)[]): boolean =>
  fields.every((cell) => cell === null || cell.trim() === "");

/** True for a header that stands again among the rows, as in files that were joined. */
export const repeatsHeader = (fields: readonly (string | null)[], header: readonly string[] | undefined): boolean =>
  header !== undefined &&
  fields.length === header.length &&
  fields.every((cell, i) => cell?.trim() === header[i]!.trim());

/** Returns true for a cell that ends in a percent sign, in quotes or not. */
export const hasPercentSign = (text: string): boolean => /%["']?\s*$/.test(text);

export const isTrue = (cell: string | null | undefined): boolean => /^(true|1|yes|t|y)$/i.test(cell?.trim() ?? "");

const FORECAST_WORD =
  /^(predicted|prediction|estimated?|forecast(ed)?|indicative|projected|provisional|next|pending|unsettled|upcoming)$/i;
const SETTLED_WORD =
  /^(settled|settlement|realized|realised|actual|final|historical|history|paid|confirmed|past|last|done|completed?|closed)$/i;

/** True for a cell of a column of forecasts that says its row is one: `true`, `predicted`. */
export const saysForecast = (cell: string | null | undefined): boolean =>
  isTrue(cell) || FORECAST_WORD.test(cell?.trim() ?? "");

/** True for a column whose cells say of each row whether it is a forecast or a settlement, in words. */
export const tellsForecasts = (cells: readonly string[]): boolean =>
  cells.some((cell) => FORECAST_WORD.test(cell)) &&
  cells.every((cell) => FORECAST_WORD.test(cell) || SETTLED_WORD.test(cell));

/** Reads an interval in hours: `8`, `8h`, `08:00:00`, BitMEX's `2000-01-01T08:00:00.000Z`, or in minutes where it is more than a day's hours. */
export function hoursOf(cell: string | null): string | null {
  const text = cell?.trim() ?? "";
  if (isNothing(cell)) return null;
  const clock = /^(?:2000-01-01T)?(\d{1,2}):00(?::00(?:\.000Z)?)?$/.exec(text);
  if (clock) return String(Number(clock[1]));
  const match = /^(\d+)(?:\.0+)?\s*(h|hours?|m|min|minutes?)?$/i.exec(text);
  if (!match) return text;
  const value = Number(match[1]);
  const minutes = match[2] === undefined ? value > 24 && value % 60 === 0 && value <= 1_440 : /^m/i.test(match[2]);
  return String(minutes ? value / 60 : value);
}
