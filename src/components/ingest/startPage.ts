import {segmented} from "../ui/controls.js";
import {h, type Child} from "../ui/dom.js";
import {Command} from "../ui/emptyState.js";
import {engineClient, type EngineClient} from "../engine/engineClient.js";
import {handOver} from "./handOver.js";
import {DropForm} from "./dropForm.js";
import {ImportForm} from "./importForm.js";
import {IngestionForm} from "./ingestionForm.js";
import type {Status} from "../feed/types.js";
import {plural} from "../ui/format.js";

type From = "venue" | "demo" | "files";

/** Says in one sentence which data exists already. */
export function StartAnswer(status: Status | null): HTMLElement {
  const words = !status?.series.length
    ? "There is no market data yet. A venue's history needs no account and no key; the demo needs no network; you can also import your own files."
    : status.simulated
      ? "The pages show the demo. Once a venue's history is fetched or imported, they show that instead; the demo data is kept."
      : `There are ${plural(status.series.length, "series", "series")} of ${plural(status.pairs, "pair")} already. New data is added to them; only missing rows are fetched.`;
  return h("p", {class: "answer"}, words);
}

/** Draws the three ways to get data, one at a time; the URL holds the choice. */
export function StartWays(
  status: Status | null,
  {
    client = engineClient(),
    go = (page) => location.assign(page)
  }: {client?: EngineClient; go?: (page: string) => void} = {}
): HTMLElement {
  const started = (words: string[]): void => {
    handOver(words);
    go("./data#work");
  };
  const from = segmented<From>(
    [
      {value: "venue", label: "a venue"},
      {value: "demo", label: "the demo"},
      {value: "files", label: "files"}
    ],
    {label: "Start from", param: "from"}
  );
  const ways: Record<From, Child[]> = {
    venue: [
      h(
        "p",
        {},
        "Settled funding and candles from the venue's public API, within its rate limit. Interrupted downloads resume."
      ),
      IngestionForm(client, {remember: true, onStarted: started}).element
    ],
    demo: [
      h(
        "p",
        {},
        "A simulated market, generated on this machine. A year of 20 pairs takes about a minute. Every page marks the data as simulated, and it never mixes with real rows."
      ),
      IngestionForm(client, {kind: "demo", onStarted: started}).element
    ],
    files: [
      h(
        "p",
        {},
        "The dumps of venues and of common tools are recognised. Every row is checked. What a file leaves open is asked, never guessed."
      ),
      FilesWay(client, status)
    ]
  };
  const panel = h("div", {class: "start-way"});
  const show = () => panel.replaceChildren(...(ways[from.value] as Node[]));
  from.addEventListener("input", show);
  show();
  return h("div", {class: "start"}, h("div", {class: "controls"}, from), panel);
}

/** Draws the drop of files where an engine can import them; otherwise the command to run. */
function FilesWay(client: EngineClient, status: Status | null): HTMLElement {
  const element = h("div", {});
  const after = h("div", {class: "absence"});
  let drop: DropForm | null = null;
  let shown = "";
  client.watch(({link, status: engine}) => {
    // A connection that breaks for a moment must not take away what was dropped.
    if (drop?.busy) return;
    const simulated = engine?.simulated ?? status?.simulated ?? false;
    const way =
      link === "up" && engine && !simulated ? "drop" : link === "no token" && !simulated ? "owned" : "command";
    if (way === shown) return;
    shown = way;
    drop = way === "drop" ? DropForm(client) : null;
    if (drop) return element.replaceChildren(drop.element);
    after.replaceChildren(
      ...(way === "owned"
        ? [
            h(
              "p",
              {},
              "A running engine owns the data store. To drop files here, sign in with a link from this command:"
            ),
            Command("npx carrybook engine --ticket")
          ]
        : [h("p", {class: "muted"}, "Then run `npm run dev` for a preview, or `npm run build` for the built pages.")])
    );
    element.replaceChildren(ImportForm(), after);
  });
  return element;
}
