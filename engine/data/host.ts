import type {Clock, Exchange} from "../../loaders/exchange/types.js";
import {DataError, UsageError} from "../../loaders/errors.js";
import {type Job} from "../../src/lib/wire/job.js";
import type {JobFilter} from "../../loaders/ingest/jobs/book.js";
import {cancelEach, retryEach} from "../../loaders/ingest/jobs/bulk.js";
import {JobService, type JobEvent} from "../../loaders/ingest/jobs/service.js";
import type {SeriesKey} from "../../loaders/store/key.js";
import {claimKind, type Database} from "../../loaders/store/database.js";
import {readTracked, type Tracked} from "../../loaders/store/tracked.js";
import {statusOf} from "../../loaders/snapshots/status.js";
import {readManifest} from "../../loaders/lake/manifest.js";
import {compact} from "../../loaders/lake/publish.js";
import {trackedVenues} from "../../loaders/ingest/universe.js";
import {DAY_MS} from "../../src/lib/time/grid.js";
import type {
  BulkResult,
  CheckedReport,
  EstimateReport,
  JobDetailReport,
  LimitReport,
  PlannedReport,
  RetriedReport,
  TrackedPairReport,
  Usage
} from "../../src/lib/wire/data.js";
import type {EmitEvent} from "../hub.js";
import {Announcer} from "./announce.js";
import {keepUrl, knownUrl, type OpenVenue, type VenueSource} from "./venue.js";
import {estimateBackfill} from "./estimate.js";
import {checkGaps, planFill} from "./holes.js";
import {Imports} from "./imports.js";
import type {InboxLimits} from "./inbox.js";
import {figuresOf, parentsOf, type Figures} from "./jobs.js";
import {
  planBackfill,
  planRepairs,
  planUpdate,
  planUpdates,
  readyVenue,
  reselect,
  type PlanContext,
  type UpdateScope
} from "./plan.js";
import type {BackfillRequest} from "./request.js";
import {byPair, enablePairs, trackPairs, untrackPairs, type TrackRequest} from "./tracking.js";
import {VenueClients} from "./venues.js";

export interface HostOptions {
  clock: Clock;
  emit: EmitEvent;
  log: {info: (text: string) => void; warn: (text: string) => void; error: (text: string) => void};
  /** opens the client of a venue; tests replace it */
  openVenue?: (source: VenueSource) => Promise<OpenVenue>;
  /** random number in [0, 1), for retry jitter */
  random?: () => number;
  /** how much uploads may hold; less in tests */
  inbox?: InboxLimits;
  /** hears every batch that has ended, and that the lake is newer */
  onEvent?: (event: Extract<JobEvent, {type: "batch" | "published"}>) => void;
}

/** Pause before restarting a queue that failed, e.g. on a full disk, ms. */
const AFTER_FAILURE_MS = 5_000;

/**
 * Owns the store for the life of the engine and runs its job queue continuously. The API and the trading loop submit
 * work; progress is emitted as `job` and `batch` events.
 */
export class DataHost {
  /** why the queue has stopped; null while it runs */
  failure: string | null = null;
  /** uploads, and the import of their files */
  readonly imports: Imports;
  private readonly stopping = new AbortController();
  private readonly announcer: Announcer;
  private readonly venues: VenueClients;
  private readonly loops: Promise<void>[] = [];
  private service!: JobService;
  /** serialises planning: concurrent plans could each miss what the other queued */
  private planning: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly db: Database,
    private readonly options: HostOptions
  ) {
    this.announcer = new Announcer(options.clock, options.emit);
    this.venues = new VenueClients(db, options.openVenue);
    this.imports = new Imports(db, {
      now: () => options.clock.now(),
      onJob: (job) => options.emit("batch", job),
      onPublished: (manifest) => options.onEvent?.({type: "published", manifest}),
      limits: options.inbox
    });
  }

  /** Takes over an open store and starts its queue. The host closes it. */
  static async start(db: Database, options: HostOptions): Promise<DataHost> {
    const host = new DataHost(db, options);
    host.service = await JobService.open(db, {
      connect: (venue) => host.exchange(venue),
      clock: options.clock,
      random: options.random ?? Math.random,
      onEvent: (event) => {
        if (event.type !== "job") options.onEvent?.(event);
        host.announcer.take(event, host.service);
      }
    });
    host.loops.push(host.runQueue());
    return host;
  }

  /** Returns the client of a venue, at the address last used with this store. */
  exchange(venue: string): Promise<Exchange> {
    return this.venues.get(venue);
  }

  /** Returns the base URL a venue was last used with; undefined for its own. */
  address(venue: string): Promise<string | undefined> {
    return this.db.exclusive(() => knownUrl(this.db, venue));
  }

  /** Sets the address that jobs use for a venue. @throws DataError where the store is of the other kind */
  async useVenue({venue, url}: VenueSource): Promise<Exchange> {
    await this.db.exclusive(() => claimKind(this.db, venue === "sim" ? "simulated" : "real"));
    await this.db.exclusive(() => keepUrl(this.db, {venue, url}));
    return this.readdress(venue);
  }

  private async readdress(venue: string): Promise<Exchange> {
    if (await this.venues.refresh(venue)) this.service.forget(venue);
    return this.exchange(venue);
  }

  /** Returns the request counts of a venue's client; undefined before there is one. */
  usage(venue: string): Usage | undefined {
    return this.venues.usage(venue);
  }

  backfill(request: BackfillRequest): Promise<PlannedReport> {
    return this.plan(async (context) => {
      const batch = await planBackfill({...context, exchange: (venue) => this.readdress(venue)}, request);
      return [batch];
    });
  }

  /** Estimates what a backfill would fetch; queues, tracks and stores nothing. */
  async estimate(request: BackfillRequest): Promise<EstimateReport> {
    const {venue, url} = request;
    const {signal} = this.stopping;
    if (url === undefined || url === (await this.address(venue)))
      return estimateBackfill(this.db, await this.exchange(venue), request, signal);
    const {exchange, close} = await this.venues.another({venue, url});
    try {
      return await estimateBackfill(this.db, exchange, request, signal);
    } finally {
      await close();
    }
  }

  /** Queues the update of everything tracked, of one venue, or of some of its histories. */
  update(venue?: string, scope?: UpdateScope): Promise<PlannedReport> {
    return this.plan(async (context) =>
      venue === undefined ? planUpdates(context) : [await planUpdate(context, venue, scope)]
    );
  }

  /** Reselects the top pairs of every venue tracked by turnover, whenever the last selection was. */
  async select(): Promise<string> {
    const chosen: string[] = [];
    await this.plan(async (context) => {
      for (const venue of await this.trackedVenues()) {
        const words = await reselect(context, venue);
        if (words !== undefined) chosen.push(`${venue}: ${words}`);
      }
      return [];
    });
    return chosen.join("; ") || "every pair was chosen by name";
  }

  /** Stores today's list of markets of every tracked venue. */
  async listMarkets(): Promise<string> {
    const counts: string[] = [];
    await this.plan(async (context) => {
      for (const venue of await this.trackedVenues()) {
        const {instruments} = await readyVenue(context, venue);
        counts.push(`${venue}: ${instruments.length} markets`);
      }
      return [];
    });
    return counts.join("; ") || "no venue is tracked";
  }

  private trackedVenues(): Promise<string[]> {
    return this.db.exclusive(() => trackedVenues(this.db));
  }

  /** Merges the lake's small files. */
  async compact(): Promise<string> {
    const {parts} = await this.db.exclusive(() => compact(this.db));
    return `${parts.length} files`;
  }

  /** Returns the running jobs without progress for `longestMs`, described in words. */
  stuck(longestMs: number): {id: string; message: string}[] {
    return this.announcer.stuck(this.service.working, longestMs);
  }

  repair(): Promise<PlannedReport> {
    return this.plan(planRepairs);
  }

  /** Checks one history for holes, without a request to the venue. */
  checkGaps(key: SeriesKey): Promise<CheckedReport> {
    return checkGaps(this.db, key);
  }

  /** Queues the refetch of one hole or of all holes of a history, including those confirmed missing. */
  fillGaps(key: SeriesKey, span: {from?: number | undefined; to?: number | undefined}): Promise<PlannedReport> {
    return this.plan(async (context) => [await planFill(context, key, span)]);
  }

  /** Returns the usage and rate limit of every venue in use. */
  limits(): LimitReport[] {
    return this.venues.limits();
  }

  /** Sets the share of a venue's rate limit to use. @throws UsageError for a venue not in use */
  async throttle(venue: string, share: number): Promise<LimitReport> {
    if (this.usage(venue) === undefined && !(await this.trackedVenues()).includes(venue)) {
      throw new UsageError(`invalid venue: ${venue} is not in use`, {
        fix: "GET /limits lists venues in use; a backfill or a tracked pair adds one"
      });
    }
    return this.venues.throttle(venue, share);
  }

  private plan(work: (context: PlanContext) => Promise<Job[]>): Promise<PlannedReport> {
    const notes: PlannedReport["notes"] = [];
    const {db, service} = this;
    const run = this.planning.then(async () => {
      const batches = await work({
        db,
        service,
        exchange: (venue) => this.exchange(venue),
        note: (line, level = "info") => void notes.push({line, level}),
        signal: this.stopping.signal
      });
      return {batches: batches.map((job) => this.announcer.view(job)), notes};
    });
    this.planning = run.catch(() => undefined);
    return run;
  }

  /** Lists batches, newest first; a filter by status or history also returns jobs of single histories. */
  async jobs(filter: JobFilter): Promise<Job[]> {
    return (await this.service.list(filter)).map((job) => this.announcer.view(job));
  }

  /** Streams every job ever submitted that matches the filter, newest first. */
  exportJobs(filter: Omit<JobFilter, "limit"> & {limit?: number}): AsyncGenerator<Job> {
    return this.service.export(filter);
  }

  retryMany(ids: readonly string[]): Promise<BulkResult[]> {
    return retryEach(this.service, ids);
  }

  cancelMany(ids: readonly string[]): Promise<BulkResult[]> {
    return cancelEach(this.service, ids);
  }

  /** Returns a job with its histories and its log. @throws DataError for an unknown id */
  job(id: string): Job {
    const job = this.service.get(id);
    if (!job) throw new DataError(`missing job: ${id}`, {code: "missing-job", fix: "`npx carrybook jobs` lists them"});
    return this.announcer.view(job);
  }

  async detail(id: string): Promise<JobDetailReport> {
    await this.service.recall([id]);
    const job = this.job(id);
    const usage = job.venue === null ? undefined : this.venues.usage(job.venue);
    return {
      ...job,
      children: this.service.children(id),
      log: await this.service.log(id),
      ...(usage && {usage})
    };
  }

  async retry(id: string): Promise<RetriedReport> {
    await this.service.recall([id]);
    this.job(id);
    const queued = await this.service.retry([id]);
    return {queued, batches: parentsOf(this.service, queued)};
  }

  async retryBatch(id: string): Promise<RetriedReport> {
    await this.service.recall([id]);
    if (this.job(id).parentId !== null) throw new UsageError(`invalid batch: ${id} is one history of a batch`);
    return this.retry(id);
  }

  async retryFailed(): Promise<RetriedReport> {
    const {queued, skipped} = await this.service.retryFailed();
    return {queued, skipped, batches: parentsOf(this.service, queued)};
  }

  async cancel(id: string): Promise<{cancelled: Job[]}> {
    await this.service.recall([id]);
    this.job(id);
    const cancelled = await this.service.cancel([id]);
    return {cancelled: cancelled.map((job) => this.job(job.id))};
  }

  tracked(): Promise<Tracked[]> {
    return this.db.exclusive(() => readTracked(this.db));
  }

  track(request: TrackRequest): Promise<Tracked[]> {
    const fallback = this.db.kind === "simulated" ? "sim" : "bybit";
    return trackPairs(this.db, request, {nowMs: this.options.clock.now(), fallback});
  }

  untrack(pairs: readonly string[], only: {venue?: string | undefined; timeframe?: string | undefined}) {
    return untrackPairs(this.db, pairs, only);
  }

  async trackedPairs(): Promise<TrackedPairReport[]> {
    return byPair(await this.tracked());
  }

  /** Pauses or resumes the scheduled updates of pairs. */
  enable(request: {pairs: readonly string[]; venue?: string | undefined}, enabled: boolean): Promise<TrackedPairReport[]> {
    return enablePairs(this.db, request, enabled);
  }

  /** Number of jobs in memory, and how many single jobs were visited so far. */
  get cost(): {jobs: number; visits: number} {
    return this.service.cost;
  }

  status() {
    return statusOf(this.db.dataDir, this.options.clock.now());
  }

  /** Lists every hole in the coverage ledger, in the form of `gaps --json`. */
  gaps() {
    return (readManifest(this.db.dataDir)?.series ?? []).flatMap(({venue, pair, series, timeframe, holes}) =>
      holes.map((hole) => ({venue, pair, series, timeframe, ...hole}))
    );
  }

  /** Returns the outcome figures of the jobs of the last 24 h. */
  figures(): Figures {
    return figuresOf(this.service.since(this.options.clock.now() - DAY_MS));
  }

  /** Stops the queue between two writes, publishes the lake and closes the store. */
  async close(): Promise<void> {
    this.stopping.abort(new Error("the engine stops"));
    this.announcer.close();
    await this.imports.close();
    await Promise.all(this.loops);
    await this.planning;
    await this.venues.close();
    await this.db.close();
  }

  private async runQueue(): Promise<void> {
    const {signal} = this.stopping;
    const {clock, log} = this.options;
    while (!signal.aborted) {
      try {
        await this.service.run({signal});
        this.failure = null;
        await this.service.pending(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.failure = (error as Error).message.split("\n")[0]!;
        log.error(`the queue has stopped: ${this.failure}; retrying`);
        await clock.sleep(AFTER_FAILURE_MS, signal).catch(() => undefined);
      }
    }
  }
}
