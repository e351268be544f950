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
    ? "There is no market data yet. A venue gives its history without an account or a key; the demo needs no network at all; files of your own work too."
    : status.simulated
      ? "The demo is here. A venue's own history replaces it on the pages as soon as there is any; the demo stays beside it."
      : `There are ${plural(status.series.length, "series", "series")} of ${plural(status.pairs, "pair")} already. What you add here joins them; only what is missing is fetched.`;
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
        "Settled funding and candles, straight from the venue's public API, kept within its rate limit. What is cut off goes on where it was."
      ),
      IngestionForm(client, {remember: true, onStarted: started}).element
    ],
    demo: [
      h(
        "p",
        {},
        "A simulated market that this machine makes up: a year of 20 pairs takes about a minute. Every page says that it is simulated, and it never mixes with real rows."
      ),
      IngestionForm(client, {kind: "demo", onStarted: started}).element
    ],
    files: [
      h(
        "p",
        {},
        "Downloads of Binance are known as they are; other files by their columns. Every row is checked, and a bad one leaves its whole file out."
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
            h("p", {}, "An engine runs and owns the store. End it first, take the files in, then start it again:"),
            Command("npx carrybook stop"),
            Command("npx carrybook engine")
          ]
        : [h("p", {class: "muted"}, "Then `npm run dev` shows them, or `npm run build` where the pages are built.")])
    );
  });
  return element;
}
