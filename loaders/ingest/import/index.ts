import {existsSync, statSync} from "node:fs";
import {resolve} from "node:path";
import {globSync, isDynamicPattern} from "tinyglobby";
import {CarrybookError, UsageError} from "../../errors.js";
import {publish} from "../../lake/publish.js";
import type {Manifest} from "../../lake/manifest.js";
import type {Database} from "../../store/database.js";
import {saveJob} from "../../store/jobs.js";
import {keyText, type SeriesKey} from "../../store/key.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";
import type {Field} from "../../rows.js";
import {importFile, type ImportedFile} from "./file.js";
import {identify, type Given} from "./identify.js";

export type {Given} from "./identify.js";
export {parseMapping} from "./columns.js";

/** A file of an import and the history it belongs to. */
interface PlannedFile {
  path: string;
  key: SeriesKey;
  bytes: number;
}

interface FileReport {
  file: string;
  history: string;
  rows: number;
  changed: number;
  repeats: number;
  inProgress: number;
  from: number | null;
  to: number | null;
  error: string | null;
}

interface ImportReport {
  files: FileReport[];
  failed: number;
  cancelled: boolean;
  manifest: Manifest;
}

interface ImportOptions {
  mapping?: Partial<Record<Field, string>> | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: (progress: ImportProgress) => void;
}

interface ImportProgress {
  step: "read" | "publish";
  /** bytes of the files behind, or parts published */
  done: number;
  total: number;
  file?: string | undefined;
  rows: number;
}

const DATA_FILE = /\.(csv|csv\.gz|gz|zip|parquet)$/i;

/**
 * Expands files, folders and globs into the files of an import, each with the history it belongs to. Nothing is read.
 * @param cwd where relative patterns start
 * @throws UsageError when a pattern matches nothing or a file's history cannot be told
 */
export function planImport(patterns: readonly string[], given: Given, cwd = process.cwd()): PlannedFile[] {
  const paths = new Set<string>();
  for (const pattern of patterns) {
    const found = expand(pattern, cwd);
    if (found.length === 0) {
      throw new UsageError(`missing file: ${pattern}`, {
        fix: "give a file, a folder or a quoted glob of .csv, .gz, .zip or .parquet files"
      });
    }
    for (const path of found) paths.add(path);
  }
  return [...paths].sort().map((path) => ({path, key: identify(path, given), bytes: statSync(path).size}));
}

function expand(pattern: string, cwd: string): string[] {
  const path = resolve(cwd, pattern);
  if (pattern !== "" && existsSync(path)) {
    if (!statSync(path).isDirectory()) return [path];
    return globSync("**/*", {cwd: path, absolute: true, dot: false}).filter((path) => DATA_FILE.test(path));
  }
  if (!isDynamicPattern(pattern)) return [];
  return globSync(pattern, {cwd, absolute: true, onlyFiles: false, expandDirectories: false}).flatMap((path) =>
    path.endsWith("/") ? expand(path, cwd) : DATA_FILE.test(path) ? [path] : []
  );
}

/**
 * Imports files one after another, each in a transaction of its own, then publishes the lake. A bad file is reported and
 * changes nothing; the others go on. Ctrl-C (the signal) ends after what is under way; running it again goes on.
 */
export async function importFiles(
  db: Database,
  files: readonly PlannedFile[],
  {mapping, signal, onProgress}: ImportOptions = {}
): Promise<ImportReport> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const reports: FileReport[] = [];
  const started = db.now();
  let done = 0;
  let rows = 0;
  for (const [index, {path, key, bytes}] of files.entries()) {
    if (signal?.aborted) break;
    onProgress?.({step: "read", done, total, file: path, rows});
    const job = newJob(`import-${started.toString(36)}-${index}`, "import", db.now(), {
      ...key,
      attempts: 1,
      startedAt: db.now(),
      steps: ["read", "write", "publish"]
    });
    try {
      const result = await importFile(db, path, key, {
        mapping,
        signal,
        onRows: (n) => onProgress?.({step: "read", done, total, file: path, rows: rows + n}),
        also: ({from, to, rows: n}) =>
          saveJob(db, {
            ...job,
            status: "completed",
            progress: 1,
            step: "publish",
            from,
            to,
            rowsFetched: n,
            rowsExpected: n,
            finishedAt: db.now()
          })
      });
      rows += result.rows;
      reports.push(report(path, key, result));
    } catch (error) {
      if (signal?.aborted) break;
      // What the reader must mend in a file is reported; a full disk or a bug ends the run.
      if (!(error instanceof CarrybookError)) {
        await saveJob(db, failed(job, error as Error, db.now())).catch(() => undefined);
        throw error;
      }
      await saveJob(db, failed(job, error, db.now()));
      reports.push({...report(path, key), error: error.message});
    }
    done += bytes;
  }
  const manifest = await publish(db, {
    onProgress: (n, of) => onProgress?.({step: "publish", done: n, total: of, rows})
  });
  return {
    files: reports,
    failed: reports.filter((r) => r.error !== null).length,
    cancelled: signal?.aborted ?? false,
    manifest
  };
}

const failed = (job: Job, error: Error, finishedAt: number): Job => ({
  ...job,
  status: "failed",
  error: error.message,
  finishedAt
});

function report(path: string, key: SeriesKey, result?: ImportedFile): FileReport {
  return {
    file: path,
    history: keyText(key),
    rows: result?.rows ?? 0,
    changed: result?.changed ?? 0,
    repeats: result?.repeats ?? 0,
    inProgress: result?.inProgress ?? 0,
    from: result?.from ?? null,
    to: result?.to ?? null,
    error: null
  };
}
