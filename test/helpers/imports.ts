import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {
  storeFiles,
  planImport,
  type FileReport,
  type Given,
  type ImportOptions
} from "../../loaders/ingest/import/index.js";
import {inTransaction, rowsOf, type Database} from "../../loaders/store/database.js";
import {forgetLives} from "../../loaders/store/instruments.js";
import {afterFile} from "./cleanup.js";
import {open} from "./store.js";
import {tmp} from "./tmp.js";

/** A present after every row of the files that fail. */
const IMPORT_NOW = Date.UTC(2026, 10, 1);

/** What an import left in its store. */
export interface Imported {
  files: FileReport[];
  /** findings of coverage, all histories together */
  holes: number;
  remarks: {kind: string; ts: number; was: string | null; now: string | null}[];
  funding: {pair: string; boundary: number; rate: string; hours: number | null}[];
  candles: {
    pair: string;
    series: string;
    timeframe: string;
    ts: number;
    open: string | null;
    close: string;
    volume: string | null;
    turnover: string | null;
  }[];
  observations: {
    pair: string;
    series: string;
    timeframe: string;
    ts: number;
    known: number;
    value: string;
    notional: string | null;
  }[];
}

/** Decimals without the zeros of their column. */
const short = (column: string): string => `rtrim(rtrim(${column}::varchar, '0'), '.')`;

export async function storedIn(db: Database): Promise<Omit<Imported, "files">> {
  const [holes] = await rowsOf<{n: number}>(db.connection, "select count(*) as n from holes");
  return {
    holes: holes!.n,
    remarks: await rowsOf(db.connection, "select kind, ts, was, now from remarks order by all"),
    funding: await rowsOf(
      db.connection,
      `select k.pair, boundary_ts as boundary, ${short("rate")} as rate, reported_hours as hours
       from funding join keys k on k.id = key_id order by k.pair, boundary_ts`
    ),
    candles: await rowsOf(
      db.connection,
      `select k.pair, k.series, k.timeframe, ts, ${["open", "close", "volume", "turnover"].map((c) => `${short(c)} as ${c}`).join(", ")}
       from candles join keys k on k.id = key_id order by k.pair, k.series, k.timeframe, ts`
    ),
    observations: await rowsOf(
      db.connection,
      `select k.pair, k.series, k.timeframe, ts, known_ts as known, ${["value", "notional"].map((c) => `${short(c)} as ${c}`).join(", ")}
       from observations join keys k on k.id = key_id order by k.pair, k.series, k.timeframe, ts`
    )
  };
}

let shared: Promise<Database> | undefined;

/** Returns an empty store, the same for all imports of a test file: to open and close one takes a third of an import. */
async function emptyStore(): Promise<Database> {
  if (shared === undefined) {
    const dir = mkdtempSync(join(tmpdir(), "carrybook-"));
    const opened = (shared = open(join(dir, "data"), {now: () => IMPORT_NOW}));
    afterFile(async () => {
      shared = undefined;
      await (await opened).close();
      rmSync(dir, {recursive: true, force: true});
    });
  }
  const db = await shared;
  const tables = await rowsOf<{name: string}>(
    db.connection,
    "select table_name as name from duckdb_tables() where not temporary and table_name <> 'meta'"
  );
  await inTransaction(db.connection, async () => {
    for (const {name} of tables) await db.connection.run(`delete from ${name}`);
  });
  db.keys.clear();
  forgetLives(db);
  return db;
}

/** Imports files, folders or globs into an empty store and returns what is in it. */
export async function imported(
  patterns: string | readonly string[],
  given: Partial<Given> & Pick<ImportOptions, "dryRun"> = {}
): Promise<Imported> {
  const db = await emptyStore();
  const options = {venue: "binance", ...given};
  const planned = await planImport(typeof patterns === "string" ? [patterns] : patterns, options);
  const {files} = await storeFiles(db, planned, options);
  return {files, ...(await storedIn(db))};
}

/** Writes files under a fresh folder and returns it. */
export function tree(files: Readonly<Record<string, string | Uint8Array>>): string {
  const dir = tmp();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), {recursive: true});
    writeFileSync(join(dir, name), content);
  }
  return dir;
}
