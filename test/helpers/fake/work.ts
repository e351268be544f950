import {QUERIES, readInput, SCHEMAS} from "../../../engine/api/schemas.js";
import {errorReply} from "../../../engine/api/reply.js";
import {DataError, UsageError} from "../../../loaders/errors.js";
import {hasEnded, MAX_BULK_RETRIES, newJob, type Job} from "../../../src/lib/wire/job.js";
import {matches, wantsHistories} from "../../../loaders/ingest/jobs/book.js";
import type {EstimateReport, LimitReport, TaskReport} from "../../../src/lib/wire/data.js";
import {EVENTS, type EventName} from "../../../engine/config/notify.js";
import type {NotificationSettings} from "../../../src/lib/wire/trading.js";
import type {Status} from "../../../src/lib/market/snapshot.js";
import {madeStatus} from "../made/status.js";
import {byPair} from "../../../engine/data/tracking.js";
import type {Tracked} from "../../../loaders/store/tracked.js";

/** State of a fake engine's data work, which a test changes; inputs are parsed by the engine's own schemas. */
export interface FakeWork {
  jobs: Job[];
  tracked: Tracked[];
  schedule: TaskReport[];
  /** notes that `POST /jobs` returns with the batches */
  notes: {line: string; level: "info" | "warn"}[];
  issues: string[];
  /** the engine's data status */
  status: Status;
  limits: LimitReport[];
  settings: NotificationSettings;
  estimate: EstimateReport;
}

const HOUR = 36e5;

/** Returns one batch with a running, a queued and a failed history, and one finished batch. */
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
        errorCode: "region",
        startedAt: now - 50_000,
        finishedAt: now - 20_000
      })
    ],
    tracked: [
      tracked("BTC/USDT", "funding", "", "person", now),
      tracked("BTC/USDT", "perp", "1h", "person", now),
      tracked("ETH/USDT", "funding", "", "top", now)
    ],
    schedule: [
      task("update", "updates every tracked history", "2 * * * *", now),
      task("repair", "refetches holes that may still be filled", "0 3 * * *", now)
    ],
    notes: [{line: "2 pairs have no spot market at bybit: left out", level: "warn"}],
    issues: [],
    status: madeStatus(now),
    limits: [
      {
        venue: "bybit",
        origin: "https://api.bybit.com",
        requests: 1_204,
        retries: 3,
        inWindow: 120,
        perWindow: 480,
        windowMs: 5_000,
        published: 600,
        share: 0.8,
        bannedUntilMs: undefined
      }
    ],
    settings: {
      events: Object.entries(EVENTS).map(([event, says]) => ({event, says, loudness: "on", configured: "on"})),
      channels: [{name: "webhook", failing: "webhook: answered 500"}],
      perHour: 20
    },
    estimate: {requests: 37, rows: 26_300, histories: 8, complete: 2, seconds: 12, pairs: ["BTC/USDT", "ETH/USDT"]}
  };
}

const tracked = (
  pair: string,
  series: Tracked["series"],
  timeframe: string,
  chosenBy: Tracked["chosenBy"],
  now: number
): Tracked => ({
  venue: "bybit",
  pair,
  series,
  timeframe,
  fromTs: now - 365 * 24 * HOUR,
  chosenBy,
  sinceTs: now,
  enabled: true
});

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

/** Reply of a route; text is sent as it is. */
interface Answer {
  status?: number;
  answer: unknown;
  text?: string;
}

/** Returns the reply of a work route, as the engine's own would be; undefined for any other route. */
export function answerWork(work: FakeWork, method: string, url: URL, body: unknown): Answer | undefined {
  const [, first, second, third] = url.pathname.split("/").map(decodeURIComponent);
  const route = [method, first, second === undefined || FIXED.has(second) ? second : "*", third]
    .filter(Boolean)
    .join(" ");
  const answer = ROUTES[route];
  if (!answer) return undefined;
  try {
    return answer(work, {id: second!, query: Object.fromEntries(url.searchParams), body});
  } catch (error) {
    const {status, body: reply} = errorReply(error);
    return {status, answer: reply};
  }
}

/** Returns true for a path of the work routes, which its first part identifies. */
export const isWork = (path: string): boolean =>
  /^\/(jobs|batches|gaps|tracked|track|untrack|schedule|limits|data-status)(\/|$)/.test(path) ||
  path === "/series/refresh" ||
  path === "/notifications/settings";

interface Asked {
  id: string;
  query: Record<string, string>;
  body: unknown;
}

const FIXED = new Set(
  "retry-failed repair retry cancel estimate export check fill refresh enable disable remove settings".split(" ")
);
const none = (body: unknown) => readInput(SCHEMAS.none, body ?? {});
const childrenOf = (work: FakeWork, id: string) => work.jobs.filter((job) => job.parentId === id || job.id === id);

function find(work: FakeWork, id: string): Job {
  const job = work.jobs.find((d) => d.id === id);
  if (!job) throw new DataError(`missing job: ${id}`, {code: "missing-job", fix: "`npx carrybook jobs` lists them"});
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

function queued(work: FakeWork, kind: Job["kind"]) {
  const batch = newJob(`b-${work.jobs.length + 1}`, kind, Date.now(), {venue: "bybit"});
  work.jobs.push(batch);
  return {batches: [batch], notes: []};
}

function switched(work: FakeWork, body: unknown, enabled: boolean) {
  const {pairs} = readInput(SCHEMAS.pairsOf, body);
  work.tracked = work.tracked.map((d) => (pairs.includes(d.pair) ? {...d, enabled} : d));
  return {answer: byPair(work.tracked)};
}

const ROUTES: Record<string, (work: FakeWork, asked: Asked) => Answer> = {
  "GET jobs": ({jobs}, {query}) => {
    const {limit, ...filter} = readInput(QUERIES.jobs, query);
    const newest = [...jobs].sort((a, b) => b.createdAt - a.createdAt);
    const deep = wantsHistories(filter);
    return {answer: newest.filter((d) => (deep || d.parentId === null) && matches(d, filter)).slice(0, limit)};
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
  "POST jobs estimate": (work, {body}) => {
    const {pairs} = readInput(SCHEMAS.estimate, body);
    return {answer: {...work.estimate, ...(pairs && {pairs})}};
  },
  "GET jobs *": (work, {id}) => ({
    answer: {
      ...find(work, id),
      children: work.jobs.filter((job) => job.parentId === id),
      log: [
        {ts: find(work, id).createdAt, job: id, text: "attempt 1 of 3"},
        {ts: find(work, id).createdAt + 900, job: id, text: "page of 1,000 rows"}
      ]
    }
  }),
  "GET jobs export": ({jobs}) => ({text: jobs.map((job) => `${JSON.stringify(job)}\n`).join(""), answer: null}),
  "POST jobs retry": (work, {body}) => {
    const {ids} = readInput(SCHEMAS.ids, body);
    const chosen = ids.flatMap((id) => work.jobs.filter((job) => job.id === id));
    const left = chosen.filter((job) => job.retries >= MAX_BULK_RETRIES);
    requeue(
      work,
      chosen.filter((job) => !left.includes(job))
    );
    return {
      status: 202,
      answer: {
        results: chosen.map((job) =>
          left.includes(job)
            ? {
                id: job.id,
                done: false,
                jobs: [],
                why: `retried ${job.retries} times in bulk already; retry it by itself`,
                skipped: ["retried-out"]
              }
            : {id: job.id, done: true, jobs: [job.id], why: null, skipped: []}
        )
      }
    };
  },
  "POST jobs cancel": (work, {body}) => {
    const {ids} = readInput(SCHEMAS.ids, body);
    const chosen = ids.flatMap((id) => work.jobs.filter((job) => job.id === id && !hasEnded(job)));
    for (const job of chosen) Object.assign(job, {status: "cancelled", finishedAt: Date.now()});
    return {
      status: 202,
      answer: {
        results: ids.map((id) => {
          const done = chosen.some((job) => job.id === id);
          const [why, skipped] = done ? [null, []] : ["it has already finished: failed", ["ended"]];
          return {id, done, jobs: done ? [id] : [], why, skipped};
        })
      }
    };
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
    const chosen = childrenOf(work, id).filter((job) => !hasEnded(job));
    for (const job of chosen) Object.assign(job, {status: "cancelled", finishedAt: Date.now()});
    return {status: 202, answer: {cancelled: chosen.filter((job) => job.parentId !== null)}};
  },
  "POST gaps repair": (_, {body}) => {
    none(body);
    return {status: 202, answer: {batches: [], notes: [{line: "no hole is open", level: "info"}]}};
  },
  "POST gaps check": ({status}, {body}) => {
    const {pair, series} = readInput(SCHEMAS.check, body);
    const own = status.series.find((d) => d.pair === pair && d.series === series);
    if (!own) throw new DataError(`missing series: ${pair} ${series} is not in the store`);
    return {
      answer: {...(body as object), rows: own.rows, from: own.from, to: own.to, holes: own.holes, changed: false}
    };
  },
  "POST gaps fill": (work, {body}) => {
    readInput(SCHEMAS.fill, body);
    return {status: 202, answer: queued(work, "repair")};
  },
  "POST series refresh": (work, {body}) => {
    readInput(SCHEMAS.refresh, body);
    return {status: 202, answer: queued(work, "update")};
  },
  "GET data-status": ({status}) => ({answer: status}),
  "GET limits": ({limits}) => ({answer: limits}),
  "PATCH limits": ({limits}, {body}) => {
    const {venue, share} = readInput(SCHEMAS.limits, body);
    const limit = limits.find((d) => d.venue === venue)!;
    Object.assign(limit, {share, perWindow: Math.round(limit.published! * share)});
    return {answer: limit};
  },
  "GET notifications settings": ({settings}) => ({answer: settings}),
  "PATCH notifications settings": ({settings}, {body}) => {
    const {events} = readInput(SCHEMAS.notify, body);
    for (const one of settings.events) one.loudness = events[one.event as EventName] ?? one.loudness;
    return {answer: settings};
  },
  "POST tracked enable": (work, {body}) => switched(work, body, true),
  "POST tracked disable": (work, {body}) => switched(work, body, false),
  "POST tracked remove": (work, {body}) => {
    const {pairs} = readInput(SCHEMAS.pairsOf, body);
    work.tracked = work.tracked.filter((d) => !pairs.includes(d.pair));
    return {answer: byPair(work.tracked)};
  },
  "GET tracked": ({tracked}) => ({answer: byPair(tracked)}),
  "POST track": (work, {body}) => {
    const {pairs} = readInput(SCHEMAS.track, body);
    work.tracked.push(...pairs.map((pair) => tracked(pair, "funding", "", "person", Date.now())));
    return {answer: work.tracked};
  },
  "POST untrack": (work, {body}) => {
    const {pairs} = readInput(SCHEMAS.untrack, body);
    const before = work.tracked.length;
    const unknown = pairs.find((pair) => !work.tracked.some((d) => d.pair === pair));
    if (unknown !== undefined)
      throw new DataError(`missing pair: ${unknown} is not tracked`, {
        fix: "npx carrybook track lists the tracked pairs"
      });
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
