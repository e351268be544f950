import {badge} from "../ui/badge.js";
import {h} from "../ui/dom.js";
import type {EngineClient} from "../engine/engineClient.js";
import {count, instant, plural, span} from "../ui/format.js";
import {getParam, setParam} from "../ui/query.js";
import {errorWords, isBatch, jobName, jobSpan, rowsWords, statusWords} from "../ingest/workModel.js";
import {ChildTable, ErrorWords, type JobActions} from "./workTables.js";
import type {JobDetailReport} from "../../lib/wire/data.js";
import type {Job} from "../../lib/wire/job.js";

const PARAM = "job";
const MAX_LINES = 300;
/** Shortest pause between two reads of the job, ms. */
const PACE_MS = 800;

/** Detail of one job: its histories, data quality, errors and log. */
export interface JobDetail {
  element: HTMLElement;
  open: (id: string, opener?: HTMLElement | null) => void;
  /** reads the open job again if the update concerns it */
  onUpdate: (job: Pick<Job, "id" | "parentId">) => void;
  /** reads the open job again */
  reload: () => void;
  close: () => void;
}

/**
 * Draws the detail of one job; the URL holds which.
 * @param actions actions of the tables, without `open`, which the detail provides
 */
export function JobDetail(client: Pick<EngineClient, "get">, actions: Omit<JobActions, "open">): JobDetail {
  let id: string | null = null;
  let opener: HTMLElement | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const title = h("h3", {tabindex: -1});
  const facts = h("p", {class: "muted"});
  const trouble = h("div", {});
  const problem = h("p", {class: "problem", role: "alert"});
  const children = ChildTable({...actions, open: (job) => open(job.id)});
  const log = h("ol", {class: "job-log"});
  const logBox = h(
    "div",
    {class: "job-log-box", tabindex: 0, role: "region", "aria-label": "Log"},
    h("p", {class: "muted"}, "Log, oldest first, UTC"),
    log
  );
  const parent = h("button", {type: "button", class: "button"}, "Open its batch");
  const leave = h("button", {type: "button", class: "button", click: () => close()}, "Close");
  const element = h(
    "section",
    {class: "job-detail", "aria-label": "Job details", hidden: true},
    h("div", {class: "job-detail-head"}, title, h("div", {class: "pager"}, parent, leave)),
    facts,
    problem,
    trouble,
    children.element,
    logBox
  );
  let parentId: string | null = null;
  parent.addEventListener("click", () => parentId && open(parentId));
  element.addEventListener("keydown", (event) => event.key === "Escape" && close());

  async function read(): Promise<void> {
    const asked = id;
    if (asked === null) return;
    try {
      const job = await client.get<JobDetailReport>(`/jobs/${encodeURIComponent(asked)}`);
      if (asked === id) draw(job);
    } catch (error) {
      if (asked !== id) return;
      problem.textContent = `the job could not be read: ${errorWords(error)}`;
    }
  }
  function draw(job: JobDetailReport): void {
    problem.textContent = "";
    parentId = job.parentId;
    parent.hidden = isBatch(job);
    title.replaceChildren(`${jobName(job)} `, badge(statusWords(job, Date.now()), tone(job)));
    facts.textContent = factsOf(job).join(" · ");
    trouble.replaceChildren(...(job.error === null ? [] : [ErrorWords(job)]));
    children.element.hidden = !isBatch(job);
    children.update(job.children);
    const names = new Map([job, ...job.children].map((d) => [d.id, jobName(d)]));
    const pinned = logBox.scrollTop + logBox.clientHeight >= logBox.scrollHeight - 8;
    const lines = job.log.slice(-MAX_LINES);
    const line = ({ts, job: of, text}: JobDetailReport["log"][number]) =>
      h(
        "li",
        {},
        h("time", {title: instant(ts)}, new Date(ts).toISOString().slice(0, 19).replace("T", " ")),
        of === job.id ? " " : ` ${names.get(of) ?? of}: `,
        text
      );
    const left = job.log.length - lines.length;
    log.replaceChildren(
      ...(left ? [h("li", {class: "muted"}, `${plural(left, "earlier line")} not shown`)] : []),
      ...(lines.length ? lines.map(line) : [h("li", {class: "muted"}, "No log lines yet.")])
    );
    if (pinned) logBox.scrollTop = logBox.scrollHeight;
  }
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void read();
    }, PACE_MS);
  };
  function open(next: string, from: HTMLElement | null = null): void {
    if (!element.contains(from)) opener = from ?? opener;
    id = next;
    setParam(PARAM, next);
    element.hidden = false;
    title.replaceChildren("Loading …");
    title.focus({preventScroll: true});
    element.scrollIntoView({block: "nearest"});
    void read();
  }
  function close(): void {
    id = null;
    setParam(PARAM, null);
    element.hidden = true;
    if (opener?.isConnected) opener.focus();
  }
  const asked = getParam(PARAM);
  if (asked) {
    id = asked;
    element.hidden = false;
    title.replaceChildren("Loading …");
    void read();
  }
  return {
    element,
    open,
    onUpdate: (job) => (job.id === id || (job.parentId !== null && job.parentId === id)) && soon(),
    reload: () => void read(),
    close: () => clearTimeout(timer)
  };
}

const tone = ({status}: Job) =>
  status === "failed" ? "bad" : status === "cancelled" ? "warn" : status === "completed" ? "good" : "plain";

/** Returns the facts of a job other than name and state. */
export function factsOf(job: JobDetailReport): string[] {
  const {id, createdAt, startedAt, finishedAt, attempts, maxAttempts, retries, quality, children} = job;
  const failed = children.filter(({status}) => status === "failed").length;
  return [
    id,
    jobSpan(job),
    rowsWords(job),
    children.length
      ? `${plural(children.length, "history", "histories")}${failed ? `, ${count(failed)} failed` : ""}`
      : "",
    attempts && job.parentId !== null ? `attempt ${attempts} of ${maxAttempts}` : "",
    retries ? `queued again ${plural(retries, "time")}` : "",
    startedAt !== null && finishedAt !== null ? `took ${span(finishedAt - startedAt)}` : "",
    `created ${instant(createdAt)}`,
    ...Object.entries(quality ?? {})
      .filter(([, n]) => n > 0)
      .map(([name, n]) => `${QUALITY[name] ?? name}: ${count(n)}`)
  ].filter(Boolean);
}

/** Labels of the data-quality counts of a job. */
const QUALITY: Readonly<Record<string, string>> = {
  rejected: "invalid rows rejected",
  repeats: "duplicate rows",
  outside: "rows outside the requested period",
  filled: "missing rows filled",
  confirmed: "holes confirmed missing",
  ambiguous: "ambiguous holes"
};
