import type {Job} from "../../src/lib/wire/job.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {literal} from "./key.js";

/** A line of a job's log; `ts` is UTC ms. */
export interface LogLine {
  ts: number;
  text: string;
}

/** Stores jobs, replacing earlier versions: all of them or none, in the caller's transaction if there is one. */
export const saveJobs = (db: Database, jobs: readonly Job[]): Promise<void> =>
  inTransaction(db.connection, async () => {
    for (let i = 0; i < jobs.length; i += 200) {
      const some = jobs.slice(i, i + 200);
      const created = some.map((job) => job.createdAt);
      // The creation times let the table's zone maps skip older rows, however many jobs there have been.
      await db.connection.run(
        `delete from jobs where created_ts between ${Math.min(...created)} and ${Math.max(...created)}
           and id in (${some.map((job) => literal(job.id)).join(", ")})`
      );
      const values = some.map((job) => `(${literal(job.id)}, ${job.createdAt}, ${literal(JSON.stringify(job))})`);
      await db.connection.run(`insert into jobs values ${values.join(", ")}`);
    }
  });

/** Stores a job, replacing its earlier version. */
export const saveJob = (db: Database, job: Job): Promise<void> => saveJobs(db, [job]);

/** Returns jobs, newest first; all of them without a `limit`. */
export async function readJobs(db: Database, limit?: number): Promise<Job[]> {
  const rows = await rowsOf<{body: string}>(
    db.connection,
    `select body from jobs order by created_ts desc, id desc ${limit === undefined ? "" : `limit ${limit}`}`
  );
  return rows.map((row) => jobOf(row.body));
}

type StoredJob = Omit<Job, "errorCode" | "errorFix"> & Partial<Pick<Job, "errorCode" | "errorFix">>;

/** Reads a stored job. Earlier versions kept no code, and the fix behind an arrow in the error; it is split here alone. */
function jobOf(body: string): Job {
  const {errorCode = null, errorFix, ...job} = JSON.parse(body) as StoredJob;
  if (errorFix !== undefined) return {...job, errorCode, errorFix};
  const [error = "", ...fix] = job.error?.split(" → ") ?? [];
  return {...job, errorCode, error: job.error === null ? null : error, errorFix: fix.join(" → ") || null};
}

/** Returns the id of the batch that a job belongs to; its own for a batch. */
export const batchIdOf = (id: string): string => id.split(".")[0]!;

const UNFINISHED = (["pending", "queued", "in_progress"] as const)
  .map((status) => `contains(body, ${literal(field("status", status))})`)
  .join(" or ");

/** Returns the jobs created since an instant (UTC ms), and every batch with unfinished work whole; oldest first. */
export async function readLiveJobs(db: Database, sinceTs: number): Promise<Job[]> {
  const batch = "split_part(id, '.', 1)";
  return bodies(
    db,
    `where created_ts >= ${sinceTs} or ${batch} in (select ${batch} from jobs where ${UNFINISHED}) order by created_ts, id`
  );
}

/** Returns whole batches by their ids, oldest first. */
export const readBatches = async (db: Database, ids: readonly string[]): Promise<Job[]> =>
  ids.length === 0
    ? []
    : bodies(db, `where split_part(id, '.', 1) in (${ids.map(literal).join(", ")}) order by created_ts, id`);

/** Returns the highest serial number in a batch's id; 0 when there is none. */
export async function lastSerial(db: Database): Promise<number> {
  const [row] = await rowsOf<{last: number | null}>(
    db.connection,
    "select max(try_cast(regexp_extract(id, '-(\\d+)$', 1) as integer)) as last from jobs"
  );
  return row?.last ?? 0;
}

/** Returns true when a job created before an instant (UTC ms) is stored. */
export async function hasJobsBefore(db: Database, ts: number): Promise<boolean> {
  const rows = await rowsOf(db.connection, `select 1 from jobs where created_ts < ${ts} limit 1`);
  return rows.length > 0;
}

interface JobQuery {
  status?: string | undefined;
  kind?: string | undefined;
  pair?: string | undefined;
  series?: string | undefined;
  /** created at this instant or later, UTC ms */
  since?: number | undefined;
  /** false excludes jobs with a parent */
  histories: boolean;
  limit: number;
  /** returns only what follows this job, newest first */
  after?: {createdAt: number; id: string} | undefined;
}

/** Returns the stored jobs that meet every condition, newest first. */
export function queryJobs(db: Database, query: JobQuery): Promise<Job[]> {
  const {since, histories, limit, after, ...own} = query;
  const named = (["status", "kind", "pair", "series"] as const).flatMap((name) =>
    own[name] === undefined ? [] : [`contains(body, ${literal(field(name, own[name]))})`]
  );
  const conditions = [
    ...named,
    ...(since === undefined ? [] : [`created_ts >= ${since}`]),
    ...(histories ? [] : [`not contains(id, '.')`]),
    ...(after === undefined
      ? []
      : [`(created_ts < ${after.createdAt} or (created_ts = ${after.createdAt} and id < ${literal(after.id)}))`])
  ];
  const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
  return bodies(db, `${where} order by created_ts desc, id desc limit ${limit}`);
}

/**
 * Returns a field as it appears in a job's JSON. Quotes inside values are escaped there, so no text can imitate one.
 */
function field(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

async function bodies(db: Database, clauses: string): Promise<Job[]> {
  const rows = await rowsOf<{body: string}>(db.connection, `select body from jobs ${clauses}`);
  return rows.map((row) => jobOf(row.body));
}

/** Returns the jobs that a manifest lists: batches and failed jobs, newest first. */
export async function recentJobs(db: Database, limit = 50): Promise<Job[]> {
  const jobs = (await readJobs(db, 20 * limit)).filter((job) => job.parentId === null || job.status === "failed");
  return jobs.slice(0, limit);
}

/** Appends lines to a job's log, in order. */
export async function appendLog(db: Database, jobId: string, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  const values = lines.map(({ts, text}) => `(${literal(jobId)}, ${Math.trunc(ts)}, ${literal(text)})`);
  await db.connection.run(`insert into job_log values ${values.join(", ")}`);
}

/** Returns a job's log, oldest first. */
export const readLog = (db: Database, jobId: string): Promise<LogLine[]> =>
  rowsOf<LogLine>(db.connection, `select ts, text from job_log where job_id = ${literal(jobId)} order by ts, rowid`);
