import {searchBox, select} from "../ui/controls.js";
import {h} from "../ui/dom.js";
import {save} from "../ui/download.js";
import type {EngineClient} from "../engine/engineClient.js";
import {count, plural} from "../ui/format.js";
import {KINDS, STATES, filterLines, jobQuery, matchesWords, type JobFilter} from "./jobFilter.js";
import {latest} from "../ui/latest.js";
import {errorWords, jobName} from "../ingest/workModel.js";
import {HistoryTable, type JobActions} from "./workTables.js";
import type {Job} from "../../lib/wire/job.js";

/** Limit of the request, and of the rows drawn. */
const ASKED = 500;
const DRAWN = 100;
/** Shortest pause between two reads, ms. */
const PACE_MS = 1_000;

/** Draws the job history with filters and an export of the filtered jobs. Read only while it is open. */
export function WorkHistory(
  client: Pick<EngineClient, "get" | "text">,
  actions: JobActions
): {element: HTMLDetailsElement; onUpdate: () => void; close: () => void} {
  const status = select(STATES, {label: "State", param: "job-state"});
  const kind = select(KINDS, {label: "Kind", param: "job-kind"});
  const pair = searchBox({label: "Pair", param: "job-pair", placeholder: "BTC/USDT"});
  const text = searchBox({label: "Words", param: "job-text", placeholder: "status 403"});
  const said = h("p", {class: "step-note", role: "status"});
  const shown = h("p", {class: "muted history-count"}, "Loading …");
  const table = HistoryTable(actions, {most: DRAWN});
  let jobs: Job[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const filter = (): JobFilter => ({status: status.value, kind: kind.value, pair: pair.value, text: text.value});
  const found = () => jobs.filter((job) => matchesWords(job, text.value));
  const draw = (): void => {
    const list = found();
    table.update(list);
    shown.textContent =
      `${plural(list.length, "job")}${jobs.length >= ASKED ? ` of the newest ${count(ASKED)}` : ""}. ` +
      (status.value || pair.value.trim()
        ? "Batches and their histories."
        : "Batches only; select a state or a pair to see histories too.");
  };
  const asking = latest<JobFilter, Job[]>(
    async (asked) => client.get<Job[]>(`/jobs${jobQuery(asked, {limit: ASKED})}`),
    {
      waitMs: 250,
      onAnswer: (answer) => {
        jobs = answer;
        said.textContent = "";
        draw();
      },
      onError: (error) => (said.textContent = `the job history could not be read: ${errorWords(error)}`)
    }
  );
  const ask = (): void => {
    if (element.open) asking.ask(filter());
  };
  for (const control of [status, kind, pair]) control.addEventListener("input", ask);
  text.addEventListener("input", draw);

  const exporting = h(
    "button",
    {
      type: "button",
      class: "button",
      click: async () => {
        said.textContent = "Exporting the matching jobs …";
        try {
          const {ndjson, lines} = filterLines(await client.text(`/jobs/export${jobQuery(filter())}`), text.value);
          save(ndjson, "carrybook-jobs.ndjson", "application/x-ndjson");
          said.textContent = `${plural(lines, "job")} saved as carrybook-jobs.ndjson, one per line.`;
        } catch (error) {
          said.textContent = `not saved: ${errorWords(error)}`;
        }
      }
    },
    "Export as NDJSON"
  );
  const all = h(
    "button",
    {
      type: "button",
      class: "button",
      click: () =>
        actions.selection.choose(
          found()
            .slice(0, DRAWN)
            .map((job) => [job.id, jobName(job)])
        )
    },
    "Select all shown"
  );
  const element = h(
    "details",
    {class: "more", toggle: ask},
    h("summary", {}, "Job history"),
    h("div", {class: "controls"}, status, kind, pair, text, all, exporting),
    shown,
    said,
    table.element
  );
  const set = filter();
  element.open = Boolean(set.status || set.kind || set.pair || set.text);
  return {
    element,
    onUpdate() {
      if (!element.open) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        ask();
      }, PACE_MS);
    },
    close() {
      clearTimeout(timer);
      asking.close();
    }
  };
}
