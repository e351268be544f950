import {isOutsideLedger, remainingTexts, type EmergencyReport} from "../../lib/wire/emergency.js";
import type {EngineStatus, PositionReport} from "../../lib/wire/trading.js";
import {h} from "../ui/dom.js";
import type {EngineClient} from "./engineClient.js";
import {emergencyWarning, stopWarning} from "./engineModel.js";
import {instant} from "../ui/format.js";
import type {Live} from "../ui/liveFigure.js";
import {TwoStep} from "../ui/twoStep.js";

interface CommandView {
  status: EngineStatus;
  positions: readonly PositionReport[];
}

/**
 * Draws the commands to the engine in a row that never moves. Replies are shown below it; the result of an emergency
 * stop stays until the engine is resumed.
 */
export function EngineCommands(client: EngineClient): Live<CommandView> {
  let view: CommandView | undefined;
  const said = h("p", {class: "step-note", role: "status"});
  const reason = h("input", {
    id: "pause-reason",
    type: "text",
    maxlength: 200,
    placeholder: "a short reason",
    autocomplete: "off"
  });
  const open = () => view?.positions ?? [];

  const run = async (doing: Promise<unknown>, done: string): Promise<void> => {
    try {
      await doing;
      said.textContent = done;
    } catch (error) {
      const {message, fix} = error as Error & {fix?: string | null};
      said.textContent = `${message}${fix ? `: ${fix}` : ""}`;
    }
  };
  const pause = h(
    "button",
    {
      type: "button",
      class: "button",
      click: () =>
        run(
          client.post("/engine/pause", {reason: reason.value.trim() || "paused on the Engine page"}),
          "Paused: no new entries. Exits, funding settlements and risk rules continue."
        )
    },
    "Pause entries"
  );
  const resume = h(
    "button",
    {type: "button", class: "button", click: () => run(client.post("/engine/resume"), "Resumed.")},
    "Resume"
  );
  const keep = TwoStep({
    label: "Stop and keep positions",
    armed: "Stop now",
    warning: () => stopWarning(open(), "keep"),
    act: () => run(client.post("/engine/stop", {positions: "keep"}), "The engine is stopping. Open positions are kept.")
  });
  const close = TwoStep({
    label: "Stop and close positions",
    armed: "Close all and stop",
    warning: () => stopWarning(open(), "close"),
    act: () => run(client.post("/engine/stop", {positions: "close"}), "Closing open positions, then stopping.")
  });
  const emergency = TwoStep({
    label: "Emergency stop",
    armed: "Emergency stop: press again",
    warning: () => emergencyWarning(open()),
    danger: true,
    act: async () => {
      said.textContent = "Sending the emergency stop …";
      await run(
        client.urgent<EmergencyReport>("/engine/emergency-stop").then((report) => (answered = report)),
        ""
      );
      showResult();
    }
  });
  let answered: EmergencyReport | undefined;
  let confirmed = false;
  const result = h("div", {role: "alert"});

  /** Shows the result of the emergency stop, from the engine's status or else from its reply. */
  function showResult(): void {
    const now = view?.status.emergency;
    // The reply stays until the status has confirmed the stop and the engine has resumed.
    if (now || view?.status.state === "halted") confirmed = true;
    else if (confirmed) {
      answered = undefined;
      confirmed = false;
    }
    const report = now ?? answered;
    if (!report) return result.replaceChildren();
    const closed = answered?.closed ?? [];
    // The status knows the engine's own hedges only.
    const outside = remainingTexts((answered?.remaining ?? []).filter(isOutsideLedger));
    const text =
      `Emergency stop at ${instant(report.ts)}: ` +
      (report.left.length
        ? `${report.left.join(", ")} could not be closed yet. The engine retries in every cycle. Check the account at the venue.`
        : outside.length
          ? `${outside.join("; ")}. Check the account at the venue. The engine is halted until you resume it.`
          : report.done
            ? `${closed.length ? `${closed.join(", ")} closed; ` : ""}nothing is left open. The engine is halted until you resume it.`
            : "closing open positions …");
    if (result.textContent === text) return;
    result.replaceChildren(h("p", {class: "banner banner--critical"}, text));
  }

  return {
    element: h(
      "section",
      {class: "commands no-print", "aria-label": "Commands"},
      h(
        "div",
        {class: "controls"},
        h("div", {class: "control"}, h("label", {for: "pause-reason"}, "Reason for pausing"), reason),
        pause,
        resume,
        keep.button,
        close.button,
        h("span", {class: "apart"}, emergency.button)
      ),
      h("div", {class: "command-notes"}, said, keep.note, close.note, emergency.note),
      result
    ),
    update(next) {
      view = next;
      const {state} = next.status;
      pause.disabled = state !== "running" && state !== "blocked" && state !== "starting";
      resume.disabled = state !== "paused" && state !== "halted";
      const ending = state === "stopping" || state === "stopped";
      if (!keep.button.classList.contains("armed")) keep.button.disabled = ending;
      if (!close.button.classList.contains("armed")) close.button.disabled = ending;
      showResult();
    }
  };
}
