import type {EngineEvents} from "../src/lib/wire/trading.js";

/** What happens to open hedges when the engine stops. */
export type OnStop = "keep" | "close";

/** Publishes an engine event to the event stream. */
export type EmitEvent = <K extends keyof EngineEvents>(type: K, data: EngineEvents[K]) => void;

/** An event, serialised for the wire. */
interface HubEvent {
  /** sequence number within this engine run */
  n: number;
  frame: string;
}

/** Events kept for reconnecting clients, by count and by size. */
export const RING_EVENTS = 1_000;
const RING_BYTES = 8_000_000;

/**
 * The engine's events in one sequence. It keeps the newest, so readers follow at their own pace and resume after a
 * disconnect. There is no queue per reader.
 */
export class Hub {
  private readonly ring: HubEvent[] = [];
  private readonly listeners = new Set<(event: HubEvent) => void>();
  private bytes = 0;
  private last = 0;

  /** @param epoch distinguishes this engine run's events from an earlier run's */
  constructor(readonly epoch: string) {}

  /** Appends an event and calls every listener. */
  emit<K extends keyof EngineEvents>(type: K, data: EngineEvents[K]): void {
    const n = ++this.last;
    const event = {n, frame: frameOf(type, data, this.idOf(n))};
    this.ring.push(event);
    this.bytes += event.frame.length;
    while (this.ring.length > RING_EVENTS || (this.bytes > RING_BYTES && this.ring.length > 1))
      this.bytes -= this.ring.shift()!.frame.length;
    for (const listener of this.listeners) listener(event);
  }

  /** Calls `listener` for every event, until the returned function is called. */
  listen(listener: (event: HubEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The number of the newest event; 0 before the first. */
  get head(): number {
    return this.last;
  }

  /** Returns the id that a client sends back as `Last-Event-ID`. */
  idOf(n: number): string {
    return `${this.epoch}-${n}`;
  }

  /** Returns the event after number `n`: undefined when there is none yet, `"gone"` when it was discarded. */
  after(n: number): HubEvent | undefined | "gone" {
    if (n >= this.last) return undefined;
    const first = this.ring[0]!.n;
    return n + 1 < first ? "gone" : this.ring[n + 1 - first];
  }

  /** Returns the number in an event id; undefined when the stream cannot resume from it. */
  maybeResume(id: string): number | undefined {
    const match = /^(.{1,40})-(\d{1,15})$/.exec(id);
    if (!match || match[1] !== this.epoch) return undefined;
    const n = Number(match[2]);
    return n > this.last || this.after(n) === "gone" ? undefined : n;
  }
}

/** Formats a server-sent event. Without an id, the client's `Last-Event-ID` stays unchanged. */
export const frameOf = (type: string, data: unknown, id?: string): string =>
  `event: ${type}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
