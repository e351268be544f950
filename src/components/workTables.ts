import {badge} from "./badge.js";
import {h} from "./dom.js";
import {age, count, day, instant, percent, plural, span} from "./format.js";
import {KeyedTable, type KeyedColumn} from "./keyedTable.js";
import type {Live} from "./liveFigure.js";
import {
  MOST_BULK_RETRIES,
  attemptWords,
  etaWords,
  isBatch,
  jobName,
  jobSpan,
  rowsWords,
  statusWords,
  stepWords,
  type TrackedPair
} from "./workModel.js";
import type {JobReport, TaskReport} from "./workWire.js";

/** A button of a row; what it is about is in its name for those who do not see the row. */
const act = (label: string, about: string, click: () => unknown): HTMLElement =>
  h("button", {type: "button", class: "button", "aria-label": `${label} ${about}`, click}, label);

const name: KeyedColumn<JobReport> = {
  label: "What",
  text: (d) => `${jobName(d)} ${jobSpan(d)}`,
  cell: (d) => h("span", {title: `${d.id} ${jobSpan(d)}`.trim()}, jobName(d))
};

const status: KeyedColumn<JobReport> = {
  label: "State",
  text: (d) => statusWords(d, Date.now()),
  cell: (d) =>
    badge(
      statusWords(d, Date.now()),
      d.status === "failed" ? "bad" : d.status === "cancelled" ? "warn" : d.status === "completed" ? "good" : "plain"
    )
};

const rows: KeyedColumn<JobReport> = {label: "Rows", align: "right", text: rowsWords};

const error: KeyedColumn<JobReport> = {label: "Error", wrap: true, text: (d) => d.error ?? "–"};

const progress: KeyedColumn<JobReport> = {
  label: "Progress",
  text: (d) => `${d.progress} ${jobName(d)}`,
  cell: (d) => [
    h("progress", {max: 1, value: d.progress, "aria-label": `progress of ${jobName(d)}`}),
    ` ${percent(d.progress, 0)}`
  ]
};

/** What runs: each batch, and below it the histories that are being fetched. */
export const NowTable = (onCancel: (job: JobReport) => unknown): Live<readonly JobReport[]> =>
  KeyedTable<JobReport>({
    caption: "Under way",
    key: (d) => d.id,
    rowClass: (d) => (isBatch(d) ? "row--batch" : "row--history"),
    nothing: "Nothing is under way.",
    columns: [
      name,
      {label: "Step", text: (d) => (d.status === "in_progress" ? stepWords(d) : statusWords(d, Date.now()))},
      progress,
      rows,
      {label: "Time left", text: etaWords},
      {label: "Attempt", align: "right", text: attemptWords},
      error,
      {label: "Do", text: (d) => d.status, cell: (d) => act("Cancel", jobName(d), () => onCancel(d))}
    ]
  });

/** What failed, with the error as it was said. */
export const FailedTable = (onRetry: (job: JobReport) => unknown): Live<readonly JobReport[]> =>
  KeyedTable<JobReport>({
    caption: "Failed, newest first",
    key: (d) => d.id,
    nothing: "Nothing has failed.",
    columns: [
      name,
      error,
      {label: "Attempts", align: "right", text: attemptWords},
      {
        label: "Put back",
        title: `times it was put back after it had failed; after ${MOST_BULK_RETRIES} only its own Retry does`,
        align: "right",
        text: (d) => plural(d.retries, "time")
      },
      rows,
      {label: "When, UTC", text: (d) => instant(d.finishedAt).replace(" UTC", "")},
      {label: "Do", text: () => "Retry", cell: (d) => act("Retry", jobName(d), () => onRetry(d))}
    ]
  });

/** Batches that have ended. */
export const PastTable = (onRetry: (job: JobReport) => unknown): Live<readonly JobReport[]> =>
  KeyedTable<JobReport>({
    caption: "The newest batches that have ended",
    key: (d) => d.id,
    nothing: "No batch has ended yet.",
    columns: [
      name,
      status,
      {label: "Stretch", text: (d) => jobSpan(d) || "–"},
      rows,
      {
        label: "Took",
        text: (d) => (d.startedAt === null || d.finishedAt === null ? "–" : span(d.finishedAt - d.startedAt))
      },
      {label: "Ended, UTC", text: (d) => instant(d.finishedAt).replace(" UTC", "")},
      error,
      {
        label: "Do",
        text: (d) => d.status,
        cell: (d) => (d.status === "completed" ? "–" : act("Retry", jobName(d), () => onRetry(d)))
      }
    ]
  });

/** Pairs that scheduled updates include. */
export const TrackedTable = (onRemove: (pair: TrackedPair) => unknown): Live<readonly TrackedPair[]> =>
  KeyedTable<TrackedPair>({
    caption: "Tracked pairs",
    key: (d) => `${d.venue} ${d.pair}`,
    nothing: "No pair is tracked: scheduled updates have nothing to do.",
    most: 200,
    columns: [
      {label: "Pair", text: (d) => d.pair},
      {label: "Venue", text: (d) => d.venue},
      {label: "Histories", wrap: true, text: (d) => d.histories.join(", ")},
      {label: "Wanted from", text: (d) => day(d.fromTs)},
      {label: "Chosen by", text: (d) => (d.chosenBy === "top" ? "its turnover" : "a person")},
      {label: "Do", text: () => "Remove", cell: (d) => act("Remove", `${d.pair} of ${d.venue}`, () => onRemove(d))}
    ]
  });

/** What is done by itself, and when next. */
export const ScheduleTable = (onRun: (task: TaskReport) => unknown): Live<readonly TaskReport[]> =>
  KeyedTable<TaskReport>({
    caption: "What is done by itself, UTC",
    key: (d) => d.name,
    nothing: "Nothing is scheduled.",
    columns: [
      {label: "Task", text: (d) => d.name, cell: (d) => h("span", {title: d.pattern}, d.name)},
      {label: "What it does", wrap: true, text: (d) => d.says},
      {
        label: "Next run",
        text: (d) =>
          d.running ? "runs now" : d.nextTs === null ? "–" : `${instant(d.nextTs)}, ${age(d.nextTs, Date.now())}`
      },
      {label: "Last run", text: (d) => (d.lastTs === null ? "–" : instant(d.lastTs))},
      {label: "Took, ms", align: "right", text: (d) => count(d.lastMs)},
      {
        label: "Result",
        wrap: true,
        text: (d) => `${d.failed ? "✗ " : ""}${d.result ?? "–"}`
      },
      {label: "Do", text: () => "Run now", cell: (d) => act("Run now", `the task ${d.name}`, () => onRun(d))}
    ]
  });
