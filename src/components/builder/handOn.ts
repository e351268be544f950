import type {LabRun} from "../../lib/workers/lab.js";
import {commandOf, configDocument, type RunRequest} from "../../lib/strategy/request.js";
import {h} from "../ui/dom.js";
import {linkTo} from "../ui/links.js";

/** Saves text as a file. */
function saveText(content: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], {type}));
  h("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Draws a button that copies a text and confirms it. */
export function CopyButton(label: string, text: () => string): HTMLElement {
  const button = h(
    "button",
    {
      type: "button",
      class: "button",
      click: async () => {
        await navigator.clipboard?.writeText(text());
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = label), 1500);
      }
    },
    label
  );
  return button;
}

/** Returns the run as `backtest --json` prints it, without the manifest, which the command line adds. */
function runDocument({report, equity}: LabRun): Record<string, unknown> {
  return {
    ...report,
    portfolio: {
      ...report.portfolio,
      equity: Array.from(equity.values, (value, i) => [equity.startMs + i * equity.stepMs, value])
    }
  };
}

/** Everything that hands a run on: command, config, file, the page that replays it. */
export function HandOn(state: RunRequest, run: LabRun | undefined): HTMLElement {
  const command = commandOf(state);
  return h(
    "div",
    {class: "hand-on"},
    h("div", {class: "command"}, h("code", {}, command)),
    h(
      "div",
      {class: "pager"},
      CopyButton("Copy command", () => command),
      CopyButton("Copy config", () => JSON.stringify(configDocument(state), null, 2)),
      CopyButton("Copy link", () => new URL(linkTo(location.pathname, state), location.href).href),
      h(
        "button",
        {
          type: "button",
          class: "button",
          disabled: !run,
          click: () =>
            run && saveText(JSON.stringify(runDocument(run), null, 1), "carrybook-run.json", "application/json")
        },
        "Download run as JSON"
      ),
      h("a", {href: linkTo("./replay", state)}, "Replay this run step by step")
    )
  );
}
