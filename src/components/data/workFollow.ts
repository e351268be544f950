import type {Health, Notification} from "../../lib/wire/trading.js";
import type {EngineClient, EngineEvent} from "../engine/engineClient.js";
import {mergeJobs, withJob, type Jobs} from "../ingest/workModel.js";
import {hasEnded, type Job} from "../../lib/wire/job.js";
import type {TaskReport, TrackedPairReport, TrackedReport} from "../../lib/wire/data.js";

/** Jobs, tracked pairs, schedule and health, as the Data page shows them. */
export interface WorkData {
  jobs: Jobs;
  /** whether a list was truncated, so that counts are minima */
  cut: boolean;
  tracked: TrackedReport[];
  /** null when the engine has none */
  schedule: TaskReport[] | null;
  health: Health | null;
}

/** Limit of each list of jobs. */
const MAX_JOBS = 1_000;
const LISTS = [
  "/jobs?limit=50",
  ...["in_progress", "queued", "pending", "failed"].map((status) => `/jobs?limit=${MAX_JOBS}&status=${status}`)
];
/** Interval of reads of the schedule while the page is visible, because it has no event, ms. */
const SLOW_MS = 30_000;
/** Events within this time are drawn together, ms. */
const DRAW_MS = 150;
/** Pause before a failed read is repeated, ms. */
const AGAIN_MS = 3_000;

/**
 * Follows the jobs by the stream of events. Reads everything again when events may have been missed, as after a broken
 * stream or in a background tab.
 */
export function followWork(
  client: EngineClient,
  {
    onData,
    onNotification,
    onError,
    onJob = () => {},
    onReload = () => {}
  }: {
    onData: (data: WorkData) => void;
    onNotification: (notification: Notification) => void;
    onError: (error: Error | null) => void;
    /** hears of every job as it changes */
    onJob?: (job: Job) => void;
    /** called when something may have been missed, so that what is shown beside must be read anew too */
    onReload?: () => void;
  }
): {reload: () => void; refresh: () => void; close: () => void} {
  let data: WorkData | undefined;
  /** updates from the stream since the pending requests were sent */
  const updates = new Map<string, Job>();
  let loading = false;
  let again = false;
  let ended = false;
  let drawing: ReturnType<typeof setTimeout> | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const draw = (): void => {
    drawing ??= setTimeout(() => {
      drawing = undefined;
      if (!ended && data) onData(data);
    }, DRAW_MS);
  };
  const soon = (): void => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      void load();
    }, AGAIN_MS);
  };

  async function load(): Promise<void> {
    if (ended) return;
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    again = false;
    updates.clear();
    try {
      const [lists, tracked, schedule, health] = await Promise.all([
        Promise.all(LISTS.map((path) => client.get<Job[]>(path))),
        readTracked(client),
        readSchedule(),
        client.get<Health>("/health")
      ]);
      if (ended) return;
      const cut = lists.some((list) => list.length >= MAX_JOBS);
      data = {jobs: mergeJobs(lists, updates.values()), cut, tracked, schedule, health};
      onError(null);
      draw();
    } catch (error) {
      if (ended) return;
      onError(error as Error);
      // 409: this engine has no such data, so a retry would not help.
      if ((error as {status?: number}).status !== 409) soon();
    } finally {
      loading = false;
      if (again) void load();
    }
  }

  /** Returns null on failure: the other parts are shown without the schedule. */
  const readSchedule = async (): Promise<TaskReport[] | null> => {
    const schedule = await client.get<TaskReport[]>("/schedule").catch(() => null);
    return Array.isArray(schedule) ? schedule : null;
  };

  async function refresh(): Promise<void> {
    try {
      const [schedule, health, tracked] = await Promise.all([
        readSchedule(),
        client.get<Health>("/health"),
        readTracked(client)
      ]);
      if (ended || !data) return;
      data = {...data, schedule, health, tracked};
      draw();
    } catch {
      // The stream detects a stopped engine; the next interval reads these again.
    }
  }

  const onEvent = (event: EngineEvent): void => {
    if (event.type === "reset") return reload();
    if (event.type === "notification") return onNotification(event.data);
    if (event.type === "health") {
      if (data) data = {...data, health: event.data};
      return draw();
    }
    if (event.type !== "job" && event.type !== "batch") return;
    const job = event.data;
    updates.set(job.id, job);
    onJob(job);
    if (!data) return;
    const was = data.jobs.get(job.id);
    data = {...data, jobs: withJob(data.jobs, job)};
    draw();
    if (event.type === "batch" && hasEnded(job) && (!was || !hasEnded(was))) void refresh();
  };
  const reload = (): void => {
    void load();
    onReload();
  };
  const seen = (): void => {
    if (document.visibilityState === "visible") reload();
  };
  const shown = (event: PageTransitionEvent): void => {
    if (event.persisted) reload();
  };
  const unsubscribe = client.onEvent(onEvent);
  document.addEventListener("visibilitychange", seen);
  addEventListener("pageshow", shown);
  const slow = setInterval(() => document.visibilityState === "visible" && void refresh(), SLOW_MS);
  void load();
  return {
    reload: () => void load(),
    refresh: () => void refresh(),
    close() {
      ended = true;
      for (const timer of [drawing, waiting]) clearTimeout(timer);
      clearInterval(slow);
      unsubscribe();
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("pageshow", shown);
    }
  };
}

/** Returns the histories of scheduled updates. */
async function readTracked(client: EngineClient): Promise<TrackedReport[]> {
  const pairs = await client.get<TrackedPairReport[]>("/tracked");
  return pairs.flatMap(({venue, pair, sinceTs, enabled, histories}) =>
    histories.map((history) => ({venue, pair, sinceTs, enabled, ...history}))
  );
}
