import {h} from "../ui/dom.js";
import {engineClient, type EngineClient} from "../engine/engineClient.js";
import {Banner} from "../pageBar.js";

import {SteadyBlock} from "../ui/steadyBlock.js";
import type {Status} from "../feed/types.js";
import {hasEnded} from "../../lib/wire/job.js";

/** Events within this time cause one read, ms. */
const PACE_MS = 700;
/** Interval of reads while the page is visible, because ages change without an event, ms. */
const SLOW_MS = 60_000;
/** Longest wait for the engine before the page is shown, ms. */
const LONGEST_WAIT_MS = 1_500;

/** State of the data: from the engine while it is up, else from the build. */
export interface LiveStatus {
  readonly status: Status | null;
  /** whether `status` comes from the engine */
  readonly live: boolean;
  /** status at build time */
  readonly built: Status | null;
  /** calls the listener now and on each change; returns a function that ends it */
  watch: (listener: () => void) => () => void;
  /** schedules a read */
  reload: () => void;
  /** resolves once the engine has replied, is known to be absent, or has taken too long */
  ready: Promise<void>;
}

/** Follows the state of the data. Reads it again whenever events may have been missed, as in a background tab. */
export function LiveStatus(built: Status | null, client: EngineClient = engineClient()): LiveStatus {
  const listeners = new Set<() => void>();
  let current: Status | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  let up = false;

  let resolveReady = (): void => {};
  const ready = new Promise<void>((resolve) => (resolveReady = resolve));
  if (!client.expected || client.base === null) resolveReady();
  setTimeout(resolveReady, LONGEST_WAIT_MS);

  const notify = () => listeners.forEach((listener) => listener());
  async function read(): Promise<void> {
    const mine = ++asked;
    try {
      const status = await client.get<Status>("/data-status");
      if (mine !== asked || !up) return;
      current = status;
      notify();
    } catch {
      // An engine without a store, or one that has just stopped: the built status remains.
    } finally {
      resolveReady();
    }
  }
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (up) void read();
    }, PACE_MS);
  };
  client.watch(({link}) => {
    if (link === "down" || link === "no token") resolveReady();
    if ((link === "up") === up) return;
    up = link === "up";
    if (up) return void read();
    asked++;
    if (current === null) return;
    current = null;
    notify();
  });
  client.onEvent((event) => {
    if (event.type === "published" || event.type === "reset") soon();
    else if (event.type === "batch" && hasEnded(event.data)) soon();
  });
  const seen = () => document.visibilityState === "visible" && soon();
  document.addEventListener("visibilitychange", seen);
  addEventListener("pageshow", (event) => event.persisted && soon());
  setInterval(seen, SLOW_MS);
  return {
    get status() {
      return current ?? built;
    },
    get live() {
      return current !== null;
    },
    built,
    watch(listener) {
      listeners.add(listener);
      listener();
      return () => listeners.delete(listener);
    },
    reload: soon,
    ready
  };
}

/**
 * Calls `update` now and on each change until the element has left the page. An element not yet on the page is still
 * updated.
 */
export function whilePlaced(element: HTMLElement, live: LiveStatus, update: () => void): void {
  let placed = false;
  const unwatch = live.watch(() => {
    if (element.isConnected) placed = true;
    else if (placed) return void setTimeout(unwatch);
    update();
  });
}

/**
 * Draws a part of a page that is redrawn when the state of the data changes. It keeps the focus and never shrinks, so
 * the content below does not move up.
 */
export function Living(live: LiveStatus, render: (status: Status | null) => HTMLElement): HTMLElement {
  let version = 0;
  const {element, update} = SteadyBlock<number>(
    () => render(live.status),
    (n) => String(n)
  );
  whilePlaced(element, live, () => {
    const height = element.offsetHeight;
    if (height) element.style.minHeight = `${height}px`;
    update(++version);
  });
  return element;
}

/** Draws the banner of the data, and a note when the other pages were built from older data. */
export const LiveBanner = (live: LiveStatus): HTMLElement =>
  Living(live, (status) => {
    const behind = live.live && (status?.lastSync ?? 0) > (live.built?.lastSync ?? 0);
    // In preview the pages update themselves.
    const preview = document.querySelector('meta[name="carrybook-engine"]') !== null;
    if (!behind || preview || !status?.series.length) return Banner(status);
    return h(
      "div",
      {},
      Banner(status),
      h(
        "p",
        {class: "banner"},
        "This page shows the engine's current data. The other pages were built from older data. To update them, run ",
        h("code", {}, "npm run build")
      )
    );
  });
