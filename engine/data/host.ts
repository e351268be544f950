import type {Clock, Exchange} from "../../loaders/exchange/types.js";
import {DataError, UsageError} from "../../loaders/errors.js";
import {hasEnded, type Job} from "../../src/lib/wire/job.js";
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
import {Coalescer} from "./coalesce.js";
import {keepUrl, knownUrl, type OpenVenue, type VenueSource} from "./venue.js";
import {estimateBackfill} from "./estimate.js";
import {checkGaps, planFill} from "./holes.js";
import {figuresOf, parentsOf, type Figures} from "./jobs.js";
import {Movement} from "./movement.js";
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

interface HostOptions {
  clock: Clock;
  emit: EmitEvent;
  log: {info: (text: string) => void; warn: (text: string) => void; error: (text: string) => void};
  /** opens the client of a venue; another way in tests */
  openVenue?: (source: VenueSource) => Promise<OpenVenue>;
  /** in [0, 1), for the jitter of pauses */
  random?: () => number;
  /** hears every batch that has ended, and that the lake is newer */
  onEvent?: (event: Extract<JobEvent, {type: "batch" | "published"}>) => void;
}

/** After the queue itself has failed (a full disk), it is tried again at this pace, ms. */
const AFTER_FAILURE_MS = 5_000;

/**
 * Owns the store for the life of the engine: its queue runs all the time, work is handed to it from the API and the
 * trading loop, and what happens is told as `job` and `batch` events.
 */
export class DataHost {
  /** why the queue stands still; null while it runs */
  failure: string | null = null;
  private readonly stopping = new AbortController();
  private readonly unpublished = new Set<string>();
  private readonly movement = new Movement();
  private readonly coalescer: Coalescer;
  private readonly venues: VenueClients;
  private readonly loops: Promise<void>[] = [];
  private service!: JobService;
  /** one plan after another: two that run at once could each miss what the other queued */
  private planning: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly db: Database,
    private readonly options: HostOptions
  ) {
    this.coalescer = new Coalescer(options.clock);
    this.venues = new VenueClients(db, options.openVenue);
  }

  /** Takes over an open store and starts its queue. The host closes it. */
  static async start(db: Database, options: HostOptions): Promise<DataHost> {
    const host = new DataHost(db, options);
    host.service = await JobService.open(db, {
      connect: (venue) => host.exchange(venue),
      clock: options.clock,
      random: options.random ?? Math.random,
      onEvent: (event) => host.hear(event)
    });
    host.loops.push(host.runQueue());
    return host;
  }

  /** The client of a venue of this store, at the address it was last used with. */
  exchange(venue: string): Promise<Exchange> {
    return this.venues.get(venue);
  }

  /** The base URL a venue was last used with; undefined for its own. */
  address(venue: string): Promise<string | undefined> {
    return this.db.exclusive(() => knownUrl(this.db, venue));
  }

  /** Makes a venue's address the one that jobs use from now on. @throws DataError where the store is of the other kind */
  async useVenue({venue, url}: VenueSource): Promise<Exchange> {
    await this.db.exclusive(() => claimKind(this.db, venue === "sim" ? "simulated" : "real"));
    await this.db.exclusive(() => keepUrl(this.db, {venue, url}));
    return this.readdress(venue);
  }

  private async readdress(venue: string): Promise<Exchange> {
    if (await this.venues.refresh(venue)) this.service.forget(venue);
    return this.exchange(venue);
  }

  /** What a venue's client has sent so far; undefined before there is one. */
  usage(venue: string): Usage | undefined {
    return this.venues.usage(venue);
  }

  backfill(request: BackfillRequest): Promise<PlannedReport> {
    return this.plan(async (context) => {
      const batch = await planBackfill({...context, exchange: (venue) => this.readdress(venue)}, request);
      return [batch];
    });
  }

  /** Works out what a backfill would fetch; queues, tracks and keeps nothing. */
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

  /** Queues what is new of everything tracked, of one venue, or of some of its histories. */
  update(venue?: string, scope?: UpdateScope): Promise<PlannedReport> {
    return this.plan(async (context) =>
      venue === undefined ? planUpdates(context) : [await planUpdate(context, venue, scope)]
    );
  }

  /** Chooses the top pairs of every venue that has a choice, a week early or late. */
  async select(): Promise<string> {
    const chosen: string[] = [];
    await this.plan(async (context) => {
      for (const venue of await this.followed()) {
        const words = await reselect(context, venue);
        if (words !== undefined) chosen.push(`${venue}: ${words}`);
      }
      return [];
    });
    return chosen.join("; ") || "every pair was named by a person";
  }

  /** Keeps today's list of markets of every venue that is followed. */
  async listMarkets(): Promise<string> {
    const counts: string[] = [];
    await this.plan(async (context) => {
      for (const venue of await this.followed()) {
        const {instruments} = await readyVenue(context, venue);
        counts.push(`${venue}: ${instruments.length} markets`);
      }
      return [];
    });
    return counts.join("; ") || "no venue is followed";
  }

  private followed(): Promise<string[]> {
    return this.db.exclusive(() => trackedVenues(this.db));
  }

  /** Merges the lake's small files. */
  async compact(): Promise<string> {
    const {parts} = await this.db.exclusive(() => compact(this.db));
    return `${parts.length} files`;
  }

  /** Work that has been under way for long without a new row, in words. */
  stuck(longestMs: number): {id: string; words: string}[] {
    return this.movement.stuck(this.service.working, this.options.clock.now(), longestMs);
  }

  repair(): Promise<PlannedReport> {
    return this.plan(planRepairs);
  }

  /** Looks at one history for holes, asking nobody. */
  checkGaps(key: SeriesKey): Promise<CheckedReport> {
    return checkGaps(this.db, key);
  }

  /** Queues the refetch of one hole or of one history's, whatever was settled about them. */
  fillGaps(key: SeriesKey, span: {from?: number | undefined; to?: number | undefined}): Promise<PlannedReport> {
    return this.plan(async (context) => [await planFill(context, key, span)]);
  }

  /** What the client of every venue in use has sent, and what it may. */
  limits(): LimitReport[] {
    return this.venues.limits();
  }

  /** Slows a venue down, or lets it go faster. @throws UsageError for a venue that is not used here */
  async throttle(venue: string, share: number): Promise<LimitReport> {
    if (this.usage(venue) === undefined && !(await this.followed()).includes(venue)) {
      throw new UsageError(`invalid venue: ${venue} is not used here`, {
        fix: "GET /limits lists those in use; a backfill or a tracked pair puts one to use"
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
      return {batches: batches.map((job) => this.view(job)), notes};
    });
    this.planning = run.catch(() => undefined);
    return run;
  }

  /** Batches newest first; with a condition on state or history also single histories. */
  async jobs(filter: JobFilter): Promise<Job[]> {
    return (await this.service.list(filter)).map((job) => this.view(job));
  }

  /** Every job that was ever taken on and meets the conditions, newest first. */
  exportJobs(filter: Omit<JobFilter, "limit"> & {limit?: number}): AsyncGenerator<Job> {
    return this.service.export(filter);
  }

  retryMany(ids: readonly string[]): Promise<BulkResult[]> {
    return retryEach(this.service, ids);
  }

  cancelMany(ids: readonly string[]): Promise<BulkResult[]> {
    return cancelEach(this.service, ids);
  }

  /** @throws DataError for an id that is none */
  job(id: string): Job {
    const job = this.service.get(id);
    if (!job) throw new DataError(`missing job: ${id}`, {code: "missing-job", fix: "`npx carrybook jobs` lists them"});
    return this.view(job);
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

  /** Pauses pairs of the list of updates, or takes them up again. */
  enable(request: {pairs: readonly string[]; venue?: string | undefined}, enabled: boolean): Promise<TrackedPairReport[]> {
    return enablePairs(this.db, request, enabled);
  }

  /** Jobs in memory, and how many of them were looked at one by one so far. */
  get cost(): {jobs: number; visits: number} {
    return this.service.cost;
  }

  status() {
    return statusOf(this.db.dataDir, this.options.clock.now());
  }

  /** Every hole the ledger knows, as `gaps --json` gives them. */
  gaps() {
    return (readManifest(this.db.dataDir)?.series ?? []).flatMap(({venue, pair, series, timeframe, holes}) =>
      holes.map((hole) => ({venue, pair, series, timeframe, ...hole}))
    );
  }

  /** What became of single histories' jobs in the last 24 h. */
  figures(): Figures {
    return figuresOf(this.service.since(this.options.clock.now() - DAY_MS));
  }

  /** Ends the queue between two writes, brings the lake up and closes the store. */
  async close(): Promise<void> {
    this.stopping.abort(new Error("the engine stops"));
    this.coalescer.close();
    await Promise.all(this.loops);
    await this.planning;
    await this.venues.close();
    await this.db.close();
  }

  /** A batch counts as ended once the lake tells it too. */
  private view(job: Job): Job {
    if (!this.unpublished.has(job.id) || !hasEnded(job)) return job;
    return {...job, status: "in_progress", step: "publish", finishedAt: null};
  }

  private hear(event: JobEvent): void {
    const {emit, onEvent} = this.options;
    if (event.type !== "job") onEvent?.(event);
    if (event.type === "published") return;
    const {id, parentId} = event.job;
    if (event.type === "batch") {
      this.unpublished.delete(id);
      this.coalescer.offer(id, () => emit("batch", event.job), {urgent: true});
      return;
    }
    if (parentId === null) return;
    const {job} = event;
    this.movement.watch(job, this.options.clock.now());
    const urgent = job.status !== "in_progress" || job.step === "plan";
    this.coalescer.offer(id, () => emit("job", job), {urgent});
    if (hasEnded(job) && hasEnded(this.service.get(parentId)!)) this.unpublished.add(parentId);
    this.coalescer.offer(parentId, () => emit("batch", this.view(this.service.get(parentId)!)));
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
        log.error(`the queue stands still: ${this.failure}; trying again`);
        await clock.sleep(AFTER_FAILURE_MS, signal).catch(() => undefined);
      }
    }
  }
}
