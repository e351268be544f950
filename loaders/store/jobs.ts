import type {Job} from "../ingest/job.js";
import {rowsOf, type Database} from "./database.js";
import {literal} from "./key.js";

/** A line of a job's log. */
export interface LogLine {
  ts: number;
  text: string;
}

/** Keeps jobs, replacing what was known of them. Part of the caller's transaction where there is one. */
export async function saveJobs(db: Database, jobs: readonly Job[]): Promise<void> {
  for (let i = 0; i < jobs.length; i += 200) {
    const some = jobs.slice(i, i + 200);
    await db.connection.run(`delete from jobs where id in (${some.map((job) => literal(job.id)).join(", ")})`);
    const values = some.map((job) => `(${literal(job.id)}, ${job.createdAt}, ${literal(JSON.stringify(job))})`);
    await db.connection.run(`insert into jobs values ${values.join(", ")}`);
  }
}

/** Keeps one job. */
export const saveJob = (db: Database, job: Job): Promise<void> => saveJobs(db, [job]);

/** Jobs newest first; `limit` undefined gives all of them. */
export async function readJobs(db: Database, limit?: number): Promise<Job[]> {
  const rows = await rowsOf<{body: string}>(
    db.connection,
    `select body from jobs order by created_ts desc, id desc ${limit === undefined ? "" : `limit ${limit}`}`
  );
  return rows.map((row) => JSON.parse(row.body) as Job);
}

/** What a manifest tells of jobs: the newest that stand for themselves or failed, newest first. */
export async function recentJobs(db: Database, limit = 50): Promise<Record<string, unknown>[]> {
  const jobs = (await readJobs(db, 20 * limit)).filter((job) => job.parentId === null || job.status === "failed");
  return jobs.slice(0, limit) as unknown as Record<string, unknown>[];
}

/** Adds lines to a job's log, in order. */
export async function appendLog(db: Database, jobId: string, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  const values = lines.map(({ts, text}) => `(${literal(jobId)}, ${Math.trunc(ts)}, ${literal(text)})`);
  await db.connection.run(`insert into job_log values ${values.join(", ")}`);
}

/** A job's log, oldest first. */
export const readLog = (db: Database, jobId: string): Promise<LogLine[]> =>
  rowsOf<LogLine>(db.connection, `select ts, text from job_log where job_id = ${literal(jobId)} order by ts, rowid`);
