import type {Clock} from "../../loaders/exchange/types.js";

/**
 * Thins out what changes faster than anybody reads: of each key at most one value per pause goes out, the newest, and the
 * last one always does. Values are made only when they go out.
 */
export class Coalescer {
  private readonly sentAt = new Map<string, number>();
  private readonly held = new Map<string, () => void>();
  private readonly stop = new AbortController();
  private flushing = false;

  constructor(
    private readonly clock: Clock,
    /** between two values of one key, ms */
    private readonly pauseMs = 250
  ) {}

  /** Hands on a key's newest value by `send`: now if it is due or urgent, else when the pause is over. */
  offer(key: string, send: () => void, {urgent = false}: {urgent?: boolean} = {}): void {
    const now = this.clock.monotonic();
    if (urgent || now - (this.sentAt.get(key) ?? -Infinity) >= this.pauseMs) {
      this.held.delete(key);
      this.sentAt.set(key, now);
      send();
      return;
    }
    this.held.set(key, send);
    if (!this.flushing) void this.flushLater();
  }

  private async flushLater(): Promise<void> {
    this.flushing = true;
    try {
      while (this.held.size > 0) {
        await this.clock.sleep(this.pauseMs, this.stop.signal);
        const due = [...this.held];
        this.held.clear();
        const now = this.clock.monotonic();
        for (const [key, send] of due) {
          this.sentAt.set(key, now);
          send();
        }
        for (const [key, ts] of this.sentAt) if (now - ts > 20 * this.pauseMs) this.sentAt.delete(key);
      }
    } catch {
      // Closed: what was held is not wanted any more.
    } finally {
      this.flushing = false;
    }
  }

  close(): void {
    this.held.clear();
    this.stop.abort();
  }
}
