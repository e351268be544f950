import {QUERIES, readInput, SCHEMAS} from "../../engine/api/schemas.js";
import {errorReply} from "../../engine/api/reply.js";
import type {TaskReport} from "../../engine/schedule/tasks.js";
import {DataError, UsageError} from "../../loaders/errors.js";
import {isSettled, newJob, type Job} from "../../loaders/ingest/job.js";
import {MAX_BULK_RETRIES} from "../../loaders/ingest/jobs/service.js";
import {byPair} from "../../engine/data/tracking.js";
import type {Tracked} from "../../loaders/store/tracked.js";

/** The work of a fake engine, which a test changes as it goes; inputs are read by the engine's own schemas. */
export interface FakeWork {
  jobs: Job[];
  tracked: Tracked[];
  schedule: TaskReport[];
  /** what `POST /jobs` notes beside what it takes on */
  notes: {line: string; level: "info" | "warn"}[];
  issues: string[];
}

const HOUR = 36e5;

/** A batch of one history that runs, one that waits and one that failed, and one batch that is done. */
export function madeWork(now: number = Date.now()): FakeWork {
  const shared = {venue: "bybit", from: now - 365 * 24 * HOUR, to: now};
  const child = (id: string, change: Partial<Job>) =>
    newJob(`b-2.${id}`, "backfill", now - 60_000, {parentId: "b-2", ...shared, pair: "BTC/USDT", ...change});
  return {
    jobs: [
      newJob("b-1", "update", now - 3 * HOUR, {
        venue: "bybit",
        status: "completed",
        progress: 1,
        step: "publish",
        rowsFetched: 412,
        rowsExpected: 412,
        startedAt: now - 3 * HOUR,
        finishedAt: now - 3 * HOUR + 42_000
      }),
      newJob("b-2", "backfill", now - 60_000, {
        ...shared,
        status: "in_progress",
        progress: 0.42,
        step: "fetch",
        rowsFetched: 12_000,
        rowsExpected: 35_040,
        etaMs: 90_000,
        startedAt: now - 55_000
      }),
      child("1", {
        series: "perp",
        timeframe: "1h",
        status: "in_progress",
        progress: 0.5,
        step: "fetch",
        rowsFetched: 4_000,
        rowsExpected: 8_760,
        etaMs: 45_000,
        attempts: 1,
        startedAt: now - 50_000
      }),
      child("2", {series: "spot", timeframe: "1h", status: "queued"}),
      child("3", {
        series: "mark",
        timeframe: "1h",
        status: "failed",
        attempts: 3,
        error: "bybit answers 403: the request is from a country it does not serve",
        startedAt: now - 50_000,
        finishedAt: now - 20_000
      })
    ],
    tracked: [
      tracked("BTC/USDT", "funding", null, "person", now),
      tracked("BTC/USDT", "perp", "1h", "person", now),
      tracked("ETH/USDT", "funding", null, "top", now)
    ],
    schedule: [
      task("update", "appends what is new of everything tracked", "2 * * * *", now),
      task("repair", "looks for holes and refetches them", "0 3 * * *", now)
    ],
    notes: [{line: "2 pairs have no spot market at bybit: left out", level: "warn"}],
    issues: []
  };
}

const tracked = (pair: string, series: string, timeframe: string | null, chosenBy: string, now: number): Tracked =>
  ({
    venue: "bybit",
    pair,
    series,
    timeframe,
    fromTs: now - 365 * 24 * HOUR,
    chosenBy,
    sinceTs: now,
    enabled: true
  }) as Tracked;

const task = (name: string, says: string, pattern: string, now: number): TaskReport => ({
  name,
  says,
  pattern,
  lastTs: now - HOUR,
  lastMs: 840,
  result: "nothing to do",
  failed: false,
  running: false,
  nextTs: now + HOUR
});

/** The routes of the work, as the engine's own answer them. Undefined for a route that is none of them. */
export function answerWork(
  work: FakeWork,
  method: string,
  url: URL,
  body: unknown
): {status?: number; answer: unknown} | undefined {
  const [, first, second, third] = url.pathname.split("/").map(decodeURIComponent);
  const route = [method, first, second === undefined || FIXED.has(second) ? second : "*", third]
    .filter(Boolean)
    .join(" ");
  const answer = ROUTES[route];
  if (!answer) return undefined;
  try {
    return answer(work, {id: second!, query: Object.fromEntries(url.searchParams), body});
  } catch (error) {
    const {status, body: told} = errorReply(error);
    return {status, answer: told};
  }
}

/** Whether a path is the work's: its routes are known by their first part. */
export const isWork = (path: string): boolean =>
  /^\/(jobs|batches|gaps|tracked|track|untrack|schedule)(\/|$)/.test(path);

interface Asked {
  id: string;
  query: Record<string, string>;
  body: unknown;
}

const FIXED = new Set(["retry-failed", "repair"]);
const none = (body: unknown) => readInput(SCHEMAS.none, body ?? {});
const childrenOf = (work: FakeWork, id: string) => work.jobs.filter((job) => job.parentId === id || job.id === id);

function find(work: FakeWork, id: string): Job {
  const job = work.jobs.find((d) => d.id === id);
  if (!job) throw new DataError(`missing job: ${id}`, {fix: "`npx carrybook jobs` lists them"});
  return job;
}

function requeue(work: FakeWork, jobs: readonly Job[]) {
  for (const job of jobs) {
    const retries = job.retries + (job.status === "failed" ? 1 : 0);
    Object.assign(job, {status: "queued", attempts: 0, retries, notBefore: null, error: null, finishedAt: null});
  }
  const batches = [...new Set(jobs.map((job) => job.parentId!))].map((id) => find(work, id));
  return {queued: [...jobs], batches};
}

const ROUTES: Record<string, (work: FakeWork, asked: Asked) => {status?: number; answer: unknown}> = {
  "GET jobs": ({jobs}, {query}) => {
    const {limit, status} = readInput(QUERIES.jobs, query);
    const newest = [...jobs].sort((a, b) => b.createdAt - a.createdAt);
    return {
      answer: newest.filter((d) => (status ? d.status === status : d.parentId === null)).slice(0, limit)
    };
  },
  "POST jobs": (work, {body}) => {
    const request = readInput(SCHEMAS.jobs, body);
    if (request.kind !== "backfill") return {status: 202, answer: {batches: [], notes: []}};
    const {venue, url} = request;
    if (venue === "sim" && url === undefined)
      throw new UsageError("missing url: a simulated venue needs one", {fix: "pass the url of `npx carrybook sim`"});
    const now = Date.now();
    const batch = newJob(`b-${work.jobs.length + 1}`, "backfill", now, {venue, to: now});
    work.jobs.push(batch);
    return {status: 202, answer: {batches: [batch], notes: work.notes}};
  },
  "POST jobs retry-failed": (work, {body}) => {
    none(body);
    const failed = work.jobs.filter((job) => job.parentId !== null && job.status === "failed");
    const skipped = failed.filter((job) => job.retries >= MAX_BULK_RETRIES);
    const put = failed.filter((job) => !skipped.includes(job));
    return {status: 202, answer: {...requeue(work, put), skipped}};
  },
  "POST jobs * retry": (work, {id, body}) => {
    none(body);
    find(work, id);
    const chosen = childrenOf(work, id).filter(
      (job) => job.parentId !== null && job.status !== "completed" && job.status !== "in_progress"
    );
    return {status: 202, answer: requeue(work, chosen)};
  },
  "POST batches * retry": (work, asked) => {
    if (find(work, asked.id).parentId !== null)
      throw new UsageError(`invalid batch: ${asked.id} is one history of a batch`);
    return ROUTES["POST jobs * retry"]!(work, asked);
  },
  "POST jobs * cancel": (work, {id, body}) => {
    none(body);
    find(work, id);
    const chosen = childrenOf(work, id).filter((job) => !isSettled(job));
    for (const job of chosen) Object.assign(job, {status: "cancelled", finishedAt: Date.now()});
    return {status: 202, answer: {cancelled: chosen.filter((job) => job.parentId !== null)}};
  },
  "POST gaps repair": (_, {body}) => {
    none(body);
    return {status: 202, answer: {batches: [], notes: [{line: "no hole is open", level: "info"}]}};
  },
  "GET tracked": ({tracked}) => ({answer: byPair(tracked)}),
  "POST track": (work, {body}) => {
    const {pairs} = readInput(SCHEMAS.track, body);
    work.tracked.push(...pairs.map((pair) => tracked(pair, "funding", null, "person", Date.now())));
    return {answer: work.tracked};
  },
  "POST untrack": (work, {body}) => {
    const {pairs} = readInput(SCHEMAS.untrack, body);
    const before = work.tracked.length;
    const unknown = pairs.find((pair) => !work.tracked.some((d) => d.pair === pair));
    if (unknown !== undefined)
      throw new DataError(`missing pair: ${unknown} is not tracked`, {fix: "npx carrybook track shows the list"});
    work.tracked = work.tracked.filter((d) => !pairs.includes(d.pair));
    return {answer: {untracked: before - work.tracked.length, pairs}};
  },
  "GET schedule": ({schedule}) => ({answer: schedule}),
  "POST schedule * run": ({schedule}, {id, body}) => {
    none(body);
    const report = schedule.find((d) => d.name === id);
    if (!report) throw new UsageError(`invalid task: ${id}`);
    Object.assign(report, {lastTs: Date.now(), result: "queued b-9"});
    return {answer: report};
  }
};
