import {renameSync, rmSync} from "node:fs";
import {isCandleSeries, type Series} from "../../src/lib/market/pair.js";
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

/**
 * Exports rows of the lake in exact decimals, oldest first. A file is written whole or not at all.
 * @returns the number of rows
 */
export async function exportRows(dataDir: string, options: ExportOptions): Promise<number> {
  const {series, format, out, pair, venue, timeframe, from, to, write} = options;
  const candles = isCandleSeries(series);
  const predicted = series === "predicted";
  const stamp = candles || predicted ? "ts" : "boundary_ts";
  const where = [
    "true",
    pair !== undefined && `pair = ${literal(pair)}`,
    venue !== undefined && `venue = ${literal(venue)}`,
    candles && timeframe !== undefined && `timeframe = ${literal(timeframe)}`,
    from !== undefined && `${stamp} >= ${from}`,
    to !== undefined && `${stamp} < ${to}`
  ].filter(Boolean);
  // Trailing zeros of the stored scale carry no information and would double the file.
  const exact = (column: string) => `regexp_replace(${column}::varchar, '\\.?0+$', '') as ${column}`;
  const columns = candles
    ? `venue, series, pair, timeframe, ts, ${["open", "high", "low", "close", "volume", "turnover"].map((c) => (format === "parquet" ? c : exact(c))).join(", ")}`
    : predicted
      ? `venue, pair, ts, next_ts, ${format === "parquet" ? "rate" : exact("rate")}`
      : `venue, pair, ts, boundary_ts, ${format === "parquet" ? "rate" : exact("rate")}, interval_hours, interval_source`;
  const order = candles ? "venue, pair, timeframe, ts" : "venue, pair, ts";
  const select = `select ${columns} from ${candles ? "candles_exact" : `${series}_exact`} where ${where.join(" and ")} order by ${order}`;
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
