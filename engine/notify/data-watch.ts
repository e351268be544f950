import {hasEnded, type Job} from "../../src/lib/wire/job.js";
import type {Status} from "../../src/lib/market/snapshot.js";
import type {Notification} from "../../src/lib/wire/trading.js";

type Tell = (note: Omit<Notification, "id">) => void;

/** Sees what changes in the data and says it once: work that ended, holes that came and went, series that went stale. */
export class DataWatch {
  readonly #tell: Tell;
  readonly #now: () => number;
  readonly #told = new Set<string>();
  #holes: Map<string, string> | undefined;
  #stale: Set<string> | undefined;

  constructor(tell: Tell, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  #say(event: string, level: Notification["level"], text: string, pair: string | null = null): void {
    this.#tell({ts: Math.trunc(this.#now()), level, event, text, pair});
  }

  /** A batch has new figures. */
  batch(job: Job): void {
    if (!hasEnded(job) || job.status === "cancelled") {
      // a batch that was put back ends anew
      if (!hasEnded(job)) this.#told.delete(job.id);
      return;
    }
    if (this.#told.has(job.id)) return;
    this.#told.add(job.id);
    if (this.#told.size > 1_000) this.#told.delete(this.#told.values().next().value!);
    if (job.status === "failed") this.#say("job-failed", "warn", `${job.id}: ${job.error ?? "failed"}`, job.pair);
    else
      this.#say(
        "job-completed",
        "info",
        `${job.kind} complete: ${job.rowsFetched.toLocaleString("en-US")} rows (${job.id})`,
        job.pair
      );
  }

  /** The state of the data after it was published, or an hour later. */
  look(status: Status): void {
    const holes = new Map<string, string>();
    for (const {venue, pair, series, timeframe, holes: own} of status.series) {
      const name = [pair, series, timeframe].filter(Boolean).join(" ");
      for (const hole of own)
        if (hole.state === "open") holes.set(`${venue}|${name}|${hole.from}`, `${name} (${hole.rows} rows)`);
    }
    if (this.#holes) {
      const found = [...holes].filter(([key]) => !this.#holes!.has(key)).map(([, text]) => text);
      const filled = [...this.#holes].filter(([key]) => !holes.has(key)).map(([, text]) => text);
      if (found.length > 0) this.#say("hole-found", "warn", `${plural(found.length, "hole")} found: ${few(found)}`);
      if (filled.length > 0)
        this.#say("hole-filled", "info", `${plural(filled.length, "hole")} filled or settled: ${few(filled)}`);
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
        this.#say("stale", "warn", `${plural(fresh.length, "series", "series")} went stale: ${few(fresh)}`);
    }
    this.#stale = stale;
  }
}

const plural = (n: number, one: string, more = `${one}s`): string => `${n} ${n === 1 ? one : more}`;
const few = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
