import {DuckDBInstance, type DuckDBConnection} from "@duckdb/node-api";
import {chmodSync, existsSync, mkdirSync, renameSync} from "node:fs";
import {dirname, join} from "node:path";
import {DataError, isLockConflict, LockedError} from "../errors.js";
import {acquireLock, type LockOptions} from "./lock.js";
import {literal, type SeriesKey, type StoredKey} from "./key.js";
import {SCHEMA_SQL, SCHEMA_VERSION} from "./schema.js";

/** Simulated and real rows never share a store. */
export type StoreKind = "real" | "simulated";

export interface OpenOptions extends LockOptions {
  kind?: StoreKind;
  /** memory limit of DuckDB, as it writes sizes */
  memoryLimit?: string;
  /** called when opening the store repaired something */
  onIncident?: (text: string) => void;
}

/** An open, owned store: the only connection to `market.duckdb`, and the lock that protects it. */
export interface Database {
  connection: DuckDBConnection;
  dataDir: string;
  kind: StoreKind;
  now: () => number;
  /** known histories by venue, series, pair and timeframe */
  keys: Map<string, StoredKey>;
  /** repairs made on opening, e.g. a damaged log moved aside; usually empty */
  incidents: string[];
  /** runs tasks one after another: transactions on the one connection must not interleave */
  exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}

export const databasePath = (dataDir: string): string => join(dataDir, "market.duckdb");
export const lockPath = (dataDir: string): string => join(dataDir, "market.lock");

/**
 * Opens the store of a data directory as its only owner. Takes the pid lock, opens DuckDB, moves a damaged write-ahead
 * log aside, and creates or checks the schema.
 * @throws LockedError when another process owns it; DataError when it is damaged, newer, or of the other kind
 */
export async function openDatabase(dataDir: string, options: OpenOptions = {}): Promise<Database> {
  const {kind = "real", memoryLimit = "2GB", onIncident, now = Date.now} = options;
  const path = databasePath(dataDir);
  // What trades and what it earns is nobody else's to read.
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  const incidents: string[] = [];
  const takenOver: string[] = [];
  const release = await acquireLock(lockPath(dataDir), {
    ...options,
    onTakeOver: (holder) => {
      options.onTakeOver?.(holder);
      const since = new Date(holder.sinceTs).toISOString();
      takenOver.push(`lock of pid ${holder.pid} on ${holder.host} since ${since} taken over: it gives no sign of life`);
      onIncident?.(takenOver.at(-1)!);
    }
  });
  const isNew = !existsSync(path);
  let instance: DuckDBInstance | undefined;
  try {
    instance = await openInstance(path, now, memoryLimit, (text) => {
      incidents.push(text);
      onIncident?.(text);
    });
    if (isNew) chmodSync(path, 0o600);
    const connection = await instance.connect();
    for (const sql of SCHEMA_SQL) await connection.run(sql);
    await checkMeta(connection, kind);
    for (const [kind, texts] of [
      ["wal", incidents],
      ["lock", takenOver]
    ] as const) {
      for (const text of texts)
        await connection.run(`insert into incidents values (${now()}, '${kind}', ${literal(text)})`);
    }
    const opened = instance;
    const keys = await rowsOf<StoredKey>(connection, "select venue, series, pair, timeframe, id from keys");
    return {
      keys: new Map(keys.map((key) => [keyId(key), key])),
      connection,
      dataDir,
      kind,
      now,
      incidents,
      exclusive: inSequence(),
      close: async () => {
        connection.closeSync();
        opened.closeSync();
        release();
      }
    };
  } catch (error) {
    instance?.closeSync();
    release();
    throw error;
  }
}

async function openInstance(
  path: string,
  now: () => number,
  memoryLimit: string,
  onIncident: (text: string) => void
): Promise<DuckDBInstance> {
  // Two instances on one file in one process silently lose commits, hence the cache. A second thread does not speed up
  // many small writes, and takes its core from whoever reads the source.
  const open = () => DuckDBInstance.fromCache(path, {memory_limit: memoryLimit, threads: "1"});
  try {
    return await open();
  } catch (error) {
    if (isLockConflict(error)) {
      throw inUse(path, error);
    }
    const wal = `${path}.wal`;
    if (!existsSync(wal)) throw damaged(path, error);
    const aside = `${wal}.damaged-${now()}`;
    renameSync(wal, aside);
    try {
      const instance = await open();
      onIncident(`damaged write-ahead log set aside as ${aside}; its content is restored from the lake where possible`);
      return instance;
    } catch (again) {
      renameSync(aside, wal);
      throw damaged(path, again);
    }
  }
}

function inSequence(): Database["exclusive"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const task = last.then(work);
    last = task.catch(() => undefined);
    return task;
  };
}

/**
 * Opens a store for reading and reads what it says of itself. Nothing is changed: neither the store nor its lock nor its
 * write-ahead log. The owner of a store is not to be disturbed, so only one that nobody holds may be tried.
 * @throws LockedError when another program has it open; DataError when it is damaged
 */
export async function tryStore(dataDir: string): Promise<void> {
  const path = databasePath(dataDir);
  let instance: DuckDBInstance | undefined;
  try {
    instance = await DuckDBInstance.create(path, {access_mode: "READ_ONLY", threads: "1"});
    const connection = await instance.connect();
    try {
      await connection.runAndReadAll("select key, value from meta");
      await connection.runAndReadAll("select venue, series, pair, timeframe, id from keys");
    } finally {
      connection.closeSync();
    }
  } catch (error) {
    throw isLockConflict(error) ? inUse(path, error) : damaged(path, error);
  } finally {
    instance?.closeSync();
  }
}

const inUse = (path: string, cause: unknown): LockedError =>
  new LockedError(`data directory is in use: ${path} is open in another program`, {
    fix: "close the program that has it open; Parquet files under lake/ can be read at any time",
    cause
  });

const damaged = (path: string, cause: unknown): DataError =>
  new DataError(`invalid store: ${path} cannot be opened (${(cause as Error).message.split("\n")[0]})`, {
    fix: restoreFix(path),
    cause
  });

/** Returns the commands that move a damaged store away, with its log: the next store would take that for its own. */
function restoreFix(path: string): string {
  const moves = [path, `${path}.wal`]
    .filter(existsSync)
    .map((file) => `mv ${quoted(file)} ${quoted(`${file}.damaged`)}`);
  return `move it aside and rebuild it from the lake: ${[...moves, `npx carrybook restore --data ${quoted(dirname(path))}`].join(" && ")}`;
}

const quoted = (path: string): string => (/^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

async function checkMeta(connection: DuckDBConnection, kind: StoreKind): Promise<void> {
  const rows = (await connection.runAndReadAll("select key, value from meta")).getRowObjectsJson();
  const meta = new Map(rows.map((row) => [String(row.key), String(row.value)]));
  const version = meta.get("version");
  if (version === undefined) {
    await connection.run(
      `insert into meta values ('version', '${SCHEMA_VERSION}'), ('kind', ${literal(kind)}), ('oddities', '1')`
    );
    return;
  }
  if (Number(version) > SCHEMA_VERSION) {
    throw new DataError(`invalid store version: ${version} (this program supports ${SCHEMA_VERSION})`, {
      fix: "use a newer version of Carrybook"
    });
  }
  if (Number(version) < SCHEMA_VERSION)
    await connection.run(`update meta set value = '${SCHEMA_VERSION}' where key = 'version'`);
  if (meta.get("kind") !== kind) await changeKind(connection, meta.get("kind"), kind);
}

async function changeKind(connection: DuckDBConnection, current: string | undefined, kind: StoreKind): Promise<void> {
  await requireBlank(connection, current, kind);
  await connection.run(`update meta set value = ${literal(kind)} where key = 'kind'`);
}

async function requireBlank(connection: DuckDBConnection, current: string | undefined, kind: StoreKind): Promise<void> {
  if (await isBlank(connection)) return;
  throw new DataError(`invalid store: it holds ${current} data, not ${kind}`, {
    fix: "simulated data is in the demo directory: pass --demo, or another --data"
  });
}

/**
 * Checks that a store could change to a kind, without changing it.
 * @throws DataError when it could not
 */
export const requireKind = async (db: Database, kind: StoreKind): Promise<void> =>
  db.kind === kind ? undefined : requireBlank(db.connection, db.kind, kind);

/**
 * Changes an open store to a kind, as opening it with that kind would.
 * @throws DataError when it holds rows of the other kind
 */
export async function claimKind(db: Database, kind: StoreKind): Promise<void> {
  if (db.kind === kind) return;
  await changeKind(db.connection, db.kind, kind);
  db.kind = kind;
}

/** Returns true when a store has no rows, so that it can still change its kind. */
async function isBlank(connection: DuckDBConnection): Promise<boolean> {
  const [row] = await rowsOf<{n: number}>(
    connection,
    `select (select count(*) from funding) + (select count(*) from candles) + (select count(*) from observations)
       + (select count(*) from coverage) as n`
  );
  return row!.n === 0;
}

/** Returns the value stored under a name, e.g. when the top pairs were last selected. */
export async function readMeta(db: Database, name: string): Promise<string | undefined> {
  const [row] = await rowsOf<{value: string}>(db.connection, `select value from meta where key = ${literal(name)}`);
  return row?.value;
}

/** Stores a value under a name, in the caller's transaction if there is one. */
export const writeMeta = (db: Database, name: string, value: string): Promise<void> =>
  inTransaction(db.connection, async () => {
    await db.connection.run(`delete from meta where key = ${literal(name)}`);
    await db.connection.run(`insert into meta values (${literal(name)}, ${literal(value)})`);
  });

const keyId = ({venue, series, pair, timeframe}: SeriesKey): string => [venue, series, pair, timeframe].join("|");

/** Returns the stored key of a history; undefined when the store does not know it. */
export const knownKey = (db: Database, key: SeriesKey): StoredKey | undefined => db.keys.get(keyId(key));

/** Returns the stored key of a history; assigns its number on first use. */
export async function storedKey(db: Database, key: SeriesKey): Promise<StoredKey> {
  const known = db.keys.get(keyId(key));
  if (known) return known;
  const {venue, series, pair, timeframe} = key;
  const id = 1 + Math.max(0, ...[...db.keys.values()].map((stored) => stored.id));
  const names = [venue, series, pair, timeframe].map(literal).join(", ");
  await db.connection.run(`insert into keys values (${id}, ${names})`);
  const stored = {venue, series, pair, timeframe, id};
  db.keys.set(keyId(key), stored);
  return stored;
}

const inside = new WeakSet<DuckDBConnection>();

/**
 * Runs `work` in one transaction: all of it is committed, or none. Inside another one it joins that one. Calls for one
 * connection must not overlap; `Database.exclusive` puts them in sequence.
 */
export async function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  if (inside.has(connection)) return work();
  await connection.run("begin transaction");
  inside.add(connection);
  try {
    const result = await work();
    await connection.run("commit");
    return result;
  } catch (error) {
    await connection.run("rollback").catch(() => undefined);
    throw error;
  } finally {
    inside.delete(connection);
  }
}

/** Returns the rows of a query as objects; BIGINT becomes number, decimals become text. */
export async function rowsOf<T>(connection: DuckDBConnection, sql: string): Promise<T[]> {
  const reader = await connection.runAndReadAll(sql);
  const names = reader.deduplicatedColumnNames();
  return reader.getRows().map((row) => {
    const object: Record<string, unknown> = {};
    names.forEach((name, i) => {
      const value = row[i];
      object[name] =
        typeof value === "bigint" ? Number(value) : value !== null && typeof value === "object" ? String(value) : value;
    });
    return object as T;
  });
}
