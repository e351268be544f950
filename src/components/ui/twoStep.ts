import {h} from "./dom.js";

/** How long a first press stands. */
const ARMED_MS = 10_000;

/** What a button of two steps says and does. */
export interface TwoStepOptions {
  label: string;
  /** What the button says once it is armed. */
  armed: string;
  /** What the second press will do, in full. */
  warning: () => string;
  act: () => Promise<void>;
  danger?: boolean;
  armedMs?: number;
}

/**
 * A button whose first press says exactly what the second will do, and only the second does it. Ten seconds later, or
 * with Escape, it is as if it had not been pressed.
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
      if (left() <= 0) disarm(`${label} was not pressed a second time; nothing was done.`);
      else button.textContent = `${armed} (${left()} s)`;
    }, 250);
  }
  function disarm(say: string): void {
    clearInterval(timer);
    timer = undefined;
    button.textContent = label;
    button.classList.remove("armed");
    note.textContent = say;
  }
  return {button, note};
}
