import {DuckDBInstance, type DuckDBConnection} from "@duckdb/node-api";
import {join} from "node:path";
import {literal} from "../store/key.js";
import {isCandleSeries, isObservationSeries, isSeries} from "../../src/lib/market/pair.js";
import {seriesOfFolderSql} from "./layout.js";
import {emptyManifest, lakeDir, readManifest, type Manifest, type Part} from "./manifest.js";
import {RATE_8H_SQL} from "../store/schema.js";

/** A lake opened for reading: an in-memory DuckDB whose views are the live parts of one manifest. */
export interface Lake {
  connection: DuckDBConnection;
  manifest: Manifest;
  dataDir: string;
  close: () => void;
}

interface LakeOptions {
  /** reads only these parts; a view over fewer files opens faster */
  only?: (part: Part) => boolean;
}

const COLUMNS: Record<string, string> = {
  funding:
    "null::bigint as ts, null::bigint as boundary_ts, null::decimal(38,18) as rate, null::double as interval_hours, null::varchar as interval_source",
  candles:
    "null::bigint as ts, null::decimal(38,18) as open, null::decimal(38,18) as high, null::decimal(38,18) as low, null::decimal(38,18) as close, null::decimal(38,18) as volume, null::decimal(38,18) as turnover",
  observations:
    "null::bigint as ts, null::bigint as known_ts, null::decimal(38,18) as value, null::decimal(38,18) as notional",
  predicted: "null::bigint as ts, null::bigint as next_ts, null::decimal(38,18) as rate",
  "features-funding":
    "null::bigint as ts, null::double as rate8h, null::double as mean7, null::double as sd7, null::double as z7, null::double as mean30, null::double as sd30, null::double as z30, null::double as mean90, null::double as sd90, null::double as z90, null::double as spot_open, null::double as perp_open, null::double as basis",
  "features-price":
    "null::bigint as ts, null::double as open, null::double as high, null::double as low, null::double as close, null::double as volume, null::double as turnover, null::double as spot_close, null::double as basis, null::double as vol30, null::double as atr14, null::double as rsi14, null::double as ema20, null::double as ema50"
};

/**
 * Opens the lake for reading, also while a writer works: parts never change, and the manifest names a consistent set.
 *
 * Views: `instruments` (venue listings by day), `funding`, `predicted` (predicted rates by time of observation),
 * `candles`, `observations` (open interest, borrow rates and series of a person's own), `features_funding` and `features_price`, with `venue` and `pair` columns. `funding_exact`,
 * `predicted_exact`, `candles_exact` and `observations_exact` have decimals instead of doubles. Without data, every view exists and is empty.
 */
async function openLake(dataDir: string, {only = () => true}: LakeOptions = {}): Promise<Lake> {
  const manifest = readManifest(dataDir) ?? emptyManifest();
  const instance = await DuckDBInstance.create(":memory:", {threads: "2"});
  const connection = await instance.connect();
  const parts = manifest.parts.filter(only);
  const candles = parts.filter(({series}) => isSeries(series) && isCandleSeries(series));
  const observations = parts.filter(({series}) => isSeries(series) && isObservationSeries(series));
  const of = (series: string) => parts.filter((part) => part.series === series);
  await connection.run(`create view funding_exact as ${source(dataDir, "funding", of("funding"))}`);
  await connection.run(
    `create view funding as select venue, pair, ts, boundary_ts, rate::double as rate, interval_hours, interval_source,
       ${RATE_8H_SQL} as rate8h from funding_exact`
  );
  await connection.run(`create view candles_exact as ${source(dataDir, "candles", candles)}`);
  await connection.run(
    `create view candles as select venue, series, pair, timeframe, ts, open::double as open, high::double as high, low::double as low,
       close::double as close, volume::double as volume, turnover::double as turnover from candles_exact`
  );
  await connection.run(`create view observations_exact as ${source(dataDir, "observations", observations)}`);
  await connection.run(
    `create view observations as select venue, series, pair, timeframe, ts, known_ts, value::double as value,
       notional::double as notional from observations_exact`
  );
  await connection.run(`create view predicted_exact as ${source(dataDir, "predicted", of("predicted"))}`);
  await connection.run(
    "create view predicted as select venue, pair, ts, next_ts, rate::double as rate from predicted_exact"
  );
  for (const name of ["features-funding", "features-price"]) {
    await connection.run(`create view ${name.replace("-", "_")} as ${source(dataDir, name, of(name))}`);
  }
  await connection.run(`create view instruments as ${instrumentSource(dataDir, of("instruments"))}`);
  return {
    connection,
    manifest,
    dataDir,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    }
  };
}

function instrumentSource(dataDir: string, parts: readonly Part[]): string {
  const files = parts.map((part) => literal(join(lakeDir(dataDir), part.path)));
  if (files.length > 0) {
    return `select * exclude (year) from read_parquet([${files.join(", ")}], hive_partitioning = true, hive_types = {'venue': varchar})`;
  }
  const texts = "market pair symbol coin quote status contract_size tick step min_qty min_notional turnover_24h".split(
    " "
  );
  const numbers = "ts day_ts multiplier launch_ts delist_ts".split(" ");
  const columns = [
    "null::varchar as venue",
    ...texts.map((name) => `null::varchar as ${name}`),
    ...numbers.map((name) => `null::bigint as ${name}`),
    "null::boolean as active",
    "null::double as funding_interval_hours"
  ];
  return `select ${columns.join(", ")} where false`;
}

function source(dataDir: string, name: string, parts: readonly Part[]): string {
  const several = name === "candles" || name === "observations";
  if (parts.length === 0) {
    const key = several ? "''::varchar as series, ''::varchar as timeframe, " : "";
    return `select ''::varchar as venue, ''::varchar as pair, ${key}${COLUMNS[name]} where false`;
  }
  // Series with and without a grid differ in their folders, which one scan must not.
  const groups = [parts.filter(({timeframe}) => timeframe !== ""), parts.filter(({timeframe}) => timeframe === "")];
  return groups
    .filter((own) => own.length > 0)
    .map((own) => scan(dataDir, own, several))
    .join(" union all by name ");
}

/** Returns the SQL that reads parts, all with a timeframe or all without; `several` adds series and timeframe. */
function scan(dataDir: string, parts: readonly Part[], several: boolean): string {
  const files = parts.map((part) => literal(join(lakeDir(dataDir), part.path)));
  const framed = parts[0]!.timeframe !== "";
  // The folder names carry the key; `series` is the first folder, not a Hive column.
  const folder = "split_part(split_part(filename, '/venue=', 1), '/', -1)";
  const key = `venue, replace(symbol, '-', '/') as pair, ${
    several ? `${framed ? "timeframe" : "'' as timeframe"}, ${seriesOfFolderSql(folder)} as series, ` : ""
  }`;
  return `select ${key} * exclude (venue, symbol, year, filename ${framed ? ", timeframe" : ""})
    from read_parquet([${files.join(", ")}], hive_partitioning = true, hive_types = {'symbol': varchar, 'venue': varchar${framed ? ", 'timeframe': varchar" : ""}}, filename = true)`;
}

/** Runs `read` over the lake; starts again when a part is retired between reading the manifest and opening it. */
export async function withLake<T>(
  dataDir: string,
  read: (lake: Lake) => Promise<T>,
  options: LakeOptions = {}
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const generation = readManifest(dataDir)?.generation;
    let lake: Lake | undefined;
    try {
      lake = await openLake(dataDir, options);
      return await read(lake);
    } catch (error) {
      const moved = readManifest(dataDir)?.generation !== generation;
      if (!moved || attempt >= 4) throw error;
    } finally {
      lake?.close();
    }
  }
}
