import {h} from "../ui/dom.js";
import type {EngineClient} from "../engine/engineClient.js";
import {errorWords} from "../ingest/workModel.js";
import {readPairs} from "../ingest/workRequest.js";
import type {TrackedReport} from "../../lib/wire/data.js";

/** Draws the form that adds pairs to the scheduled updates. */
export function TrackForm(client: EngineClient, onTracked: (tracked: TrackedReport[]) => void): HTMLElement {
  const said = h("p", {class: "step-note", role: "status"});
  const input = h("input", {
    id: "track-pairs",
    type: "text",
    placeholder: "BTC/USDT, ETH/USDT",
    autocomplete: "off",
    spellcheck: "false"
  });
  return h(
    "form",
    {
      novalidate: true,
      "aria-label": "Track pairs",
      submit: async (event: SubmitEvent) => {
        event.preventDefault();
        try {
          const pairs = readPairs(input.value);
          if (!pairs.length) throw new RangeError("missing pairs: name at least one, e.g. BTC/USDT");
          onTracked(await client.post<TrackedReport[]>("/track", {pairs}));
          said.textContent = `Tracked: ${pairs.join(", ")}. The next update fetches one year of history and then new rows.`;
          input.value = "";
        } catch (error) {
          said.textContent = `not tracked: ${errorWords(error)}`;
        }
      }
    },
    h(
      "div",
      {class: "controls"},
      h("div", {class: "control"}, h("label", {for: "track-pairs"}, "Pairs to track"), input),
      h("button", {type: "submit", class: "button"}, "Track pairs")
    ),
    said
  );
}
