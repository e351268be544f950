import {h} from "../ui/dom.js";
import {engineClient, type EngineClient} from "../engine/engineClient.js";
import {Banner} from "../pageBar.js";
import {isEnded} from "../ingest/workModel.js";
import {SteadyBlock} from "../ui/steadyBlock.js";
import type {Status} from "../feed/types.js";
import type {JobReport} from "../../lib/wire/data.js";

/** News that come together are read once, ms. */
const PACE_MS = 700;
/** Ages grow by themselves: the state is read again at this pace while somebody looks, ms. */
const SLOW_MS = 60_000;
/** A page that knows of an engine waits for it so long before it is placed, ms. */
const LONGEST_WAIT_MS = 1_500;

/** The state of the data: the engine's own while it is up, else that of the build. */
export interface LiveStatus {
  readonly status: Status | null;
  /** whether the engine has told it */
  readonly live: boolean;
  /** what the page was built with */
  readonly built: Status | null;
  /** calls back now and at every change; returns what ends it */
  watch: (listener: () => void) => () => void;
  /** reads it anew, soon */
  reload: () => void;
  /** settles once the engine has told it, or is known not to, or takes too long: the page is placed then */
  ready: Promise<void>;
}

/** Follows the state of the data. What may have been missed, by a break or behind another tab, is read anew. */
export function LiveStatus(built: Status | null, client: EngineClient = engineClient()): LiveStatus {
  const listeners = new Set<() => void>();
  let told: Status | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  let up = false;

  let settle = (): void => {};
  const ready = new Promise<void>((resolve) => (settle = resolve));
  if (!client.expected || client.base === null) settle();
  setTimeout(settle, LONGEST_WAIT_MS);

  const tell = () => listeners.forEach((listener) => listener());
  async function read(): Promise<void> {
    const mine = ++asked;
    try {
      const status = await client.get<Status>("/data-status");
      if (mine !== asked || !up) return;
      told = status;
      tell();
    } catch {
      // An engine without a store, or one that has just gone: what the page was built with stands.
    } finally {
      settle();
    }
  }
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (up) void read();
    }, PACE_MS);
  };
  client.watch(({link}) => {
    if (link === "down" || link === "no token") settle();
    if ((link === "up") === up) return;
    up = link === "up";
    if (up) return void read();
    asked++;
    if (told === null) return;
    told = null;
    tell();
  });
  client.onEvent((event) => {
    const type = event.type as string;
    if (type === "published" || type === "reset") soon();
    else if (event.type === "batch" && isEnded(event.data as JobReport)) soon();
  });
  const seen = () => document.visibilityState === "visible" && soon();
  document.addEventListener("visibilitychange", seen);
  addEventListener("pageshow", (event) => event.persisted && soon());
  setInterval(seen, SLOW_MS);
  return {
    get status() {
      return told ?? built;
    },
    get live() {
      return told !== null;
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
 * Keeps an element as new as the state of the data, until it has left the page: an element that was never placed yet is
 * given time for it.
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
 * Part of a page that is drawn anew whenever the state of the data changes. The focus in it stays, and so does the room it
 * has taken: what stands below does not move up.
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

/** What stands below the title: what the banner says of the data, and which pages still show an older state of it. */
export const LiveBanner = (live: LiveStatus): HTMLElement =>
  Living(live, (status) => {
    const behind = live.live && (status?.lastSync ?? 0) > (live.built?.lastSync ?? 0);
    // In preview the pages follow the data by themselves.
    const preview = document.querySelector('meta[name="carrybook-engine"]') !== null;
    if (!behind || preview || !status?.series.length) return Banner(status);
    return h(
      "div",
      {},
      Banner(status),
      h(
        "p",
        {class: "banner"},
        "This page shows the data as the engine has it now. The other pages were built before its newest change; this brings them up: ",
        h("code", {}, "npm run build")
      )
    );
  });
