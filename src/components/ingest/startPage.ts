import {segmented} from "../ui/controls.js";
import {h, type Child} from "../ui/dom.js";
import {Command} from "../ui/emptyState.js";
import {engineClient, type EngineClient} from "../engine/engineClient.js";
import {handOver} from "./handOver.js";
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
        "Binance downloads are recognised; for other files, name the columns. Every row is checked. A file with an invalid row is rejected as a whole."
      ),
      ImportForm(),
      EngineOwns(client, status)
    ]
  };
  const panel = h("div", {class: "start-way"});
  const show = () => panel.replaceChildren(...(ways[from.value] as Node[]));
  from.addEventListener("input", show);
  show();
  return h("div", {class: "start"}, h("div", {class: "controls"}, from), panel);
}

/** Shows how to import while an engine owns the store: it must be stopped first. */
function EngineOwns(client: EngineClient, status: Status | null): HTMLElement {
  const element = h("div", {class: "absence"});
  let shown: boolean | undefined;
  client.watch(({link, status: engine}) => {
    const owns = (link === "up" || link === "no token") && !(engine?.simulated ?? status?.simulated);
    if (owns === shown) return;
    shown = owns;
    element.replaceChildren(
      ...(owns
        ? [
            h("p", {}, "A running engine owns the data store. Stop it, import the files, then start it again:"),
            Command("npx carrybook stop"),
            Command("npx carrybook engine")
          ]
        : [h("p", {class: "muted"}, "Then run `npm run dev` for a preview, or `npm run build` for the built pages.")])
    );
  });
  return element;
}
