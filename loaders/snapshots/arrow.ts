import {bool, columnFromArray, dictionary, float64, tableFromColumns, tableToIPC, utf8} from "@uwdata/flechette";
import type {DuckDBConnection} from "@duckdb/node-api";

/** Columns by name: numbers, text or booleans, null where missing. */
export type Columns = Record<string, (number | string | boolean | null)[]>;

/**
 * Returns the columns of a query in types that a page can read. Integers, decimals and instants (UTC ms) become
 * doubles, everything else text.
 */
export async function queryColumns(connection: DuckDBConnection, sql: string): Promise<Columns> {
  const reader = await connection.runAndReadAll(sql);
  const names = reader.deduplicatedColumnNames();
  const types = reader.columnTypes().map(String);
  const columns = reader.getColumns();
  return Object.fromEntries(names.map((name, i) => [name, (columns[i] ?? []).map((value) => plain(value, types[i]!))]));
}

function plain(value: unknown, type: string): number | string | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number(value);
  if (/^DECIMAL/.test(type)) return Number(String(value));
  if (/^(TIMESTAMP|DATE)/.test(type))
    return Date.parse(`${String(value).slice(0, 23).replace(" ", "T")}${type === "DATE" ? "" : "Z"}`);
  return String(value);
}

/** Encodes columns as an Arrow IPC stream; a column of only nulls is numeric. */
export function toArrow(columns: Columns): Uint8Array {
  const table = tableFromColumns(
    Object.entries(columns).map(([name, values]) => [name, columnFromArray(values, typeOf(values))])
  );
  return tableToIPC(table, {format: "stream"})!;
}

function typeOf(values: readonly unknown[]) {
  const sample = values.find((value) => value !== null);
  if (typeof sample === "string") return dictionary(utf8());
  return typeof sample === "boolean" ? bool() : float64();
}

/** Converts rows of objects to columns, in the order of `names`. */
export function columnsOf<T extends object>(rows: readonly T[], names: readonly (keyof T & string)[]): Columns {
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] as Columns[string][number])]));
}
