import {badge} from "../ui/badge.js";
import {h, type Child} from "../ui/dom.js";
import {errorAdvice} from "./errorAdvice.js";
import {age, count, day, instant, percent, plural, span} from "../ui/format.js";
import {KeyedTable, type KeyedColumn} from "../ui/keyedTable.js";
import type {Live} from "../ui/liveFigure.js";
import {attemptWords, etaWords, isBatch, jobName, jobSpan, rowsWords, statusWords, stepWords, type TrackedPair} from "../ingest/workModel.js";
import type {Selection} from "../ui/selection.js";
import type {TaskReport} from "../../lib/wire/data.js";
import {MAX_BULK_RETRIES, errorText, hasEnded, type Job} from "../../lib/wire/job.js";

/** Draws a button of a row; its accessible name includes the row. */
const act = (label: string, about: string, click: () => unknown): HTMLElement =>
  h("button", {type: "button", class: "button", "aria-label": `${label} ${about}`, click}, label);

/** Actions of the rows of job tables. */
export interface JobActions {
  selection: Selection;
  /** shows a job with its histories and log */
  open: (job: Job) => unknown;
  cancel: (job: Job) => unknown;
  retry: (job: Job) => unknown;
}

const name = ({selection}: JobActions): KeyedColumn<Job> => ({
  label: "Job",
  text: (d) => `${jobName(d)} ${jobSpan(d)}`,
  cell: (d) => [selection.box(d.id, jobName(d)), " ", h("span", {title: `${d.id} ${jobSpan(d)}`.trim()}, jobName(d))]
});

/** Returns the column of actions, by the state of the job. */
const doing = (actions: JobActions): KeyedColumn<Job> => ({
  label: "Actions",
  stays: true,
  text: (d) => d.status,
  cell: (d) => [
    open(actions, d),
    " ",
    d.status === "completed"
      ? null
      : hasEnded(d)
        ? act("Retry", jobName(d), () => actions.retry(d))
        : act("Cancel", jobName(d), () => actions.cancel(d))
  ]
});

const open = ({open}: JobActions, d: Job): Child => act("Open", jobName(d), () => open(d));

const status: KeyedColumn<Job> = {
  label: "State",
  text: (d) => statusWords(d, Date.now()),
  cell: (d) =>
    badge(
      statusWords(d, Date.now()),
      d.status === "failed" ? "bad" : d.status === "cancelled" ? "warn" : d.status === "completed" ? "good" : "plain"
    )
};

const rows: KeyedColumn<Job> = {label: "Rows", align: "right", text: rowsWords};

/** The error word for word, and below it what to do. */
const error: KeyedColumn<Job> = {
  label: "Error",
  wrap: true,
  text: (d) => errorText(d) ?? "–",
  cell: (d) => (d.error === null ? "–" : ErrorWords(d))
};

/** Draws the error of a failed job, word for word, and below it what to do. */
export const ErrorWords = (job: Job): HTMLElement =>
  h("div", {class: "job-error"}, h("div", {}, job.error), h("div", {class: "muted"}, errorAdvice(job)));

const progress: KeyedColumn<Job> = {
  label: "Progress",
  text: (d) => `${d.progress} ${jobName(d)}`,
  cell: (d) => [
    h("progress", {max: 1, value: d.progress, "aria-label": `progress of ${jobName(d)}`}),
    ` ${percent(d.progress, 0)}`
  ]
};

/** Draws the running batches, each followed by its running histories. */
export const NowTable = (actions: JobActions): Live<readonly Job[]> =>
  KeyedTable<Job>({
    caption: "Running jobs",
    key: (d) => d.id,
    rowClass: (d) => (isBatch(d) ? "row--batch" : "row--history"),
    nothing: "No job is running.",
    columns: [
      name(actions),
      {label: "Step", text: (d) => (d.status === "in_progress" ? stepWords(d) : statusWords(d, Date.now()))},
      progress,
      rows,
      {label: "Time left", text: etaWords},
      {label: "Attempt", align: "right", text: attemptWords},
      error,
      {
        label: "Actions",
        stays: true,
        text: (d) => d.status,
        cell: (d) => [open(actions, d), " ", act("Cancel", jobName(d), () => actions.cancel(d))]
      }
    ]
  });

/** Draws the failed histories with their errors. */
export const FailedTable = (actions: JobActions): Live<readonly Job[]> =>
  KeyedTable<Job>({
    caption: "Failed histories, newest first",
    key: (d) => d.id,
    nothing: "No job has failed.",
    columns: [
      name(actions),
      error,
      {label: "Attempts", align: "right", text: attemptWords},
      {
        label: "Retried",
        title: `times it was queued again after it had failed; after ${MAX_BULK_RETRIES} times only its own Retry button works`,
        align: "right",
        text: (d) => plural(d.retries, "time")
      },
      rows,
      {label: "Failed at, UTC", text: (d) => instant(d.finishedAt).replace(" UTC", "")},
      {
        label: "Actions",
        stays: true,
        text: () => "Retry",
        cell: (d) => [open(actions, d), " ", act("Retry", jobName(d), () => actions.retry(d))]
      }
    ]
  });

/** Jobs of any state, batches and single histories alike. */
export const HistoryTable = (actions: JobActions, {most}: {most: number}): Live<readonly Job[]> =>
  KeyedTable<Job>({
    caption: "Jobs, newest first",
    key: (d) => d.id,
    most,
    nothing: "No job matches.",
    columns: [
      name(actions),
      status,
      {label: "Period", text: (d) => jobSpan(d) || "–"},
      rows,
      {
        label: "Took",
        text: (d) => (d.startedAt === null || d.finishedAt === null ? "–" : span(d.finishedAt - d.startedAt))
      },
      {label: "Created, UTC", text: (d) => instant(d.createdAt).replace(" UTC", "")},
      error,
      doing(actions)
    ]
  });

/** Draws the histories of one batch. */
export const ChildTable = (actions: JobActions): Live<readonly Job[]> =>
  KeyedTable<Job>({
    caption: "Histories of this batch",
    key: (d) => d.id,
    most: 200,
    nothing: "This batch has no histories, because there was nothing to fetch.",
    columns: [
      name(actions),
      status,
      progress,
      rows,
      {label: "Attempt", align: "right", text: attemptWords},
      error,
      doing(actions)
    ]
  });

/** Draws the pairs in scheduled updates. */
export const TrackedTable = ({
  enable,
  remove
}: {
  enable: (pair: TrackedPair, enabled: boolean) => unknown;
  remove: (pair: TrackedPair) => unknown;
}): Live<readonly TrackedPair[]> =>
  KeyedTable<TrackedPair>({
    caption: "Tracked pairs",
    key: (d) => `${d.venue} ${d.pair}`,
    nothing: "No pair is tracked, so scheduled updates have nothing to do.",
    most: 200,
    columns: [
      {label: "Pair", text: (d) => d.pair},
      {label: "Venue", text: (d) => d.venue},
      {label: "Histories", wrap: true, text: (d) => d.histories.join(", ")},
      {label: "History from", text: (d) => day(d.fromTs)},
      {label: "Added by", text: (d) => (d.chosenBy === "top" ? "turnover rank" : "user")},
      {
        label: "Updates",
        text: (d) => String(d.enabled),
        cell: (d) => badge(d.enabled ? "on" : "paused", d.enabled ? "good" : "warn")
      },
      {
        label: "Actions",
        stays: true,
        text: (d) => String(d.enabled),
        cell: (d) => [
          act(d.enabled ? "Pause" : "Resume", `${d.pair} of ${d.venue}`, () => enable(d, !d.enabled)),
          " ",
          act("Remove", `${d.pair} of ${d.venue}`, () => remove(d))
        ]
      }
    ]
  });

/** Draws the scheduled tasks. */
export const ScheduleTable = (onRun: (task: TaskReport) => unknown): Live<readonly TaskReport[]> =>
  KeyedTable<TaskReport>({
    caption: "Scheduled tasks, UTC",
    key: (d) => d.name,
    nothing: "Nothing is scheduled.",
    columns: [
      {label: "Task", text: (d) => d.name, cell: (d) => h("span", {title: d.pattern}, d.name)},
      {label: "What it does", wrap: true, text: (d) => d.says},
      {
        label: "Next run",
        text: (d) =>
          d.running ? "running" : d.nextTs === null ? "–" : `${instant(d.nextTs)}, ${age(d.nextTs, Date.now())}`
      },
      {label: "Last run", text: (d) => (d.lastTs === null ? "–" : instant(d.lastTs))},
      {label: "Took, ms", align: "right", text: (d) => count(d.lastMs)},
      {
        label: "Result",
        wrap: true,
        text: (d) => `${d.failed ? "✗ " : ""}${d.result ?? "–"}`
      },
      {
        label: "Actions",
        stays: true,
        text: () => "Run now",
        cell: (d) => act("Run now", `the task ${d.name}`, () => onRun(d))
      }
    ]
  });
