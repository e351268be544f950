import type {OpenedReplay} from "../../lib/workers/replay.js";
import {h} from "../ui/dom.js";
import {count, instant} from "../ui/format.js";
import {getParam, setParams} from "../ui/query.js";
import {indexOfTs} from "./replayRun.js";

/** Position in the run, with the controls to move it. */
export interface ReplayPlayer {
  element: HTMLElement;
  /** Pair of the charts. */
  readonly watched: string;
  /** Loads a run, or clears it. */
  load(run: OpenedReplay | undefined, pairs?: readonly string[]): void;
  goTo(index: number): void;
  watch(pair: string): void;
}

/**
 * Draws buttons and scrubber of a run and handles the keys: ← → one step, with shift to the next event, Home and End.
 * @param onMove called with the current step when it or the watched pair changes
 */
export function ReplayPlayer(onMove: (index: number) => void): ReplayPlayer {
  let run: OpenedReplay | undefined;
  let index = 0;
  let watched = "";
  let playing: ReturnType<typeof setInterval> | undefined;
  let writing: ReturnType<typeof setTimeout> | undefined;

  const scrubber = h("input", {
    type: "range",
    id: "scrubber",
    min: 0,
    max: 0,
    value: 0,
    input: () => goTo(scrubber.valueAsNumber)
  });
  const where = h("output", {for: "scrubber"});
  const button = (label: string, title: string, act: () => void) =>
    h("button", {type: "button", class: "button", title, click: act}, label);
  const play = button("Play", "one step every 150 milliseconds", () => togglePlay());
  const pairSelect = h("select", {
    id: "replay-pair",
    input: () => {
      watched = pairSelect.value;
      setParams({watch: watched});
      onMove(index);
    }
  });
  const element = h(
    "div",
    {class: "player"},
    h(
      "div",
      {class: "pager"},
      button("⇤ Event", "previous event (Shift+←)", () => goTo(eventIndex(-1))),
      button("← Step", "one step back (←)", () => goTo(index - 1)),
      play,
      button("Step →", "one step forward (→)", () => goTo(index + 1)),
      button("Event ⇥", "next event (Shift+→)", () => goTo(eventIndex(1))),
      h("span", {class: "control control--check"}, h("label", {for: "replay-pair"}, "Charts of"), pairSelect)
    ),
    h("label", {for: "scrubber", class: "sr-only"}, "Time of the run"),
    scrubber,
    where
  );
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && target !== scrubber) return;
    if (event.altKey || event.ctrlKey || event.metaKey || !run || !element.isConnected) return;
    const next = {
      ArrowRight: event.shiftKey ? eventIndex(1) : index + 1,
      ArrowLeft: event.shiftKey ? eventIndex(-1) : index - 1,
      Home: 0,
      End: run.ts.length - 1
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    goTo(next);
  });

  function togglePlay(): void {
    if (playing) {
      clearInterval(playing);
      playing = undefined;
    } else {
      playing = setInterval(() => {
        if (!run || index >= run.ts.length - 1) togglePlay();
        else goTo(index + 1);
      }, 150);
    }
    play.textContent = playing ? "Pause" : "Play";
  }

  /** Returns the step of the next or previous event other than a settlement. */
  function eventIndex(direction: 1 | -1): number {
    if (!run) return 0;
    const now = run.ts[index]!;
    const found =
      direction > 0
        ? run.events.find((d) => d.kind !== "settled" && d.ts > now)
        : run.events.findLast((d) => d.kind !== "settled" && d.ts < now);
    return found ? indexOfTs(run, found.ts) : direction > 0 ? run.ts.length - 1 : 0;
  }

  function goTo(next: number): void {
    if (!run) return;
    index = Math.max(0, Math.min(run.ts.length - 1, next));
    scrubber.value = String(index);
    const ts = run.ts[index]!;
    where.textContent = `${instant(ts)}, step ${count(index + 1)} of ${count(run.ts.length)}`;
    scrubber.setAttribute("aria-valuetext", where.textContent);
    clearTimeout(writing);
    writing = setTimeout(() => setParams({at: new Date(ts).toISOString().slice(0, 16)}), 150);
    onMove(index);
  }

  return {
    element,
    get watched() {
      return watched;
    },
    load(next, pairs = []) {
      run = next;
      if (playing) togglePlay();
      if (!run) return;
      scrubber.max = String(run.ts.length - 1);
      const wanted = getParam("watch");
      watched = wanted && pairs.includes(wanted) ? wanted : (pairs[0] ?? "");
      pairSelect.replaceChildren(...pairs.map((pair) => h("option", {value: pair, selected: pair === watched}, pair)));
    },
    goTo,
    watch(pair) {
      if (watched === pair) return;
      watched = pairSelect.value = pair;
      onMove(index);
    }
  };
}
