import type {EngineConfigReport, EngineSettings} from "../../lib/wire/trading.js";
import {h} from "../ui/dom.js";
import type {EngineClient} from "./engineClient.js";
import {SETTING_FIELDS, settingsPatch, typedOf} from "./engineSettings.js";
import type {Live} from "../ui/liveFigure.js";

type Key = keyof EngineSettings;

/** Draws the settings that can change while the engine runs. Sends only changes; marks pending ones. */
export function EngineSettingsForm(client: EngineClient): Live<EngineConfigReport> {
  let report: EngineConfigReport | undefined;
  let received: EngineConfigReport | undefined;
  const said = h("p", {class: "step-note", role: "status"});
  const rows = SETTING_FIELDS.map((field) => {
    const id = `setting-${field.key}`;
    const input = h("input", {
      id,
      type: "text",
      inputmode: field.whole ? "numeric" : "decimal",
      autocomplete: "off",
      "aria-describedby": `${id}-note`,
      input: () => check()
    });
    const note = h("span", {id: `${id}-note`, class: "setting-note"});
    return {
      field,
      input,
      note,
      element: h(
        "div",
        {class: "control setting"},
        h("label", {for: id}, field.unit ? `${field.label}, ${field.unit}` : field.label),
        input,
        note
      )
    };
  });
  const save = h(
    "button",
    {type: "submit", class: "button button--primary", disabled: true},
    "Apply at the next cycle"
  );
  const undo = h("button", {type: "button", class: "button", disabled: true, click: () => fill()}, "Undo changes");

  const typed = () => Object.fromEntries(rows.map(({field, input}) => [field.key, input.value])) as Record<Key, string>;

  /** Fills the fields with pending or current settings, except the `keys` that are being edited. */
  function fill(keys?: ReadonlySet<Key>): void {
    if (!report) return;
    const now = {...report.settings, ...report.pending};
    for (const {field, input} of rows) if (!keys?.has(field.key)) input.value = typedOf(field, now[field.key]);
    check();
  }

  function check(): ReturnType<typeof settingsPatch> | undefined {
    if (!report) return undefined;
    const result = settingsPatch(typed(), report);
    for (const {field, input, note} of rows) {
      const problem = result.problems[field.key];
      input.setAttribute("aria-invalid", String(Boolean(problem)));
      note.className = problem ? "setting-note problem" : "setting-note";
      note.textContent = problem
        ? `✗ ${problem}`
        : report.pending?.[field.key] !== undefined
          ? `pending until the next cycle; currently ${typedOf(field, report.settings[field.key])}`
          : (report.limits[field.key]?.says ?? "");
    }
    const changed = Object.keys(result.patch).length + Object.keys(result.problems).length > 0;
    save.disabled = !Object.keys(result.patch).length || Object.keys(result.problems).length > 0;
    undo.disabled = !changed;
    return result;
  }

  const form = h(
    "form",
    {
      class: "settings",
      novalidate: true,
      submit: async (event: SubmitEvent) => {
        event.preventDefault();
        const result = check();
        if (!result || save.disabled) return;
        save.disabled = true;
        said.textContent = "";
        try {
          report = await client.patch<EngineConfigReport>("/config", result.patch);
          said.textContent = "Saved. Applies at the next cycle.";
          fill();
        } catch (error) {
          const {message, fix} = error as Error & {fix?: string | null};
          said.textContent = `not saved: ${message}${fix ? ` (${fix})` : ""}`;
          check();
        }
      }
    },
    h(
      "div",
      {class: "settings-grid"},
      rows.map(({element}) => element)
    ),
    h("div", {class: "pager"}, save, undo),
    said
  );
  return {
    element: form,
    update(next) {
      // The same report comes again with every other change; it must not undo a newer reply to a PATCH.
      if (next === received) return;
      received = next;
      const mine = new Set(report ? (Object.keys(settingsPatch(typed(), report).patch) as Key[]) : []);
      for (const [key] of Object.entries(report ? settingsPatch(typed(), report).problems : {})) mine.add(key as Key);
      report = next;
      fill(mine);
    }
  };
}
