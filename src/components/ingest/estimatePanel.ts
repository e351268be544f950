import {h} from "../ui/dom.js";
import type {EngineClient} from "../engine/engineClient.js";
import {estimateWords, pairWords} from "./estimateModel.js";
import {latest} from "../ui/latest.js";
import {errorWords} from "./workModel.js";
import type {BackfillBody} from "./workRequest.js";
import type {EstimateReport} from "../../lib/wire/data.js";

/** Shows the estimated cost of a fetch, requested after each change of the form. Starts nothing. */
export function EstimatePanel(client: Pick<EngineClient, "post">): {
  element: HTMLElement;
  /** requests an estimate; with null, shows the reason instead */
  ask: (body: BackfillBody | null, why?: string) => void;
  /** repeats the last request after something was fetched */
  again: () => void;
  close: () => void;
} {
  const lines = h("div", {role: "status"});
  const pairs = h("p", {class: "muted estimate-pairs"});
  const element = h("section", {class: "estimate", "aria-label": "Estimate"}, lines, pairs);
  const show = (texts: readonly string[], named = "", problem = false): void => {
    lines.replaceChildren(...texts.map((text) => h("p", {class: problem ? "problem" : null}, text)));
    pairs.textContent = named;
    element.removeAttribute("aria-busy");
  };
  let asked = "";
  let last: BackfillBody | null = null;
  const asking = latest<BackfillBody, EstimateReport>((body) => client.post("/jobs/estimate", body), {
    onAnswer: (answer) => show(estimateWords(answer), pairWords(answer)),
    onError: (error) => {
      asked = "";
      show([`no estimate: ${errorWords(error)}`], "", true);
    }
  });
  return {
    element,
    ask(body, why = "") {
      const key = JSON.stringify(body);
      if (body && key === asked) return;
      asked = body ? key : "";
      last = body;
      asking.ask(body);
      if (!body) return show(why ? [why] : []);
      element.setAttribute("aria-busy", "true");
      if (!lines.childElementCount) show(["Checking which rows are missing …"]);
      element.setAttribute("aria-busy", "true");
    },
    again: () => asking.ask(last),
    close: asking.close
  };
}
