import type {Span} from "../../../src/lib/market/coverage.js";
import type {SeriesKey} from "../../store/key.js";
import {hasEnded, newJob, type Job} from "../../../src/lib/wire/job.js";

/** Request for a batch: one kind of work on histories of one venue. */
export interface BatchRequest {
  kind: "backfill" | "update" | "repair";
  venue: string;
  /** each history with the span requested; repairs check all of it */
  histories: readonly {key: SeriesKey; wanted: Span}[];
}

const STEPS: Record<BatchRequest["kind"], string[]> = {
  backfill: ["plan", "fetch", "publish"],
  update: ["plan", "fetch", "publish"],
  repair: ["plan", "refetch", "publish"]
};

/** Returns the parent job of a request and one child per history, all queued. `id` must be unique in the store. */
export function newBatch(
  id: string,
  {kind, venue, histories}: BatchRequest,
  nowMs: number
): {parent: Job; children: Job[]} {
  const shared = {venue, status: "queued" as const, steps: STEPS[kind]};
  const bounds = {
    from: Math.min(...histories.map((h) => h.wanted.from)),
    to: Math.max(...histories.map((h) => h.wanted.to))
  };
  const children = histories.map(({key, wanted}, i) =>
    newJob(`${id}.${i + 1}`, kind, nowMs, {
      ...shared,
      parentId: id,
      pair: key.pair,
      series: key.series,
      timeframe: key.timeframe,
      from: wanted.from,
      to: wanted.to
    })
  );
  const parent = newJob(id, kind, nowMs, {...shared, ...(histories.length > 0 ? bounds : {})});
  // A batch without histories is complete at once.
  if (children.length === 0)
    return {parent: {...parent, status: "completed", progress: 1, startedAt: nowMs, finishedAt: nowMs}, children};
  return {parent: summed(parent, children), children};
}

/** Returns a batch as the sum of its children: rows, progress by rows expected, status, and ETA at the pace so far. */
export function summed(parent: Job, children: readonly Job[]): Job {
  const of = (...states: Job["status"][]) => children.filter((child) => states.includes(child.status)).length;
  const known = children.filter((child) => child.rowsExpected !== null);
  const rowsFetched = children.reduce((sum, child) => sum + child.rowsFetched, 0);
  const expected = known.reduce((sum, child) => sum + child.rowsExpected!, 0);
  // Children that are not planned yet are expected to resemble those that are.
  const rowsExpected =
    known.length === 0 ? null : Math.max(rowsFetched, Math.round((expected * children.length) / known.length));
  const started = children.flatMap((child) => child.startedAt ?? []);
  const finished = children.flatMap((child) => child.finishedAt ?? []);
  const ended = children.length > 0 && children.every(hasEnded);
  const failed = of("failed");
  const example = children.find((child) => child.status === "failed");
  const status = ended
    ? failed > 0
      ? "failed"
      : of("cancelled") > 0
        ? "cancelled"
        : "completed"
    : of("in_progress") > 0 || children.some(hasEnded)
      ? "in_progress"
      : "queued";
  const done = children.reduce((sum, child) => sum + (hasEnded(child) ? 1 : child.progress), 0);
  const quality: Record<string, number> = {};
  for (const child of children)
    for (const [name, n] of Object.entries(child.quality ?? {})) quality[name] = (quality[name] ?? 0) + n;
  return {
    ...parent,
    status,
    rowsFetched,
    rowsExpected,
    pages: children.reduce((sum, child) => sum + child.pages, 0),
    progress: children.length === 0 ? 1 : ended ? 1 : Math.min(0.99, done / children.length),
    step: ended ? "publish" : (children.find((child) => child.status === "in_progress")?.step ?? parent.step),
    startedAt: started.length > 0 ? Math.min(...started) : null,
    finishedAt: ended && finished.length > 0 ? Math.max(...finished) : null,
    attempts: Math.max(0, ...children.map((child) => child.attempts)),
    error: example ? `${failed} of ${children.length} failed, e.g. ${errorOf(example)}` : null,
    errorCode: example?.errorCode ?? null,
    errorFix: example?.errorFix ?? null,
    quality: Object.keys(quality).length > 0 ? quality : null
  };
}

const errorOf = ({pair, series, timeframe, error}: Job): string =>
  `${[pair, series, timeframe].filter(Boolean).join(" ")}: ${error ?? "unknown"}`;

/**
 * Returns the pages done and expected of a batch; null before any child is planned. A child not planned yet counts as
 * the mean of its series and timeframe, else as the mean of all.
 */
export function pagesOf(children: readonly Job[]): {done: number; expected: number} | null {
  const kinds = new Map<string, {sum: number; n: number}>();
  const all = {sum: 0, n: 0};
  const planned = (job: Job) =>
    hasEnded(job) ? job.pages : job.pagesExpected === null ? undefined : Math.max(job.pagesExpected, job.pages);
  for (const job of children) {
    const pages = planned(job);
    if (pages === undefined) continue;
    let own = kinds.get(kindOf(job));
    if (!own) kinds.set(kindOf(job), (own = {sum: 0, n: 0}));
    for (const mean of [own, all]) {
      mean.sum += pages;
      mean.n++;
    }
  }
  if (all.n === 0) return null;
  let done = 0;
  let expected = 0;
  for (const job of children) {
    const mean = kinds.get(kindOf(job)) ?? all;
    done += job.pages;
    expected += planned(job) ?? mean.sum / mean.n;
  }
  return {done, expected};
}

const kindOf = ({series, timeframe}: Job): string => `${series}|${timeframe}`;

/**
 * Returns the time left for a batch, in ms: the pages left at the pace since it began, which the venue's limit keeps
 * steady. Null before there is a pace.
 * @param elapsedMs time since the first child of this run began
 * @param pagesBefore pages that earlier runs had fetched
 */
export function batchEta(children: readonly Job[], elapsedMs: number, pagesBefore: number): number | null {
  const pages = pagesOf(children);
  const fresh = (pages?.done ?? 0) - pagesBefore;
  if (pages === null || fresh <= 0 || elapsedMs <= 0) return null;
  return Math.round((elapsedMs * Math.max(0, pages.expected - pages.done)) / fresh);
}
