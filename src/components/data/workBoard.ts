import {badge} from "../ui/badge.js";
import {h, type Child} from "../ui/dom.js";
import type {EngineClient} from "../engine/engineClient.js";
import {takeOver} from "../ingest/handOver.js";
import {IngestionForm} from "../ingest/ingestionForm.js";
import {JobDetail} from "./jobDetail.js";
import {LimitsPanel} from "./limitsPanel.js";
import {NotificationsPanel} from "./notificationsPanel.js";
import {Selection} from "../ui/selection.js";
import {SteadyBlock} from "../ui/steadyBlock.js";
import {Toasts} from "../ui/toasts.js";
import {TrackForm} from "./trackForm.js";
import {TwoStep} from "../ui/twoStep.js";
import {WorkCommands} from "./workCommands.js";
import {followWork, type WorkData} from "./workFollow.js";
import {WorkHistory} from "./workHistory.js";
import {errorWords, listsOf, retryLabel, retryable, trackedPairs, workSummary} from "../ingest/workModel.js";
import {FailedTable, NowTable, ScheduleTable, TrackedTable, type JobActions} from "./workTables.js";

/** Draws the jobs while the engine is up: running, failed and past ones, with their commands. */
export function WorkBoard(client: EngineClient): {element: HTMLElement; close: () => void} {
  const problem = h("p", {class: "problem", role: "alert"});
  const said = h("div", {class: "step-note step-note--list", role: "status"});
  const report = (words: readonly string[]) => said.replaceChildren(...words.map((line) => h("p", {}, line)));
  const toasts = Toasts();
  document.body.append(toasts.element);
  const button = (label: string, click: () => unknown) => h("button", {type: "button", class: "button", click}, label);

  const commands = WorkCommands(client, {
    report,
    done: () => {
      follow.reload();
      detail.reload();
      history.onUpdate();
    }
  });
  const retryAll = button("Retry 0 failed", commands.retryFailed);
  const retryMany = button("Retry selected", () => commands.retryMany(selection));
  const cancelMany = TwoStep({
    label: "Cancel selected",
    armed: "Cancel now",
    warning: () =>
      `Cancels ${selection.ids().length}: ${selection.ids().slice(0, 5).map(selection.nameOf).join(", ")}${
        selection.ids().length > 5 ? " and more" : ""
      }. Rows already written are kept.`,
    act: () => commands.cancelMany(selection)
  });
  const clear = button("Clear selection", () => selection.clear());
  const chosen = h("span", {class: "muted", role: "status"}, "0 selected");
  const selection = Selection((n) => {
    chosen.textContent = `${n} selected`;
    retryMany.disabled = clear.disabled = n === 0;
    if (!cancelMany.button.classList.contains("armed")) cancelMany.button.disabled = n === 0;
  });
  for (const one of [retryAll, retryMany, clear, cancelMany.button]) one.disabled = true;

  const rows: Omit<JobActions, "open"> = {selection, cancel: commands.cancel, retry: commands.retry};
  const detail = JobDetail(client, rows);
  const actions: JobActions = {
    ...rows,
    open: (job) => detail.open(job.id, document.activeElement as HTMLElement | null)
  };
  const now = NowTable(actions);
  const failed = FailedTable(actions);
  const history = WorkHistory(client, actions);
  const limits = LimitsPanel(client);
  const notifications = NotificationsPanel(client);
  const tracked = TrackedTable({enable: commands.enable, remove: commands.remove});
  const schedule = ScheduleTable(commands.runTask);
  const noSchedule = h("p", {class: "muted"});
  const ingestion = IngestionForm(client, {onStarted: () => follow.reload()});
  const health = SteadyBlock<WorkData["health"]>((d) => HealthLine(d));
  const bar = h("progress", {max: 1, value: 0, "aria-label": "progress of all jobs"});
  const summary = h("span", {}, "Loading jobs …");

  const follow = followWork(client, {
    onNotification: (notification) => {
      if (!notification.silent) toasts.show(notification);
      notifications.onNotification(notification);
    },
    onJob: (job) => {
      detail.onUpdate(job);
      history.onUpdate();
    },
    onReload: () => {
      detail.reload();
      notifications.reload();
      history.onUpdate();
    },
    onError: (error) => {
      problem.textContent = error ? `The jobs could not be read: ${errorWords(error)}` : "";
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
      tracked.update(trackedPairs(data.tracked));
      noSchedule.textContent = data.schedule ? "" : "This engine has no schedule.";
      schedule.update(data.schedule ?? []);
    }
  });
  const left = takeOver();
  if (left.length) report(left);

  const part = (title: string, ...children: Child[]) =>
    h("details", {class: "more"}, h("summary", {}, title), ...children);
  return {
    element: h(
      "div",
      {class: "work"},
      h("div", {class: "work-head"}, health.element, h("p", {class: "work-sum"}, bar, " ", summary), problem),
      h(
        "div",
        {class: "controls no-print"},
        retryAll,
        button("Repair holes", commands.repair),
        button("Fetch new rows", commands.update)
      ),
      h("div", {class: "controls controls--tight no-print"}, retryMany, cancelMany.button, clear, chosen),
      h("div", {class: "work-said"}, cancelMany.note, said),
      h(
        "div",
        {class: "work-box", tabindex: 0, role: "region", "aria-label": "Running and failed jobs"},
        now.element,
        failed.element
      ),
      detail.element,
      part("Start an ingestion", ingestion.element),
      part("Tracked pairs", TrackForm(client, follow.refresh), tracked.element),
      part("Schedule", noSchedule, schedule.element),
      limits.element,
      notifications.element,
      history.element
    ),
    close() {
      follow.close();
      ingestion.close();
      detail.close();
      history.close();
      limits.close();
      toasts.element.remove();
    }
  };
}

/** Draws the engine's health and its issues. */
export function HealthLine(health: WorkData["health"]): HTMLElement {
  if (!health) return h("p", {class: "pulse"}, badge("health unknown", "plain"));
  const {status, issues, components} = health;
  return h(
    "p",
    {class: "pulse"},
    badge(status, status === "healthy" ? "good" : status === "down" ? "bad" : "warn", "health of the engine"),
    h("span", {}, `store ${components.store.status}, venue ${components.exchange.status}`),
    issues.length
      ? h("span", {class: "work-issues"}, `! ${issues.join("; ")}`)
      : h("span", {class: "muted"}, "no issues")
  );
}
