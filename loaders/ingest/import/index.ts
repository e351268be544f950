import {statSync} from "node:fs";
import {CarrybookError, DataError} from "../../errors.js";
import {publish} from "../../lake/publish.js";
import type {Manifest} from "../../lake/manifest.js";
import type {Database} from "../../store/database.js";
import {saveJob} from "../../store/jobs.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";
import {tableOf, tablesOf} from "./container.js";
import {importTable} from "./file.js";
import {filesOf} from "./paths.js";
import {checkGiven, type Given} from "./given.js";
import {planTable, type Planned} from "./plan.js";
import type {FileReport} from "../../../src/lib/wire/imports.js";
import {plannedReport, refusedReport} from "./report.js";

export {parseMapping} from "./columns.js";
export {checkGiven, RATE_PERIODS, type Given, type RateUnit} from "./given.js";
export type {FileReport} from "../../../src/lib/wire/imports.js";

/** A table of an import and how it would be read, or why not. */
export interface PlannedFile {
  path: string;
  /** the member of an archive */
  member: string | undefined;
  /** the path with the member behind it, as messages name it */
  where: string;
  /** bytes of the file; of an archive they count with its first member */
  bytes: number;
  planned: Planned;
}

export interface ImportReport {
  files: FileReport[];
  /** tables that were left out for whatever reason */
  failed: number;
  cancelled: boolean;
  /** undefined after a dry run, which publishes nothing */
  manifest: Manifest | undefined;
}

export interface ImportOptions extends Given {
  dryRun?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: (progress: ImportProgress) => void;
  /** called with the job of each table once it is stored */
  onJob?: ((job: Job) => void) | undefined;
}

export interface ImportProgress {
  step: "plan" | "read" | "publish";
  /** files planned, bytes of the files behind, or parts published */
  done: number;
  total: number;
  file?: string | undefined;
  rows: number;
}

/**
 * Expands files, folders and globs into the files of an import, each with the history it belongs to. Nothing is read.
 * @param given answers for all files, or those for the file at a path
 * @param cwd where relative patterns start
 * @throws UsageError when a pattern matches nothing or a file's history cannot be told
 */
export async function planImport(
  patterns: readonly string[],
  given: Given | ((path: string) => Given),
  {signal, onProgress, cwd = process.cwd()}: Pick<ImportOptions, "signal" | "onProgress"> & {cwd?: string} = {}
): Promise<PlannedFile[]> {
  const answersOf = typeof given === "function" ? given : () => given;
  if (typeof given !== "function") checkGiven(given);
  const paths = filesOf(patterns, cwd);
  const files: PlannedFile[] = [];
  for (const [done, path] of paths.entries()) {
    if (signal?.aborted) break;
    onProgress?.({step: "plan", done, total: paths.length, file: path, rows: 0});
    files.push(...(await planFile(path, answersOf(path))));
  }
  return files;
}

async function planFile(path: string, given: Given): Promise<PlannedFile[]> {
  const bytes = statSync(path, {throwIfNoEntry: false})?.size ?? 0;
  const whole = {path, member: undefined, where: path};
  try {
    const planned: PlannedFile[] = [];
    for (const [i, table] of (await tablesOf(path)).entries()) {
      const {member, where} = table;
      planned.push({path, member, where, bytes: i === 0 ? bytes : 0, planned: await planTable(table, given)});
    }
    return planned;
  } catch (error) {
    // a document nested too deep overflows its parser
    if (error instanceof RangeError) {
      return [{...whole, bytes, planned: unreadable(new DataError(`invalid file: ${path} is nested too deep`), path)}];
    }
    if (!(error instanceof CarrybookError)) throw error;
    return [{...whole, bytes, planned: unreadable(error, path)}];
  }
}

/** What cannot be opened is left out like what cannot be told. */
const unreadable = ({message, fix}: CarrybookError, path: string): Planned => ({
  state: "refused",
  code: "unreadable",
  reason: message.replace(`${path}: `, ""),
  fix
});

/**
 * Imports tables one after another, each in a transaction of its own, then publishes the lake. A table that is refused or
 * holds a bad row changes nothing; the others go on. Ctrl-C (the signal) ends after what is under way; running it again
 * goes on.
 */
export async function importFiles(
  db: Database,
  files: readonly PlannedFile[],
  options: ImportOptions
): Promise<ImportReport> {
  const {signal, onProgress, dryRun = false} = options;
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const reports: FileReport[] = [];
  const started = db.now();
  let done = 0;
  let rows = 0;
  for (const [index, file] of files.entries()) {
    if (signal?.aborted) break;
    onProgress?.({step: "read", done, total, file: file.where, rows});
    const onRows = (n: number) => onProgress?.({step: "read", done, total, file: file.where, rows: rows + n});
    const id = `import-${started.toString(36)}-${index}`;
    // One turn for each table, so that a queue that shares the store is not held up by all of them.
    const report = await db.exclusive(() => importOne(db, file, {...options, onRows, id}));
    if (report === undefined) break;
    reports.push(report);
    rows += report.rows;
    done += file.bytes;
  }
  const manifest = dryRun
    ? undefined
    : await db.exclusive(() =>
        publish(db, {onProgress: (n, of) => onProgress?.({step: "publish", done: n, total: of, rows})})
      );
  return {
    files: reports,
    failed: reports.filter(({error}) => error !== null).length,
    cancelled: signal?.aborted ?? false,
    manifest
  };
}

/** One table; undefined where the signal ended it. What a reader can mend is reported, a full disk or a bug is thrown. */
async function importOne(
  db: Database,
  {path, member, where, planned}: PlannedFile,
  {
    dryRun = false,
    badRows = "refuse",
    replace = false,
    signal,
    onRows,
    onJob,
    id
  }: ImportOptions & {id: string; onRows: (rows: number) => void}
): Promise<FileReport | undefined> {
  const job = newJob(id, "import", db.now(), {
    ...(planned.state === "clear" && planned.plan.key),
    attempts: 1,
    startedAt: db.now(),
    steps: ["read", "write", "publish"]
  });
  const keep = async (ended: Job): Promise<void> => {
    if (dryRun) return;
    await saveJob(db, ended);
    onJob?.(ended);
  };
  if (planned.state !== "clear") {
    await keep(failed(job, planned.code, db.now()));
    return refusedReport(where, planned);
  }
  const {plan} = planned;
  let stored: Job | undefined;
  try {
    const report = await importTable(db, await tableOf(path, member), plan, {
      dryRun,
      badRows,
      replace,
      signal,
      onRows,
      also: ({from, to, rows}) => {
        stored = {
          ...job,
          status: "completed",
          progress: 1,
          step: "publish",
          from,
          to,
          rowsFetched: rows,
          rowsExpected: rows,
          finishedAt: db.now()
        };
        return saveJob(db, stored);
      }
    });
    if (stored) onJob?.(stored);
    return report;
  } catch (error) {
    if (signal?.aborted) return undefined;
    if (!(error instanceof CarrybookError)) {
      await keep(failed(job, (error as Error).name, db.now())).catch(() => undefined);
      throw error;
    }
    await keep(failed(job, "bad-row", db.now()));
    return {
      ...plannedReport(where, plan),
      state: "failed",
      code: "bad-row",
      error: error.message,
      fix: error.fix ?? null
    };
  }
}

/** Jobs are published with the lake: their error is a code, and never a path or a line of a person's file. */
const failed = (job: Job, code: string, finishedAt: number): Job => ({
  ...job,
  status: "failed",
  error: `the file was left out: ${code}`,
  finishedAt
});
