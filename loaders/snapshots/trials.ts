import {mkdirSync, renameSync, rmSync, writeFileSync} from "node:fs";
import {dirname, extname} from "node:path";
import {DuckDBInstance} from "@duckdb/node-api";
import {rowsToCsv, type TrialRow} from "../../src/lib/sweep/rows.js";
import {UsageError} from "../errors.js";
import {literal} from "../store/key.js";

const FORMATS = [".csv", ".json", ".parquet"];

/**
 * Checks the name of a file for trials before a sweep runs.
 * @throws UsageError for an extension of no known format
 */
export function checkTrialsFile(file: string): void {
  if (!FORMATS.includes(extname(file))) {
    throw new UsageError(`invalid out: ${file}`, {fix: `end it in ${FORMATS.join(", ")}`});
  }
}

/**
 * Writes all trials of a sweep to one file, in the format of its extension. The file is written whole or not at all.
 */
export async function writeTrials(file: string, rows: readonly TrialRow[]): Promise<void> {
  const draft = `${file}.part`;
  mkdirSync(dirname(file), {recursive: true});
  try {
    if (file.endsWith(".json")) writeFileSync(draft, JSON.stringify(rows));
    else if (file.endsWith(".csv")) writeFileSync(draft, rowsToCsv(rows));
    else await writeParquet(draft, rows);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, {force: true});
    throw error;
  }
}

/** Writes Parquet by way of CSV, since DuckDB infers the parameters' types from all rows. */
async function writeParquet(file: string, rows: readonly TrialRow[]): Promise<void> {
  const csv = `${file}.csv`;
  writeFileSync(csv, rowsToCsv(rows));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(
      `copy (select * from read_csv(${literal(csv)}, header = true, sample_size = -1)) to ${literal(file)} (format parquet, compression zstd)`
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(csv, {force: true});
  }
}
