import type {EngineEvents} from "../src/lib/wire/trading.js";

/** What happens to open hedges when the engine stops. */
export type OnStop = "keep" | "close";

/** Hears what the trading loop has to say, for the stream of events. */
export type EmitEvent = <K extends keyof EngineEvents>(type: K, data: EngineEvents[K]) => void;

/** An event as it goes over the wire, ready to be written. */
interface HubEvent {
  /** its place in this engine's sequence */
  n: number;
  frame: string;
}

/** Events kept for clients that were away for a moment, by count and by size. */
export const RING_EVENTS = 1_000;
const RING_BYTES = 8_000_000;

/**
 * Everything the engine has to say, in one sequence. It keeps the newest events, so that readers follow at their own pace
 * and take up where they were cut off; nobody holds a queue per reader.
 */
export class Hub {
  private readonly ring: HubEvent[] = [];
  private readonly listeners = new Set<(event: HubEvent) => void>();
  private bytes = 0;
  private last = 0;

  /** @param epoch tells this engine's events from those of one that ran before */
  constructor(readonly epoch: string) {}

  /** Says something to everybody who listens. */
  emit<K extends keyof EngineEvents>(type: K, data: EngineEvents[K]): void {
    const n = ++this.last;
    const event = {n, frame: frameOf(type, data, this.idOf(n))};
    this.ring.push(event);
    this.bytes += event.frame.length;
    while (this.ring.length > RING_EVENTS || (this.bytes > RING_BYTES && this.ring.length > 1))
      this.bytes -= this.ring.shift()!.frame.length;
    for (const listener of this.listeners) listener(event);
  }

  /** Called for every event until the returned function is. */
  listen(listener: (event: HubEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The number of the newest event; 0 before the first. */
  get head(): number {
    return this.last;
  }

  /** What a client writes back as `Last-Event-ID`. */
  idOf(n: number): string {
    return `${this.epoch}-${n}`;
  }

  /** The event after a number, undefined when there is none yet, `"gone"` when it is kept no more. */
  after(n: number): HubEvent | undefined | "gone" {
    if (n >= this.last) return undefined;
    const first = this.ring[0]!.n;
    return n + 1 < first ? "gone" : this.ring[n + 1 - first];
  }

  /** The number behind an id of this engine that can still be resumed from. */
  maybeResume(id: string): number | undefined {
    const match = /^(.{1,40})-(\d{1,15})$/.exec(id);
    if (!match || match[1] !== this.epoch) return undefined;
    const n = Number(match[2]);
    return n > this.last || this.after(n) === "gone" ? undefined : n;
  }
}

/** One server-sent event. Without an id it does not move the reader's place. */
export const frameOf = (type: string, data: unknown, id?: string): string =>
  `event: ${type}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
