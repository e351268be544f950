import {hasEnded, type Job} from "../../src/lib/wire/job.js";
import type {Status} from "../../src/lib/market/snapshot.js";
import type {Notification} from "../../src/lib/wire/trading.js";

type Notify = (note: Omit<Notification, "id">) => void;

/** Reports each change of the data once: batches that ended, holes that opened or closed, series gone stale. */
export class DataWatch {
  readonly #notify: Notify;
  readonly #now: () => number;
  readonly #reported = new Set<string>();
  #holes: Map<string, string> | undefined;
  #stale: Set<string> | undefined;

  constructor(notify: Notify, now: () => number) {
    this.#notify = notify;
    this.#now = now;
  }

  #report(event: string, level: Notification["level"], text: string, pair: string | null = null): void {
    this.#notify({ts: Math.trunc(this.#now()), level, event, text, pair});
  }

  /** Reports a batch once, when it completes or fails. */
  batch(job: Job): void {
    if (!hasEnded(job) || job.status === "cancelled") {
      // a requeued batch is reported again when it ends
      if (!hasEnded(job)) this.#reported.delete(job.id);
      return;
    }
    if (this.#reported.has(job.id)) return;
    this.#reported.add(job.id);
    if (this.#reported.size > 1_000) this.#reported.delete(this.#reported.values().next().value!);
    if (job.status === "failed") this.#report("job-failed", "warn", `${job.id}: ${job.error ?? "failed"}`, job.pair);
    else
      this.#report(
        "job-completed",
        "info",
        `${job.kind} complete: ${job.rowsFetched.toLocaleString("en-US")} rows (${job.id})`,
        job.pair
      );
  }

  /** Compares the data's status with the previous one; the first call only sets the baseline. */
  check(status: Status): void {
    const holes = new Map<string, string>();
    for (const {venue, pair, series, timeframe, holes: own} of status.series) {
      const name = [pair, series, timeframe].filter(Boolean).join(" ");
      for (const hole of own)
        if (hole.state === "open") holes.set(`${venue}|${name}|${hole.from}`, `${name} (${hole.rows} rows)`);
    }
    if (this.#holes) {
      const found = [...holes].filter(([key]) => !this.#holes!.has(key)).map(([, text]) => text);
      const filled = [...this.#holes].filter(([key]) => !holes.has(key)).map(([, text]) => text);
      if (found.length > 0) this.#report("hole-found", "warn", `${plural(found.length, "hole")} found: ${few(found)}`);
      if (filled.length > 0)
        this.#report(
          "hole-filled",
          "info",
          `${plural(filled.length, "hole")} filled or confirmed missing: ${few(filled)}`
        );
    }
    this.#holes = holes;
    const stale = new Set(
      status.series
        .filter(({freshness, endedTs}) => freshness === "stale" && endedTs === null)
        .map(({pair, series, timeframe}) => [pair, series, timeframe].filter(Boolean).join(" "))
    );
    if (this.#stale) {
      const fresh = [...stale].filter((name) => !this.#stale!.has(name));
      if (fresh.length > 0)
        this.#report("stale", "warn", `${plural(fresh.length, "series", "series")} went stale: ${few(fresh)}`);
    }
    this.#stale = stale;
  }
}

const plural = (n: number, one: string, more = `${one}s`): string => `${n} ${n === 1 ? one : more}`;
const few = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
