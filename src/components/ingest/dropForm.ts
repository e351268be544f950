import type {FileReport, ImportedReport, ImportRequest, UploadReport} from "../../lib/wire/imports.js";
import {EngineError, type EngineClient} from "../engine/engineClient.js";
import {checkbox, segmented} from "../ui/controls.js";
import {h} from "../ui/dom.js";
import {Command} from "../ui/emptyState.js";
import {plural} from "../ui/format.js";
import {latest} from "../ui/latest.js";
import {TextField} from "../ui/textField.js";
import {chosenFiles, droppedFiles, sortDropped, type Dropped} from "./droppedFiles.js";
import {
  answersOf,
  importCommands,
  importLabel,
  questionsOf,
  summaryOf,
  type Options,
  type Question
} from "./importModel.js";
import {ImportTable} from "./importTable.js";
import {QuestionFields} from "./questionFields.js";
import {errorWords} from "./workModel.js";

type DropClient = Pick<EngineClient, "upload" | "post" | "delete">;

export interface DropForm {
  element: HTMLElement;
  /** true while files are on their way, planned or imported: the form must then stay on the page */
  readonly busy: boolean;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Takes dropped or chosen files to the engine, shows how each would be read, asks what is open, and imports what is
 * clear. The rules are those of the command (§9).
 */
export function DropForm(
  client: DropClient,
  {venue: first = "binance", waitMs = 400}: {venue?: string; waitMs?: number} = {}
): DropForm {
  let files: Dropped[] = [];
  let upload: string | null = null;
  let reports: FileReport[] = [];
  let questions: Question[] = [];
  let sending: AbortController | null = null;
  let importing = false;
  let planned = false;
  let done = false;

  const input = (id: string, label: string, folder: boolean) =>
    h(
      "label",
      {class: "button drop-choose", for: id},
      label,
      h("input", {
        id,
        type: "file",
        class: "sr-only",
        multiple: true,
        webkitdirectory: folder,
        change: (event: Event) => {
          const chosen = event.target as HTMLInputElement;
          const list = chosenFiles(chosen.files ?? []);
          chosen.value = "";
          void begin(list);
        }
      })
    );
  const zone = h(
    "div",
    {
      class: "drop-zone",
      role: "group",
      "aria-label": "Files to import",
      dragover: (event: DragEvent) => {
        event.preventDefault();
        zone.classList.add("over");
      },
      dragleave: () => zone.classList.remove("over"),
      drop: async (event: DragEvent) => {
        event.preventDefault();
        zone.classList.remove("over");
        if (!event.dataTransfer) return;
        try {
          await begin(await droppedFiles(event.dataTransfer));
        } catch (error) {
          say(`The drop cannot be read: ${errorWords(error)}`, true);
        }
      }
    },
    h("p", {}, "Drop files or folders here, or choose them:"),
    h(
      "div",
      {class: "drop-buttons"},
      input("drop-files", "Choose files", false),
      input("drop-folder", "Choose a folder", true)
    ),
    h("p", {class: "muted"}, "CSV, JSON, Parquet, Arrow or Feather, plain, gzip or zip. They stay on this machine.")
  );

  const venue = TextField({
    id: "drop-venue",
    label: "Venue of the files",
    hint: "a ccxt id",
    value: first,
    suggest: ["binance", "bybit", "okx"],
    onInput: () => replan()
  });
  const badRows = segmented<Options["badRows"]>(
    [
      {value: "refuse", label: "leave the file out"},
      {value: "skip", label: "leave the row out"}
    ],
    {label: "A bad row"}
  );
  const replace = checkbox({label: "replace stored rows that differ"});
  for (const control of [badRows, replace]) control.addEventListener("input", () => replan());
  const asked = QuestionFields(() => replan());
  const said = h("p", {class: "drop-said", role: "status"});
  const bar = h("progress", {max: 1, value: 0, hidden: true, "aria-label": "Upload"});
  const store = h("button", {
    type: "button",
    class: "button button--primary",
    hidden: true,
    click: () => void importAll()
  });
  const discard = h("button", {type: "button", class: "button", hidden: true, click: () => void clear()}, "Discard");
  const link = h("a", {href: "./data", hidden: true}, "Open the Data page");
  const table = ImportTable();
  const commands = h("div", {class: "same"});
  const result = h("div", {class: "drop-result", hidden: true}, asked.element, table.element, commands);
  const element = h(
    "section",
    {class: "settings ingestion drop", "aria-label": "Import files"},
    zone,
    h("div", {class: "settings-grid"}, venue.element, badRows, replace),
    h("div", {class: "drop-head"}, said, bar, h("div", {class: "pager"}, store, discard, link)),
    result
  );

  const options = (): Options => ({
    venue: venue.input.value.trim().toLowerCase(),
    badRows: badRows.value,
    replace: replace.value
  });
  const request = (): ImportRequest => {
    const {badRows: rows, ...given} = options();
    return {upload: upload!, given: {...given, badRows: rows}, answers: answersOf(questions, asked.values)};
  };
  const say = (words: string, isProblem = false): void => {
    said.classList.toggle("problem", isProblem);
    said.textContent = words;
  };

  const planning = latest<ImportRequest, ImportedReport>((body) => client.post("/imports/plan", body), {
    waitMs,
    onAnswer: (answer) => {
      planned = true;
      show(answer.files);
    },
    onError: (error) => {
      planned = false;
      draw();
      say(`Not planned: ${errorWords(error)}`, true);
    }
  });

  /** Asks how the files would be read with the present answers. */
  function replan(): void {
    if (upload === null || importing || sending !== null || done) return;
    planned = false;
    const {venue: named} = options();
    const problem = /^[a-z0-9]{1,40}$/.test(named) && named !== "sim" ? undefined : "use a ccxt id such as binance";
    venue.setProblem(problem);
    draw();
    if (problem) return planning.ask(null);
    say("Reading the files …");
    planning.ask(request());
  }

  function show(next: FileReport[]): void {
    reports = next;
    const names = files.map(({name}) => name);
    questions = questionsOf(reports, names, questions);
    asked.show(questions);
    table.show(reports);
    say(summaryOf(reports));
    draw();
  }

  function draw(): void {
    const clear = planned && reports.some(({state}) => state === "planned");
    result.hidden = reports.length === 0;
    table.element.setAttribute("aria-busy", String(!planned && !done && upload !== null));
    bar.hidden = sending === null;
    store.hidden = upload === null || done || sending !== null;
    store.textContent = importing ? "Importing …" : planned ? importLabel(reports) : "Reading …";
    if (clear && !importing) store.removeAttribute("aria-disabled");
    else store.setAttribute("aria-disabled", "true");
    discard.hidden = (upload === null && sending === null && !done) || importing;
    discard.textContent = sending ? "Cancel" : done ? "Import other files" : "Discard";
    link.hidden = !done || !reports.some(({state}) => state === "stored");
    asked.element.toggleAttribute("inert", importing || done);
    const names = files.map(({name}) => name);
    commands.replaceChildren(
      ...(files.length === 0 || done
        ? []
        : [
            h("p", {}, "The same by command, run where the files are:"),
            ...importCommands(names, options(), answersOf(questions, asked.values)).map(Command)
          ])
    );
  }

  async function clear(): Promise<void> {
    sending?.abort(new Error("cancelled"));
    sending = null;
    planning.ask(null);
    const old = upload;
    [upload, reports, files, questions, done, planned] = [null, [], [], [], false, false];
    asked.reset();
    say("");
    draw();
    // What cannot be discarded now ends within a day.
    if (old !== null) await client.delete(`/imports/files/${old}`).catch(() => undefined);
  }

  async function begin(dropped: readonly Dropped[]): Promise<void> {
    if (importing || dropped.length === 0) return;
    void clear();
    const {files: wanted, skipped} = sortDropped(dropped);
    if (wanted.length === 0)
      return say(`No file to import: ${skipped.slice(0, 3).join("; ") || "the folder is empty"}.`, true);
    files = wanted;
    const mine = (sending = new AbortController());
    const total = wanted.reduce((sum, {file}) => sum + file.size, 0);
    let sent = 0;
    let received: string | null = null;
    const told = (i: number, bytes: number) => {
      bar.value = total === 0 ? 1 : bytes / total;
      say(`Uploading ${i + 1} of ${plural(wanted.length, "file")}, ${megabytes(bytes)} of ${megabytes(total)}`);
    };
    draw();
    try {
      for (const [i, {name, file}] of wanted.entries()) {
        told(i, sent);
        const query = new URLSearchParams({name, ...(received !== null && {upload: received})});
        const path = `/imports/files?${query}`;
        const progress = {
          signal: mine.signal,
          onProgress: (bytes: number) => told(i, sent + Math.min(bytes, file.size))
        };
        received = (await patient(() => client.upload<UploadReport>(path, file, progress), mine.signal)).upload;
        sent += file.size;
      }
      upload = received;
      sending = null;
      replan();
      if (skipped.length > 0) said.textContent += ` ${plural(skipped.length, "other file")} not uploaded.`;
    } catch (error) {
      if (received !== null) void client.delete(`/imports/files/${received}`).catch(() => undefined);
      if (sending !== mine) return;
      sending = null;
      files = [];
      draw();
      say(`Not uploaded: ${errorWords(error)}`, true);
    }
  }

  async function importAll(): Promise<void> {
    if (importing || store.getAttribute("aria-disabled") === "true") return;
    importing = true;
    draw();
    say("Storing …");
    try {
      const answer = await client.post<ImportedReport>("/imports", request());
      importing = false;
      done = true;
      upload = null;
      show(answer.files);
    } catch (error) {
      importing = false;
      draw();
      say(`Not imported: ${errorWords(error)}`, true);
    }
  }

  draw();
  return {
    element,
    get busy() {
      return sending !== null || upload !== null || importing || done;
    }
  };
}

/** Waits where the engine is asked faster than it allows, as with a folder of many small files. */
async function patient<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 429 || tries === 30) throw error;
      await pause(1_000);
      signal.throwIfAborted();
    }
  }
}
