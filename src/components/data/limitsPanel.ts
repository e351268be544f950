import {badge} from "../ui/badge.js";
import {h} from "../ui/dom.js";
import type {EngineClient} from "../engine/engineClient.js";
import {percent} from "../ui/format.js";
import {inUse, limitWords, readShare} from "./limitModel.js";
import {errorWords} from "../ingest/workModel.js";
import {LIMIT_SHARE, type LimitReport} from "../../lib/wire/data.js";

/** Interval of reads while the panel is open, ms; the window of a limit is a few seconds. */
const PACE_MS = 1_000;

/** Draws the rate limit of every venue in use, with its share to set. Read only while the panel is open. */
export function LimitsPanel(client: Pick<EngineClient, "get" | "patch">): {
  element: HTMLDetailsElement;
  close: () => void;
} {
  const none = h("p", {class: "muted"}, "Loading …");
  const list = h("div", {class: "limits"});
  const said = h("p", {class: "step-note", role: "status"});
  const rows = new Map<string, ReturnType<typeof Row>>();
  let timer: ReturnType<typeof setInterval> | undefined;

  async function read(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    try {
      const limits = await client.get<LimitReport[]>("/limits");
      none.textContent = limits.length ? "" : "No requests to any venue since the engine started.";
      for (const limit of limits) {
        let row = rows.get(limit.venue);
        if (!row) {
          rows.set(limit.venue, (row = Row(limit.venue, set)));
          list.append(row.element);
        }
        row.update(limit);
      }
    } catch (error) {
      none.textContent = `the limits could not be read: ${errorWords(error)}`;
    }
  }
  async function set(venue: string, share: number): Promise<LimitReport | null> {
    try {
      const limit = await client.patch<LimitReport>("/limits", {venue, share});
      said.textContent = `${venue} now uses ${percent(limit.share, 0)} of its limit, also after a restart.`;
      return limit;
    } catch (error) {
      said.textContent = `not set: ${errorWords(error)}`;
      return null;
    }
  }
  const element = h(
    "details",
    {
      class: "more",
      toggle: () => {
        clearInterval(timer);
        if (!element.open) return;
        void read();
        timer = setInterval(() => void read(), PACE_MS);
      }
    },
    h("summary", {}, "Rate limits"),
    none,
    list,
    said
  );
  return {element, close: () => clearInterval(timer)};
}

/** Draws one venue. A share being edited is not overwritten by the current one. */
function Row(venue: string, set: (venue: string, share: number) => Promise<LimitReport | null>) {
  const meter = h("progress", {max: 1, value: 0, "aria-label": `allowance of ${venue} in use`});
  const words = h("span", {});
  const ban = h("span", {});
  let inForce: number | undefined;
  const id = `share-${venue}`;
  const typed = h("input", {
    id,
    type: "number",
    min: LIMIT_SHARE.least * 100,
    max: LIMIT_SHARE.most * 100,
    step: 1,
    "aria-describedby": `${id}-note`,
    input: () => follow(typed.value)
  });
  const slider = h("input", {
    type: "range",
    min: LIMIT_SHARE.least * 100,
    max: LIMIT_SHARE.most * 100,
    step: 5,
    "aria-label": `Share of the limit of ${venue}, percent`,
    input: () => follow(slider.value)
  });
  const note = h("span", {id: `${id}-note`, class: "setting-note"});
  const apply = h("button", {type: "submit", class: "button", disabled: true}, "Apply");
  const form = h(
    "form",
    {
      class: "controls",
      novalidate: true,
      "aria-label": `Throttle ${venue}`,
      submit: async (event: SubmitEvent) => {
        event.preventDefault();
        if (apply.disabled) return;
        const limit = await set(venue, readShare(typed.value));
        if (limit) update(limit, true);
      }
    },
    h(
      "div",
      {class: "control setting"},
      h("label", {for: id}, "Share of the published limit, %"),
      h("span", {class: "throttle"}, slider, typed, apply),
      note
    )
  );
  const noLimit = h("p", {class: "muted"}, "The limit of this venue cannot be changed.");
  function follow(text: string): void {
    for (const input of [typed, slider]) if (input.value !== text) input.value = text;
    try {
      const share = readShare(text);
      note.className = "setting-note";
      note.textContent = share === inForce ? "current value" : "not applied yet";
      apply.disabled = share === inForce;
    } catch (error) {
      note.className = "setting-note problem";
      note.textContent = `✗ ${(error as Error).message}`;
      apply.disabled = true;
    }
  }
  function update(limit: LimitReport, fill = false): void {
    meter.value = inUse(limit);
    const text = limitWords(limit, Date.now()).join(" · ");
    if (words.textContent !== text) words.textContent = text;
    const banned = limit.bannedUntilMs !== undefined && limit.bannedUntilMs > Date.now();
    ban.replaceChildren(...(banned ? [badge("banned", "bad")] : []));
    form.hidden = limit.share === undefined;
    noLimit.hidden = !form.hidden;
    if (limit.share === undefined) return;
    // A share that was edited and not applied yet is kept.
    const mine = inForce !== undefined && !apply.disabled && !fill;
    const share = Math.round(limit.share * 100) / 100;
    if (share === inForce && !fill) return;
    inForce = share;
    follow(mine ? typed.value : String(Math.round(share * 100)));
  }
  return {
    element: h(
      "section",
      {class: "limit", "aria-label": `Rate limit of ${venue}`},
      h("p", {class: "pulse"}, h("strong", {}, venue), meter, words, ban),
      form,
      noLimit
    ),
    update
  };
}
