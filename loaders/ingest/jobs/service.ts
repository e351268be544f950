import type {Clock, Exchange, Priority} from "../../exchange/types.js";
import {CarrybookError, ExchangeError} from "../../errors.js";
import type {Manifest} from "../../lake/manifest.js";
import type {Database} from "../../store/database.js";
import type {SeriesKey} from "../../store/key.js";
import {appendLog, readLog, saveJobs, type LogLine} from "../../store/jobs.js";
import type {Series} from "../../../src/lib/market/pair.js";
import {isSettled, type Job} from "../../../src/lib/wire/job.js";
import {JobArchive} from "./archive.js";
import {batchEta, newBatch, type BatchRequest} from "./batch.js";
import {JobBook, type JobFilter} from "./book.js";
import {chooseNext, LONGEST_PAUSE_MS, nextDue} from "./choose.js";
import {fetchHistory, type FetchContext} from "./fetch.js";
import {Publisher} from "./publisher.js";
import {repairHoles} from "./repair.js";

/** What a listener hears: a child's new figures, a batch whose end the lake tells too, or that the lake is newer. */
export type JobEvent = {type: "job"; job: Job} | {type: "batch"; job: Job} | {type: "published"; manifest: Manifest};

export interface ServiceOptions {
  /** the client of a venue; called once per venue */
  connect: (venue: string) => Promise<Exchange>;
  clock: Clock;
  /** in [0, 1), for the jitter of pauses */
  random: () => number;
  /** histories worked on at once; the venue's limit is kept by its client whatever this is */
  concurrency?: number;
  onEvent?: (event: JobEvent) => void;
}

/** Work of a kind goes before work of another: what is live, then what is mended, then what is old. */
const PRIORITY: Record<string, Priority> = {update: "update", repair: "repair", backfill: "backfill"};
/** A failed attempt is followed by a pause of about this, then three times as long. */
const BACKOFF_MS = 2_000;
/** Bulk retries of one job before only a person's explicit retry puts it back. */
export const MAX_BULK_RETRIES = 3;

/**
 * The queue of ingestion work of one store: batches of children, worked off in order of priority, each child failing
 * alone. Everything it knows is in the store, so work that was queued when a process ended is there for the next one.
 */
export class JobService {
  private readonly book = new JobBook();
  private readonly running = new Map<string, AbortController>();
  private readonly exchanges = new Map<string, Promise<Exchange>>();
  private readonly publisher: Publisher;
  /** when work on a batch began in this process, and the pages it had by then: the pace of what is left */
  private readonly began = new Map<string, {monotonicMs: number; pages: number}>();
  /** batches that ended since the lake was last brought up */
  private readonly ended = new Set<string>();
  private wake: () => void = () => undefined;
  private archive!: JobArchive;

  private constructor(
    private readonly db: Database,
    private readonly options: ServiceOptions
  ) {
    this.publisher = new Publisher(db, options.clock, (manifest) => options.onEvent?.({type: "published", manifest}));
  }

  /** Opens the queue of a store. What was under way when the last process ended is queued again. */
  static async open(db: Database, options: ServiceOptions): Promise<JobService> {
    const service = new JobService(db, options);
    service.archive = await JobArchive.open(db, service.book);
    const cut = service.book.of("in_progress");
    const queued = cut.map((job): Job => ({...job, status: "queued", startedAt: null, etaMs: null}));
    for (const job of queued) service.book.set(job);
    await service.save(queued);
    return service;
  }

  /** Queues a request. An unfinished batch of the same kind for the same histories gives way to it. */
  async submit(request: BatchRequest): Promise<Job> {
    const now = this.db.now();
    const id = `${request.kind}-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")}-${++this.archive.serial}`;
    for (const {id: known} of this.book.parents) {
      const old = this.book.get(known)!;
      if (isSettled(old) || old.kind !== request.kind || !this.isSame(old, request)) continue;
      const given = await this.cancel([old.id]);
      await this.save([], Object.fromEntries(given.map((job) => [job.id, [{ts: now, text: `superseded by ${id}`}]])));
    }
    const {parent, children} = newBatch(id, request, now);
    for (const gone of this.archive.trim((own) => this.ended.has(own))) this.began.delete(gone);
    for (const job of [parent, ...children]) this.book.set(job);
    if (children.length === 0) this.ended.add(id);
    await this.save([parent, ...children]);
    this.wake();
    return parent;
  }

  private isSame(batch: Job, {venue, histories}: BatchRequest): boolean {
    const own = new Set(this.children(batch.id).map(identity));
    return batch.venue === venue && own.size === histories.length && histories.every(({key}) => own.has(identity(key)));
  }

  /**
   * Works until nothing of the given batches (or nothing at all) is left to do, then publishes the lake. What is submitted
   * meanwhile begins at once, and a batch that ends before the others is published then. The signal ends it: what is
   * under way stops between two writes and stays queued.
   */
  async run({batches, signal}: {batches?: readonly string[]; signal?: AbortSignal | undefined} = {}): Promise<void> {
    const {clock, concurrency = 8} = this.options;
    this.began.clear();
    const mine = (job: Job) => job.parentId !== null && (!batches || batches.includes(job.parentId));
    const working = new Set<Promise<void>>();
    const failure = new AbortController();
    let failed: unknown;
    const stop = AbortSignal.any([failure.signal, ...(signal ? [signal] : [])]);
    const fail = (error: unknown) => {
      failed ??= error;
      failure.abort(error);
    };
    let publishing: Promise<void> | undefined;
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      while (!stop.aborted && working.size < concurrency) {
        const job = chooseNext(this.ready(mine), clock.now());
        if (!job) break;
        const work = this.work(job, stop)
          .catch(fail)
          .finally(() => working.delete(work));
        working.add(work);
      }
      if (this.ended.size > 0 && working.size > 0 && !publishing && !stop.aborted) {
        publishing = this.publishEnded()
          .catch(fail)
          .finally(() => (publishing = undefined));
      }
      const waiting = stop.aborted || working.size >= concurrency ? undefined : nextDue(this.ready(mine));
      if (working.size === 0 && waiting === undefined && !publishing) break;
      const pauseMs = waiting === undefined ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(1, waiting - clock.now()));
      const pause = waiting === undefined ? [] : [clock.sleep(pauseMs, stop).catch(() => undefined)];
      await Promise.race([...working, ...pause, ...(publishing ? [publishing] : []), woken]);
    }
    if (failed !== undefined) throw failed;
    await this.publishEnded();
  }

  /** Resolves when there is work for `run`: something queued, or the end of a batch that the lake does not tell yet. */
  async pending(signal: AbortSignal): Promise<void> {
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      if (signal.aborted || this.ended.size > 0 || this.ready(() => true).length > 0) return;
      const stop = () => this.wake();
      signal.addEventListener("abort", stop, {once: true});
      await woken;
      signal.removeEventListener("abort", stop);
    }
  }

  private async publishEnded(): Promise<void> {
    const ended = [...this.ended];
    this.ended.clear();
    try {
      await this.publisher.now();
    } catch (error) {
      for (const id of ended) this.ended.add(id);
      throw error;
    }
    for (const id of ended) this.options.onEvent?.({type: "batch", job: this.get(id)!});
  }

  /** Drops the client of a venue, so that the next job asks for it anew, e.g. at another address. */
  forget(venue: string): void {
    this.exchanges.delete(venue);
  }

  private ready(mine: (job: Job) => boolean): Job[] {
    return this.book.of("queued").filter(mine);
  }

  private async work(queued: Job, stop: AbortSignal): Promise<void> {
    const {clock} = this.options;
    const own = new AbortController();
    this.running.set(queued.id, own);
    const parent = queued.parentId!;
    if (!this.began.has(parent))
      this.began.set(parent, {monotonicMs: clock.monotonic(), pages: this.get(parent)!.pages});
    const signal = AbortSignal.any([own.signal, stop]);
    const lines: LogLine[] = [];
    const log = (text: string) => void lines.push({ts: this.db.now(), text});
    let job: Job = this.put({
      ...queued,
      status: "in_progress",
      step: "plan",
      attempts: queued.attempts + 1,
      startedAt: this.db.now(),
      notBefore: null,
      error: null,
      errorCode: null
    });
    try {
      log(`attempt ${job.attempts} of ${job.maxAttempts}`);
      const exchange = await this.exchange(job.venue!);
      const context: FetchContext = {
        db: this.db,
        exchange,
        clock,
        priority: PRIORITY[job.kind]!,
        signal,
        log,
        onProgress: (next) => void (job = this.put({...next, status: "in_progress"})),
        onWritten: () => this.publisher.written()
      };
      const key = keyOf(job);
      const done =
        job.kind === "repair"
          ? await repairHoles(job, key, context)
          : await fetchHistory(job, key, {from: job.from!, to: job.to!}, context);
      log(`done: ${done.rowsFetched} rows`);
      job = {...done, status: "completed", step: "publish", progress: 1, etaMs: 0, finishedAt: this.db.now()};
    } catch (error) {
      if (stop.aborted) {
        log("interrupted; what was written is kept");
        job = {...job, status: "queued", attempts: queued.attempts, etaMs: null};
      } else if (own.signal.aborted) {
        log("cancelled");
        job = {...job, status: "cancelled", etaMs: null, finishedAt: this.db.now()};
      } else if (error instanceof CarrybookError) job = this.afterFailure(job, error, log);
      else {
        job = {...job, status: "queued", attempts: queued.attempts, etaMs: null};
        throw error;
      }
    } finally {
      this.running.delete(queued.id);
      this.put(job);
      await this.save([job], {[job.id]: lines}).catch((error: unknown) => {
        if (!stop.aborted) throw error;
      });
    }
  }

  private afterFailure(job: Job, error: CarrybookError, log: (text: string) => void): Job {
    const words = error.fix ? `${error.message} → ${error.fix}` : error.message;
    log(words);
    const again = error instanceof ExchangeError && error.retryable && job.attempts < job.maxAttempts;
    const failed = {...job, error: words, errorCode: error.code, etaMs: null};
    if (!again) return {...failed, status: "failed", finishedAt: this.db.now()};
    const pause = BACKOFF_MS * 3 ** (job.attempts - 1) * (0.75 + this.options.random() / 2);
    return {...failed, status: "queued", notBefore: this.options.clock.now() + pause};
  }

  private exchange(venue: string): Promise<Exchange> {
    const known = this.exchanges.get(venue);
    if (known) return known;
    const made = this.options.connect(venue);
    this.exchanges.set(venue, made);
    // A venue that could not be reached is tried anew by the next attempt.
    made.catch(() => this.exchanges.delete(venue));
    return made;
  }

  private put(job: Job): Job {
    this.book.set(job);
    if (job.parentId !== null && isSettled(job) && this.book.isEnded(job.parentId)) {
      this.ended.add(job.parentId);
      this.wake();
    }
    this.options.onEvent?.({type: "job", job});
    return job;
  }

  private async save(jobs: readonly Job[], logs: Record<string, readonly LogLine[]> = {}): Promise<void> {
    const parents = new Set(jobs.flatMap((job) => job.parentId ?? []));
    const batches = [...parents].map((id) => this.get(id)!);
    await this.db.exclusive(async () => {
      await saveJobs(this.db, [...jobs, ...batches]);
      for (const [id, lines] of Object.entries(logs)) await appendLog(this.db, id, lines);
    });
  }

  /** The children of a batch, in the order they were asked for. */
  children(id: string): Job[] {
    return this.book.children(id);
  }

  /** One job in memory; a batch is summed over its children. */
  get(id: string): Job | undefined {
    const job = this.book.get(id);
    const began = this.began.get(id);
    if (!job || began === undefined || isSettled(job)) return job;
    return {
      ...job,
      etaMs: batchEta(this.children(id), this.options.clock.monotonic() - began.monotonicMs, began.pages)
    };
  }

  /** Every batch in memory (and every job without a parent), newest first. */
  batches(): Job[] {
    return this.book.parents.map(({id}) => this.get(id)!);
  }

  /** Batches newest first, with a condition on state or history also single histories; the old ones from the store. */
  async list(filter: JobFilter): Promise<Job[]> {
    return (await this.archive.list(filter)).map((job) => (job.parentId === null ? (this.get(job.id) ?? job) : job));
  }

  /** Every job that was ever taken on and meets the conditions, newest first. */
  export(filter: Omit<JobFilter, "limit"> & {limit?: number}): AsyncGenerator<Job> {
    return this.archive.export(filter);
  }

  /** Brings back what memory has let go of, so that it can be shown, retried or cancelled like any other. */
  recall(ids: readonly string[]): Promise<void> {
    return this.archive.recall(ids);
  }

  /** Single histories under way, and those that ended or began since an instant. */
  get working(): Job[] {
    return this.book.of("in_progress");
  }

  since(ts: number): Job[] {
    return this.book.since(ts);
  }

  /** Jobs in memory, and how many were looked at one by one so far. */
  get cost(): {jobs: number; visits: number} {
    return {jobs: this.book.size, visits: this.book.visits};
  }

  /** What a job had to say, oldest first; of a batch, its children's lines with their names. */
  async log(id: string): Promise<(LogLine & {job: string})[]> {
    const ids = [id, ...this.children(id).map((child) => child.id)];
    const logs = await Promise.all(
      ids.map(async (own) => {
        const lines = await this.db.exclusive(() => readLog(this.db, own));
        return lines.map((line) => ({...line, job: own}));
      })
    );
    return logs.flat().sort((a, b) => a.ts - b.ts);
  }

  /**
   * Puts jobs that ended without success back into the queue, a batch by its children. Unfinished ones are left as they
   * are: running them is what they wait for.
   * @returns the children that will run
   */
  async retry(ids: readonly string[]): Promise<Job[]> {
    const chosen = this.expand(ids).filter((job) => job.status !== "completed" && job.status !== "in_progress");
    return this.requeue(chosen);
  }

  /** Puts every failed job back, except those that bulk retries have put back too often already. */
  async retryFailed(): Promise<{queued: Job[]; skipped: Job[]}> {
    await this.archive.recallFailed();
    const failed = this.book.of("failed");
    const skipped = failed.filter((job) => job.retries >= MAX_BULK_RETRIES);
    return {queued: await this.requeue(failed.filter((job) => job.retries < MAX_BULK_RETRIES)), skipped};
  }

  private async requeue(jobs: readonly Job[]): Promise<Job[]> {
    const queued = jobs.map((job) =>
      this.put({
        ...job,
        status: "queued",
        attempts: 0,
        retries: job.retries + (job.status === "failed" ? 1 : 0),
        notBefore: null,
        error: null,
        errorCode: null,
        finishedAt: null
      })
    );
    for (const {parentId} of queued) this.ended.delete(parentId!);
    await this.save(queued);
    this.wake();
    return queued;
  }

  /** Ends jobs, a batch by its children: queued ones at once, running ones between two writes. What was written stays. */
  async cancel(ids: readonly string[]): Promise<Job[]> {
    const chosen = this.expand(ids).filter((job) => !isSettled(job));
    for (const job of chosen) this.running.get(job.id)?.abort(new Error("cancelled"));
    const waiting = chosen.filter((job) => !this.running.has(job.id));
    const cancelled = waiting.map((job) => this.put({...job, status: "cancelled", finishedAt: this.db.now()}));
    await this.save(cancelled);
    return chosen;
  }

  private expand(ids: readonly string[]): Job[] {
    return ids.flatMap((id) => {
      const job = this.book.get(id);
      if (!job) return [];
      return job.parentId === null ? this.children(id) : [job];
    });
  }
}

const identity = ({pair, series, timeframe}: Pick<Job, "pair" | "series" | "timeframe">): string =>
  [pair, series, timeframe].join("|");

const keyOf = ({venue, pair, series, timeframe}: Job): SeriesKey => ({
  venue: venue!,
  pair: pair!,
  series: series as Series,
  timeframe: timeframe!
});
