import {badge} from "./badge.js";
import {h, type Child} from "./dom.js";
import type {EngineClient} from "./engineClient.js";
import {SteadyBlock} from "./steadyBlock.js";
import {Toasts} from "./toasts.js";
import {followWork, type WorkData} from "./workFollow.js";
import {IngestionForm, TrackForm} from "./workForms.js";
import {
  errorWords,
  isBatch,
  jobName,
  listsOf,
  plannedWords,
  retriedWords,
  retryLabel,
  retryable,
  trackedPairs,
  workSummary
} from "./workModel.js";
import {FailedTable, NowTable, PastTable, ScheduleTable, TrackedTable} from "./workTables.js";
import type {JobReport, PlannedReport, RetriedReport, TaskReport} from "./workWire.js";

/** The work on the data while the engine is up: what runs, what failed, and the commands to it. */
export function WorkBoard(client: EngineClient): {element: HTMLElement; close: () => void} {
  const problem = h("p", {class: "problem", role: "alert"});
  const said = h("p", {class: "step-note", role: "status"});
  const toasts = Toasts();
  document.body.append(toasts.element);

  /** Does a command and says what came of it, in one line whose room is always there. */
  const run = async <T>(doing: Promise<T>, words: (answer: T) => string): Promise<void> => {
    try {
      said.textContent = words(await doing);
      follow.reload();
    } catch (error) {
      said.textContent = errorWords(error);
    }
  };
  const button = (label: string, click: () => unknown) => h("button", {type: "button", class: "button", click}, label);
  const path = ({id}: JobReport, verb: string) => `/jobs/${encodeURIComponent(id)}/${verb}`;

  const retryAll = button("Retry 0 failed", () => run(client.post<RetriedReport>("/jobs/retry-failed"), retriedWords));
  const repair = button("Repair holes", () =>
    run(client.post<PlannedReport>("/gaps/repair"), (answer) => plannedWords(answer).join(" "))
  );
  const now = NowTable((job) =>
    run(client.post<{cancelled: JobReport[]}>(path(job, "cancel")), ({cancelled}) =>
      cancelled.length
        ? `Cancelled: ${jobName(job)}. What was written stays.`
        : `${jobName(job)} had ended already; nothing was cancelled.`
    )
  );
  const failed = FailedTable((job) => run(client.post<RetriedReport>(path(job, "retry")), retriedWords));
  const past = PastTable((job) =>
    run(
      client.post<RetriedReport>(isBatch(job) ? `/batches/${encodeURIComponent(job.id)}/retry` : path(job, "retry")),
      retriedWords
    )
  );
  const tracked = TrackedTable(({pair, venue}) =>
    run(
      client.post("/untrack", {pairs: [pair], venue}),
      () => `${pair} of ${venue} is no longer tracked. Its rows stay.`
    )
  );
  const schedule = ScheduleTable(({name}) =>
    run(
      client.post<TaskReport>(`/schedule/${encodeURIComponent(name)}/run`),
      (report) => `${name}: ${report.failed ? "failed, " : ""}${report.result ?? (report.running ? "runs" : "done")}`
    )
  );
  const noSchedule = h("p", {class: "muted"});
  const health = SteadyBlock<WorkData["health"]>((d) => HealthLine(d));
  const bar = h("progress", {max: 1, value: 0, "aria-label": "progress of all work"});
  const summary = h("span", {}, "Reading the work …");

  const follow = followWork(client, {
    onNotification: toasts.show,
    onError: (error) => {
      problem.textContent = error ? `The work could not be read: ${errorWords(error)}` : "";
      if (error) summary.textContent = "Not known";
    },
    onData: (data) => {
      const lists = listsOf(data.jobs);
      const {progress, text} = workSummary(lists, data);
      bar.value = progress ?? 0;
      if (summary.textContent !== text) summary.textContent = text;
      const label = retryLabel(lists.failed);
      if (retryAll.textContent !== label) retryAll.textContent = label;
      retryAll.disabled = retryable(lists.failed).length === 0;
      health.update(data.health);
      now.update(lists.now);
      failed.update(lists.failed);
      past.update(lists.past);
      tracked.update(trackedPairs(data.tracked));
      noSchedule.textContent = data.schedule ? "" : "This engine tells of no schedule.";
      schedule.update(data.schedule ?? []);
    }
  });
  retryAll.disabled = true;

  const part = (title: string, ...children: Child[]) =>
    h("details", {class: "more"}, h("summary", {}, title), ...children);
  return {
    element: h(
      "div",
      {class: "work"},
      h("div", {class: "work-head"}, health.element, h("p", {class: "work-sum"}, bar, " ", summary), problem),
      h("div", {class: "controls no-print"}, retryAll, repair),
      h("div", {class: "work-said"}, said),
      h(
        "div",
        {class: "work-box", tabindex: 0, role: "region", "aria-label": "Work under way and failed"},
        now.element,
        failed.element
      ),
      part("Start an ingestion", IngestionForm(client, follow.reload)),
      part("Tracked pairs", TrackForm(client, follow.refresh), tracked.element),
      part("Schedule", noSchedule, schedule.element),
      part("History of the work", past.element)
    ),
    close() {
      follow.close();
      toasts.element.remove();
    }
  };
}

/** The badge of the engine's health, and what it finds wrong in its own words. */
export function HealthLine(health: WorkData["health"]): HTMLElement {
  if (!health) return h("p", {class: "pulse"}, badge("health not known", "plain"));
  const {status, issues, components} = health;
  return h(
    "p",
    {class: "pulse"},
    badge(status, status === "healthy" ? "good" : status === "down" ? "bad" : "warn", "the engine's own health"),
    h("span", {}, `store ${components.store.status}, venue ${components.exchange.status}`),
    issues.length
      ? h("span", {class: "work-issues"}, `! ${issues.join("; ")}`)
      : h("span", {class: "muted"}, "no issue")
  );
}
