import type {Health, Notification} from "../../lib/wire/trading.js";
import type {EngineClient, EngineEvent} from "../engine/engineClient.js";
import {isEnded, mergeJobs, withJob, type Jobs} from "../ingest/workModel.js";
import type {JobReport, TaskReport, TrackedPairReport, TrackedReport} from "../../lib/wire/data.js";

/** All that the Data page shows of the work. */
export interface WorkData {
  jobs: Jobs;
  /** whether there is more work of a state than was asked for */
  cut: boolean;
  tracked: TrackedReport[];
  /** null where the engine keeps none */
  schedule: TaskReport[] | null;
  health: Health | null;
}

/** Answers of one kind are asked for up to this many. */
const MOST = 1_000;
const LISTS = [
  "/jobs?limit=50",
  ...["in_progress", "queued", "pending", "failed"].map((status) => `/jobs?limit=${MOST}&status=${status}`)
];
/** The schedule has no event of its own: it is asked for at this pace while somebody looks. */
const SLOW_MS = 30_000;
/** Events that come together are drawn together. */
const DRAW_MS = 150;
const AGAIN_MS = 3_000;

/**
 * Keeps the work as new as the stream of events. What may have been missed, by a break of the stream or behind another
 * tab, is asked for anew.
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
    onJob?: (job: JobReport) => void;
    /** called when something may have been missed, so that what is shown beside must be read anew too */
    onReload?: () => void;
  }
): {reload: () => void; refresh: () => void; close: () => void} {
  let data: WorkData | undefined;
  /** updates from the stream since the pending requests were sent */
  const updates = new Map<string, JobReport>();
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
        Promise.all(LISTS.map((path) => client.get<JobReport[]>(path))),
        readTracked(client),
        readSchedule(),
        client.get<Health>("/health")
      ]);
      if (ended) return;
      const cut = lists.some((list) => list.length >= MOST);
      data = {jobs: mergeJobs(lists, updates.values()), cut, tracked, schedule, health};
      onError(null);
      draw();
    } catch (error) {
      if (ended) return;
      onError(error as Error);
      // What the engine as it runs cannot tell will not change by asking.
      if ((error as {status?: number}).status !== 409) soon();
    } finally {
      loading = false;
      if (again) void load();
    }
  }

  /** A part of its own: the rest stands without it. */
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
      // The stream tells when the engine is gone; these are asked for again soon.
    }
  }

  const onEvent = (event: EngineEvent): void => {
    if ((event.type as string) === "reset") return anew();
    if (event.type === "notification") return onNotification(event.data);
    if (event.type === "health") {
      if (data) data = {...data, health: event.data};
      return draw();
    }
    if (event.type !== "job" && event.type !== "batch") return;
    const job = event.data as JobReport;
    updates.set(job.id, job);
    onJob(job);
    if (!data) return;
    const was = data.jobs.get(job.id);
    data = {...data, jobs: withJob(data.jobs, job)};
    draw();
    if (event.type === "batch" && isEnded(job) && (!was || !isEnded(was))) void refresh();
  };
  const anew = (): void => {
    void load();
    onReload();
  };
  const seen = (): void => {
    if (document.visibilityState === "visible") anew();
  };
  const shown = (event: PageTransitionEvent): void => {
    if (event.persisted) anew();
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

/** What scheduled updates include, history by history. */
async function readTracked(client: EngineClient): Promise<TrackedReport[]> {
  const pairs = await client.get<TrackedPairReport[]>("/tracked");
  return pairs.flatMap(({venue, pair, sinceTs, enabled, histories}) =>
    histories.map((history) => ({venue, pair, sinceTs, enabled, ...history}))
  );
}
