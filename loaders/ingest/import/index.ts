import {statSync} from "node:fs";
import {CarrybookError} from "../../errors.js";
import {publish} from "../../lake/publish.js";
import type {Manifest} from "../../lake/manifest.js";
import type {Database} from "../../store/database.js";
import {saveJob} from "../../store/jobs.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";
import {tableOf, tablesOf} from "./container.js";
import {UnreadableError} from "./damage.js";
import {importTable} from "./file.js";
import {filesOf} from "./paths.js";
import {checkGiven, type Given} from "./given.js";
import {requireVenue} from "./venue.js";
import {planTable, type Planned} from "./plan.js";
import type {FileReport} from "../../../src/lib/wire/imports.js";
import {refused, Stop} from "./refusal.js";
import {plannedReport, refusedReport} from "./report.js";

export {parseMapping} from "./columns.js";
export {checkGiven, RATE_PERIODS, type Given} from "./given.js";
export type {FileReport} from "../../../src/lib/wire/imports.js";

/** A table of an import and how it would be read, or why not. */
interface PlannedFile {
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

interface ImportProgress {
  step: "plan" | "read" | "publish";
  /** files planned, bytes of the files behind, or parts published */
  done: number;
  total: number;
  file?: string | undefined;
  rows: number;
}

/**
 * Expands files, folders and globs into the files of an import, each with the history it belongs to. Nothing is stored.
 * @param given answers for all files, or those for the file at a path
 * @param cwd where relative patterns start
 * @throws UsageError when a pattern matches nothing, or for a value or a venue that is none
 */
export async function planImport(
  patterns: readonly string[],
  given: Given | ((path: string) => Given),
  {signal, onProgress, cwd = process.cwd()}: Pick<ImportOptions, "signal" | "onProgress"> & {cwd?: string} = {}
): Promise<PlannedFile[]> {
  const answersOf = typeof given === "function" ? given : () => given;
  if (typeof given !== "function") {
    checkGiven(given);
    await requireVenue(given.venue);
  }
  const {files: paths, links} = filesOf(patterns, cwd);
  const files: PlannedFile[] = links.map(linkedFolder);
  for (const [done, path] of paths.entries()) {
    if (signal?.aborted) break;
    onProgress?.({step: "plan", done, total: paths.length, file: path, rows: 0});
    const answers = answersOf(path);
    await requireVenue(answers.venue);
    files.push(...(await planFile(path, answers)));
  }
  if (!signal?.aborted) onProgress?.({step: "plan", done: paths.length, total: paths.length, rows: 0});
  return files;
}

/** A link out of the folder that was given is named and not followed. */
const linkedFolder = (path: string): PlannedFile => ({
  path,
  member: undefined,
  where: path,
  bytes: 0,
  planned: refused(
    "unreadable",
    "it links to a folder outside of the one that was given, and is not followed",
    "import what it links to by itself"
  )
});

async function planFile(path: string, given: Given): Promise<PlannedFile[]> {
  const bytes = statSync(path, {throwIfNoEntry: false})?.size ?? 0;
  const whole = {path, member: undefined, where: path};
  try {
    const planned: PlannedFile[] = [];
    const {tables, nested} = await tablesOf(path);
    for (const [i, table] of tables.entries()) {
      const {member, where} = table;
      planned.push({path, member, where, bytes: i === 0 ? bytes : 0, planned: await planTable(table, given)});
    }
    for (const member of nested) {
      const why = refused(
        "unreadable",
        "it is an archive within an archive",
        "unpack the outer one, and import the inner"
      );
      planned.push({path, member, where: `${path}/${member}`, bytes: 0, planned: why});
    }
    return planned;
  } catch (error) {
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
  const {onProgress, dryRun = false} = options;
  const stored = await storeFiles(db, files, options);
  if (dryRun) return {...stored, manifest: undefined};
  const rows = stored.files.reduce((sum, file) => sum + file.rows, 0);
  const manifest = await db.exclusive(() =>
    publish(db, {onProgress: (n, of) => onProgress?.({step: "publish", done: n, total: of, rows})})
  );
  return {...stored, manifest};
}

/** Stores tables as {@link importFiles} does, and publishes nothing. */
export async function storeFiles(
  db: Database,
  files: readonly PlannedFile[],
  options: ImportOptions
): Promise<Omit<ImportReport, "manifest">> {
  const {signal, onProgress} = options;
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
    onProgress?.({step: "read", done, total, rows});
  }
  return {
    files: reports,
    failed: reports.filter(({error}) => error !== null).length,
    cancelled: signal?.aborted ?? false
  };
}

/**
 * Imports one table; returns undefined where the signal ended it. What a reader can mend is reported, a full disk or a
 * bug is thrown.
 */
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
    if (error instanceof Stop) {
      await keep(failed(job, error.refusal.code, db.now()));
      return refusedReport(where, error.refusal);
    }
    if (!(error instanceof CarrybookError)) {
      await keep(failed(job, (error as Error).name, db.now())).catch(() => undefined);
      throw error;
    }
    const code = error instanceof UnreadableError ? "unreadable" : "bad-row";
    await keep(failed(job, code, db.now()));
    return {
      ...plannedReport(where, plan),
      state: "failed",
      code,
      error: error.message,
      fix: error.fix ?? null
    };
  }
}

/** Jobs are published with the lake: their error is a short reason, and never a path or a line of a person's file. */
const failed = (job: Job, reason: string, finishedAt: number): Job => ({
  ...job,
  status: "failed",
  error: `the file was left out: ${reason}`,
  errorCode: reason === "bad-row" ? "invalid-data" : "unexpected",
  finishedAt
});
