import {h} from "./dom.js";

/** How long the button stays armed after the first press, ms. */
const ARMED_MS = 10_000;

/** Options of {@link TwoStep}. */
interface TwoStepOptions {
  label: string;
  /** Label of the armed button. */
  armed: string;
  /** Describes in full what the second press will do. */
  warning: () => string;
  act: () => Promise<void>;
  danger?: boolean;
  armedMs?: number;
}

/**
 * Draws a button that needs two presses: the first shows what the second will do. It disarms after `armedMs` or with
 * Escape.
 */
export function TwoStep({label, armed, warning, act, danger = false, armedMs = ARMED_MS}: TwoStepOptions): {
  button: HTMLButtonElement;
  note: HTMLElement;
} {
  let timer: ReturnType<typeof setInterval> | undefined;
  const note = h("p", {class: "step-note", role: "status"});
  const button = h(
    "button",
    {
      type: "button",
      class: danger ? "button button--danger" : "button",
      click: async () => {
        if (!timer) return arm();
        disarm("");
        button.disabled = true;
        try {
          await act();
        } catch (error) {
          note.textContent = (error as Error).message;
        } finally {
          button.disabled = false;
        }
      },
      keydown: (event: KeyboardEvent) => event.key === "Escape" && timer && disarm("")
    },
    label
  );
  function arm(): void {
    const until = Date.now() + armedMs;
    const left = () => Math.ceil((until - Date.now()) / 1_000);
    button.textContent = `${armed} (${left()} s)`;
    button.classList.add("armed");
    note.textContent = warning();
    timer = setInterval(() => {
      if (left() <= 0) disarm(`${label} was not confirmed, so nothing was done.`);
      else button.textContent = `${armed} (${left()} s)`;
    }, 250);
  }
  function disarm(text: string): void {
    clearInterval(timer);
    timer = undefined;
    button.textContent = label;
    button.classList.remove("armed");
    note.textContent = text;
  }
  return {button, note};
}
