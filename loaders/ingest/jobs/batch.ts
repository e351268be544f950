import type {Span} from "../../../src/lib/market/coverage.js";
import type {SeriesKey} from "../../store/key.js";
import {isSettled, newJob, type Job} from "../job.js";

/** What a batch is asked to do: a kind of work on some histories of one venue. */
export interface BatchRequest {
  kind: "backfill" | "update" | "repair";
  venue: string;
  /** each history with the stretch it is wanted for; repairs look at all of it */
  histories: readonly {key: SeriesKey; wanted: Span}[];
}

const STEPS: Record<BatchRequest["kind"], string[]> = {
  backfill: ["plan", "fetch", "publish"],
  update: ["plan", "fetch", "publish"],
  repair: ["plan", "refetch", "publish"]
};

/** The parent job of a request and one child per history, all queued. `id` must be unique in the store. */
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
  return {parent: summed(parent, children), children};
}

/**
 * A batch as the sum of its children: rows, progress by rows expected, the state that follows from theirs, the time left
 * at the pace so far.
 */
export function summed(parent: Job, children: readonly Job[]): Job {
  const of = (...states: Job["status"][]) => children.filter((child) => states.includes(child.status)).length;
  const known = children.filter((child) => child.rowsExpected !== null);
  const rowsFetched = children.reduce((sum, child) => sum + child.rowsFetched, 0);
  const expected = known.reduce((sum, child) => sum + child.rowsExpected!, 0);
  // What has not been planned yet is expected to be like what has been.
  const rowsExpected =
    known.length === 0 ? null : Math.max(rowsFetched, Math.round((expected * children.length) / known.length));
  const started = children.flatMap((child) => child.startedAt ?? []);
  const finished = children.flatMap((child) => child.finishedAt ?? []);
  const settled = children.length > 0 && children.every(isSettled);
  const failed = of("failed");
  const status = settled
    ? failed > 0
      ? "failed"
      : of("cancelled") > 0
        ? "cancelled"
        : "completed"
    : of("in_progress") > 0 || children.some(isSettled)
      ? "in_progress"
      : "queued";
  const done = children.reduce((sum, child) => sum + (isSettled(child) ? 1 : child.progress), 0);
  const quality: Record<string, number> = {};
  for (const child of children)
    for (const [name, n] of Object.entries(child.quality ?? {})) quality[name] = (quality[name] ?? 0) + n;
  return {
    ...parent,
    status,
    rowsFetched,
    rowsExpected,
    progress: children.length === 0 ? 1 : settled ? 1 : Math.min(0.99, done / children.length),
    step: settled ? "publish" : (children.find((child) => child.status === "in_progress")?.step ?? parent.step),
    startedAt: started.length > 0 ? Math.min(...started) : null,
    finishedAt: settled && finished.length > 0 ? Math.max(...finished) : null,
    attempts: Math.max(0, ...children.map((child) => child.attempts)),
    error: failed > 0 ? `${failed} of ${children.length} failed, e.g. ${firstError(children)}` : null,
    quality: Object.keys(quality).length > 0 ? quality : null
  };
}

const firstError = (children: readonly Job[]): string => {
  const child = children.find((c) => c.status === "failed")!;
  return `${[child.pair, child.series, child.timeframe].filter(Boolean).join(" ")}: ${child.error ?? "unknown"}`;
};

/**
 * The time a batch has left, in ms: the rows still expected at the pace since it began; null before there is a pace.
 * @param elapsedMs since the first child of this run began
 * @param fetchedBefore rows that earlier runs had fetched
 */
export function batchEta(
  {rowsFetched, rowsExpected}: Pick<Job, "rowsFetched" | "rowsExpected">,
  elapsedMs: number,
  fetchedBefore: number
): number | null {
  const fresh = rowsFetched - fetchedBefore;
  if (rowsExpected === null || fresh <= 0 || elapsedMs <= 0) return null;
  return Math.round((elapsedMs * Math.max(0, rowsExpected - rowsFetched)) / fresh);
}
