import {renameSync, rmSync} from "node:fs";
import {isCandleSeries, isObservationSeries, type Series} from "../../src/lib/market/pair.js";
import {withLake} from "../lake/reader.js";
import {rowsOf} from "../store/database.js";
import {literal} from "../store/key.js";

export const EXPORT_FORMATS = ["csv", "parquet", "json"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

interface ExportOptions {
  series: Series;
  format: ExportFormat;
  /** output file; without one, rows go to `write` */
  out?: string | undefined;
  pair?: string | undefined;
  venue?: string | undefined;
  timeframe?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  write: (text: string) => void;
}

/** The rows of a series as they leave: where they are read, and their columns in order. */
interface Rows {
  view: "funding" | "predicted" | "candles" | "observations";
  stamp: "ts" | "boundary_ts";
  /** several timeframes may be there */
  framed: boolean;
  key: readonly string[];
  /** decimals, and the name under which they leave where it is another */
  values: readonly {column: string; as?: string}[];
  notes: readonly string[];
}

const PRICES = ["open", "high", "low", "close", "volume", "turnover"];

function rowsOfSeries(series: Series): Rows {
  const framed = ["venue", "series", "pair", "timeframe", "ts"];
  if (isCandleSeries(series))
    return {
      view: "candles",
      stamp: "ts",
      framed: true,
      key: framed,
      values: PRICES.map((column) => ({column})),
      notes: []
    };
  if (isObservationSeries(series)) {
    // An import reads these names back for what they are.
    const values =
      series === "borrow"
        ? [{column: "value", as: "hourly_rate"}]
        : series === "open-interest"
          ? [{column: "value", as: "open_interest"}, {column: "notional"}]
          : [{column: "value"}];
    return {view: "observations", stamp: "ts", framed: true, key: [...framed, "known_ts as known"], values, notes: []};
  }
  const rate = [{column: "rate"}];
  return series === "predicted"
    ? {view: "predicted", stamp: "ts", framed: false, key: ["venue", "pair", "ts", "next_ts"], values: rate, notes: []}
    : {
        view: "funding",
        stamp: "boundary_ts",
        framed: false,
        key: ["venue", "pair", "ts", "boundary_ts"],
        values: rate,
        notes: ["interval_hours", "interval_source"]
      };
}

/**
 * Exports rows of the lake in exact decimals, oldest first. A file is written whole or not at all.
 * @returns the number of rows
 */
export async function exportRows(dataDir: string, options: ExportOptions): Promise<number> {
  const {series, format, out, pair, venue, timeframe, from, to, write} = options;
  const {view, stamp, framed, key, values, notes} = rowsOfSeries(series);
  const where = [
    "true",
    pair !== undefined && `pair = ${literal(pair)}`,
    venue !== undefined && `venue = ${literal(venue)}`,
    framed && timeframe !== undefined && `timeframe = ${literal(timeframe)}`,
    from !== undefined && `${stamp} >= ${from}`,
    to !== undefined && `${stamp} < ${to}`
  ].filter(Boolean);
  // Trailing zeros of the stored scale carry no information and would double the file.
  const exact = (column: string) =>
    format === "parquet" ? column : `regexp_replace(${column}::varchar, '\\.?0+$', '')`;
  const decimals = values.map(({column, as = column}) => `${exact(column)} as ${as}`);
  const columns = [...key, ...decimals, ...notes].join(", ");
  const order = framed ? "venue, pair, timeframe, ts" : "venue, pair, ts";
  const select = `select ${columns} from ${view}_exact where ${where.join(" and ")} order by ${order}`;
  return withLake(
    dataDir,
    async ({connection}) => {
      if (out !== undefined) {
        const draft = `${out}.part`;
        const how = {csv: "format csv, header", parquet: "format parquet, compression zstd", json: "format json"}[
          format
        ];
        try {
          const [{Count}] = (await rowsOf<{Count: number}>(
            connection,
            `copy (${select}) to ${literal(draft)} (${how})`
          )) as [{Count: number}];
          renameSync(draft, out);
          return Count;
        } finally {
          rmSync(draft, {force: true});
        }
      }
      const result = await connection.stream(select);
      const names = result.columnNames();
      let count = 0;
      if (format === "csv") write(`${names.join(",")}\n`);
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        let lines = "";
        for (const row of chunk.getRows()) {
          const values = row.map((value) => (typeof value === "bigint" ? Number(value) : value));
          lines +=
            format === "csv"
              ? `${values.map((v) => v ?? "").join(",")}\n`
              : `${JSON.stringify(Object.fromEntries(names.map((n, i) => [n, values[i]])))}\n`;
          count++;
        }
        write(lines);
      }
      return count;
    },
    {only: (part) => part.series === series}
  );
}
