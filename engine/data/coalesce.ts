import type {Clock} from "../../loaders/exchange/types.js";

/**
 * Throttles per key: emits at most one value per interval, the newest, and always the last.
 * A value is built only when it is emitted.
 */
export class Coalescer {
  private readonly sentAt = new Map<string, number>();
  private readonly pending = new Map<string, () => void>();
  private readonly stop = new AbortController();
  private flushing = false;

  constructor(
    private readonly clock: Clock,
    /** between two values of one key, ms */
    private readonly pauseMs = 250
  ) {}

  /** Emits a key's newest value through `send`: now if it is due or urgent, else after the interval. */
  offer(key: string, send: () => void, {urgent = false}: {urgent?: boolean} = {}): void {
    const now = this.clock.monotonic();
    if (urgent || now - (this.sentAt.get(key) ?? -Infinity) >= this.pauseMs) {
      this.pending.delete(key);
      this.sentAt.set(key, now);
      send();
      return;
    }
    this.pending.set(key, send);
    if (!this.flushing) void this.flushLater();
  }

  private async flushLater(): Promise<void> {
    this.flushing = true;
    try {
      while (this.pending.size > 0) {
        await this.clock.sleep(this.pauseMs, this.stop.signal);
        const due = [...this.pending];
        this.pending.clear();
        const now = this.clock.monotonic();
        for (const [key, send] of due) {
          this.sentAt.set(key, now);
          send();
        }
        for (const [key, ts] of this.sentAt) if (now - ts > 20 * this.pauseMs) this.sentAt.delete(key);
      }
    } catch {
      // Closed: pending values are dropped.
    } finally {
      this.flushing = false;
    }
  }

  close(): void {
    this.pending.clear();
    this.stop.abort();
  }
}
