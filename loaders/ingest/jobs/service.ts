import type {Clock, Exchange} from "../../exchange/types.js";
import {isDiskFull} from "../../errors.js";
import type {Manifest} from "../../lake/manifest.js";
import type {Database} from "../../store/database.js";
import {appendLog, readLog, saveJobs, type LogLine} from "../../store/jobs.js";
import {errorText, hasEnded, MAX_BULK_RETRIES, type Job} from "../../../src/lib/wire/job.js";
import {JobArchive} from "./archive.js";
import {attempt} from "./attempt.js";
import {batchEta, newBatch, type BatchRequest} from "./batch.js";
import {JobBook, type JobFilter} from "./book.js";
import {chooseNext, LONGEST_PAUSE_MS, nextDue} from "./choose.js";
import {afterFailure} from "./failure.js";
import {Publisher} from "./publisher.js";

/** Events of the queue: a child's new figures, a finished batch once the lake has it, or a newer lake. */
export type JobEvent = {type: "job"; job: Job} | {type: "batch"; job: Job} | {type: "published"; manifest: Manifest};

export interface ServiceOptions {
  /** opens the client of a venue; called once per venue */
  connect: (venue: string) => Promise<Exchange>;
  clock: Clock;
  /** uniform in [0, 1), for the jitter of pauses */
  random: () => number;
  /** histories worked on at once; each client keeps its venue's limit regardless */
  concurrency?: number;
  onEvent?: (event: JobEvent) => void;
}

/**
 * The queue of ingestion work of one store: batches of children, processed by priority, each child failing alone. All
 * its state is in the store, so work queued when a process ends is resumed by the next one.
 */
export class JobService {
  private readonly book = new JobBook();
  private readonly running = new Map<string, AbortController>();
  private readonly exchanges = new Map<string, Promise<Exchange>>();
  private readonly publisher: Publisher;
  /** when work on a batch began in this process, and its pages by then: the base of its pace */
  private readonly began = new Map<string, {monotonicMs: number; pages: number}>();
  /** batches that finished since the lake was last published */
  private readonly ended = new Set<string>();
  private wake: () => void = () => undefined;
  private archive!: JobArchive;

  private constructor(
    private readonly db: Database,
    private readonly options: ServiceOptions
  ) {
    this.publisher = new Publisher(db, options.clock, (manifest) => options.onEvent?.({type: "published", manifest}));
  }

  /** Opens the queue of a store. Requeues what was in progress when the last process ended. */
  static async open(db: Database, options: ServiceOptions): Promise<JobService> {
    const service = new JobService(db, options);
    service.archive = await JobArchive.open(db, service.book);
    const interrupted = service.book.of("in_progress");
    const queued = interrupted.map((job): Job => ({...job, status: "queued", startedAt: null, etaMs: null}));
    for (const job of queued) service.book.set(job);
    await service.save(queued);
    return service;
  }

  /** Queues a request. It supersedes an unfinished batch of the same kind for the same histories. */
  async submit(request: BatchRequest): Promise<Job> {
    const now = this.db.now();
    const id = `${request.kind}-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")}-${++this.archive.serial}`;
    for (const {id: known} of this.book.parents) {
      const old = this.book.get(known)!;
      if (hasEnded(old) || old.kind !== request.kind || !this.isSame(old, request)) continue;
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
   * Works until the given batches (or all) are finished, then publishes the lake. Work submitted meanwhile begins at
   * once, and a batch that finishes before the others is published then. The signal stops the run: work in progress
   * ends between two writes and stays queued.
   */
  async run({batches, signal}: {batches?: readonly string[]; signal?: AbortSignal | undefined} = {}): Promise<void> {
    const {clock, concurrency = 8} = this.options;
    this.began.clear();
    const included = (job: Job) => job.parentId !== null && (!batches || batches.includes(job.parentId));
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
        const job = chooseNext(this.ready(included), clock.now());
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
      const waiting = stop.aborted || working.size >= concurrency ? undefined : nextDue(this.ready(included));
      if (working.size === 0 && waiting === undefined && !publishing) break;
      const pauseMs = waiting === undefined ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(1, waiting - clock.now()));
      const pause = waiting === undefined ? [] : [clock.sleep(pauseMs, stop).catch(() => undefined)];
      await Promise.race([...working, ...pause, ...(publishing ? [publishing] : []), woken]);
    }
    if (failed !== undefined) throw failed;
    await this.publishEnded();
  }

  /** Resolves when `run` has work: a queued job, or a finished batch that is not published yet. */
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

  /** Drops the client of a venue, so that the next job opens a new one, e.g. at another address. */
  forget(venue: string): void {
    this.exchanges.delete(venue);
  }

  private ready(included: (job: Job) => boolean): Job[] {
    return this.book.of("queued").filter(included);
  }

  private async work(queued: Job, stop: AbortSignal): Promise<void> {
    const {clock} = this.options;
    const own = new AbortController();
    this.running.set(queued.id, own);
    const parent = queued.parentId!;
    if (!this.began.has(parent))
      this.began.set(parent, {monotonicMs: clock.monotonic(), pages: this.get(parent)!.pages});
    const lines: LogLine[] = [];
    const log = (text: string) => void lines.push({ts: this.db.now(), text});
    let job: Job = this.put({
      ...queued,
      status: "in_progress",
      step: "plan",
      attempts: queued.attempts + 1,
      startedAt: this.db.now(),
      notBefore: null,
      ...NO_ERROR
    });
    try {
      log(`attempt ${job.attempts} of ${job.maxAttempts}`);
      const exchange = await this.exchange(job.venue!);
      const done = await attempt(job, {
        db: this.db,
        exchange,
        clock,
        signals: [own.signal, stop],
        log,
        onProgress: (next) => void (job = this.put(next)),
        onWritten: () => this.publisher.written()
      });
      log(`done: ${done.rowsFetched} rows`);
      job = {...done, status: "completed", step: "publish", progress: 1, etaMs: 0, finishedAt: this.db.now()};
    } catch (error) {
      if (stop.aborted) {
        log("interrupted; rows already written are kept");
        job = {...job, status: "queued", attempts: queued.attempts, etaMs: null};
      } else if (own.signal.aborted) {
        log("cancelled");
        job = {...job, status: "cancelled", etaMs: null, finishedAt: this.db.now()};
      } else if (isDiskFull(error)) {
        job = {...job, status: "queued", attempts: queued.attempts, etaMs: null};
        throw error;
      } else {
        job = afterFailure(job, error, {nowMs: this.db.now(), wallMs: clock.now(), random: this.options.random()});
        log(errorText(job)!);
      }
    } finally {
      this.running.delete(queued.id);
      this.put(job);
      await this.save([job], {[job.id]: lines}).catch((error: unknown) => {
        if (!stop.aborted) throw error;
      });
    }
  }

  private exchange(venue: string): Promise<Exchange> {
    const known = this.exchanges.get(venue);
    if (known) return known;
    const made = this.options.connect(venue);
    this.exchanges.set(venue, made);
    // A venue that could not be reached is opened again by the next attempt.
    made.catch(() => this.exchanges.delete(venue));
    return made;
  }

  private put(job: Job): Job {
    this.book.set(job);
    if (job.parentId !== null && hasEnded(job) && this.book.isEnded(job.parentId)) {
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

  /** Returns the children of a batch, in the order of the request. */
  children(id: string): Job[] {
    return this.book.children(id);
  }

  /** Returns one job in memory; a batch is summed over its children. */
  get(id: string): Job | undefined {
    const job = this.book.get(id);
    const began = this.began.get(id);
    if (!job || began === undefined || hasEnded(job)) return job;
    return {
      ...job,
      etaMs: batchEta(this.children(id), this.options.clock.monotonic() - began.monotonicMs, began.pages)
    };
  }

  /** Returns every batch in memory (and every job without a parent), newest first. */
  batches(): Job[] {
    return this.book.parents.map(({id}) => this.get(id)!);
  }

  /**
   * Returns batches, newest first; single histories too, if the filter has a status or history. Old ones come from the
   * store.
   */
  async list(filter: JobFilter): Promise<Job[]> {
    return (await this.archive.list(filter)).map((job) => (job.parentId === null ? (this.get(job.id) ?? job) : job));
  }

  /** Yields every stored job that meets the conditions, newest first. */
  export(filter: Omit<JobFilter, "limit"> & {limit?: number}): AsyncGenerator<Job> {
    return this.archive.export(filter);
  }

  /** Reloads evicted jobs, so that they can be shown, retried or cancelled like any other. */
  recall(ids: readonly string[]): Promise<void> {
    return this.archive.recall(ids);
  }

  /** Single histories in progress. */
  get working(): Job[] {
    return this.book.of("in_progress");
  }

  since(ts: number): Job[] {
    return this.book.since(ts);
  }

  /** Number of jobs in memory, and of jobs visited by all queries so far. */
  get cost(): {jobs: number; visits: number} {
    return {jobs: this.book.size, visits: this.book.visits};
  }

  /** Returns a job's log, oldest first; of a batch, its children's lines with their names. */
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
   * Requeues jobs that finished without success, a batch by its children. Unfinished ones stay as they are, since they
   * are already waiting to run.
   * @returns the children that will run
   */
  async retry(ids: readonly string[]): Promise<Job[]> {
    const chosen = this.expand(ids).filter((job) => job.status !== "completed" && job.status !== "in_progress");
    return this.requeue(chosen);
  }

  /** Requeues every failed job, except those that bulk retries have requeued too often. */
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
        ...NO_ERROR,
        finishedAt: null
      })
    );
    for (const {parentId} of queued) this.ended.delete(parentId!);
    await this.save(queued);
    this.wake();
    return queued;
  }

  /**
   * Cancels jobs, a batch by its children: queued ones at once, running ones between two writes. Rows already written
   * stay.
   */
  async cancel(ids: readonly string[]): Promise<Job[]> {
    const chosen = this.expand(ids).filter((job) => !hasEnded(job));
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

const NO_ERROR = {error: null, errorCode: null, errorFix: null} as const;

const identity = ({pair, series, timeframe}: Pick<Job, "pair" | "series" | "timeframe">): string =>
  [pair, series, timeframe].join("|");
