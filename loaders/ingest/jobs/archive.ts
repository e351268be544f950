import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import type {Database} from "../../store/database.js";
import {batchIdOf, hasJobsBefore, lastSerial, queryJobs, readBatches, readLiveJobs} from "../../store/jobs.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {wantsHistories, type JobBook, type JobFilter} from "./book.js";

/** Finished batches stay in memory for three days, or less above `MAX_JOBS`; the store keeps all. */
const KEEP_MS = 3 * DAY_MS;
const MAX_JOBS = 20_000;
/** Batches that finished within the hour stay in memory in any case: a client may be following them. */
const FRESH_MS = HOUR_MS;
/** Rows read from the store at once. */
const PAGE = 1_000;

/** Returns a child's place in its batch, from 1; 0 for the batch itself. */
const place = ({id}: Job): number => Number(id.split(".")[1] ?? 0);

const newestFirst = (a: Job, b: Job): number => {
  const [x, y] = [batchIdOf(a.id), batchIdOf(b.id)];
  return b.createdAt - a.createdAt || (x === y ? place(a) - place(b) : x < y ? 1 : -1);
};

/** Loads and evicts jobs between memory and the store, which keeps all of them. */
export class JobArchive {
  /** serial number of the newest batch */
  serial = 0;
  /** newest creation time of a job that is stored but not in memory, UTC ms; `-Infinity` without any */
  private evictedTs = -Infinity;

  private constructor(
    private readonly db: Database,
    private readonly book: JobBook
  ) {}

  /** Loads recent and unfinished jobs into the book. */
  static async open(db: Database, book: JobBook): Promise<JobArchive> {
    const archive = new JobArchive(db, book);
    const since = db.now() - KEEP_MS;
    await db.exclusive(async () => {
      archive.load(await readLiveJobs(db, since));
      archive.serial = await lastSerial(db);
      if (await hasJobsBefore(db, since)) archive.evictedTs = since;
    });
    return archive;
  }

  /** Adds stored jobs to the book, children in the order of the request. */
  private load(jobs: readonly Job[]): void {
    for (const job of [...jobs].sort((a, b) => a.createdAt - b.createdAt || place(a) - place(b)))
      if (!this.book.has(job.id))
        this.book.set({...job, pages: job.pages ?? 0, pagesExpected: job.pagesExpected ?? null});
  }

  /** Reloads evicted jobs, so that they can be shown, retried or cancelled like any other. */
  async recall(ids: readonly string[]): Promise<void> {
    const evicted = [...new Set(ids.filter((id) => !this.book.has(id)).map(batchIdOf))];
    if (this.evictedTs === -Infinity || evicted.length === 0) return;
    this.load(await this.db.exclusive(() => readBatches(this.db, evicted)));
  }

  /** Reloads every failed job. */
  async recallFailed(): Promise<void> {
    if (this.evictedTs === -Infinity) return;
    const query = {status: "failed", histories: true, limit: MAX_JOBS};
    const failed = await this.db.exclusive(() => queryJobs(this.db, query));
    await this.recall(failed.map(({id}) => id));
  }

  /**
   * Evicts finished batches that are old, and the oldest where there are more than `MAX_JOBS`.
   * @returns their ids
   */
  trim(isHeld: (id: string) => boolean): string[] {
    const {book} = this;
    const now = this.db.now();
    const evicted: string[] = [];
    for (const {id} of [...book.parents].reverse()) {
      const {finishedAt, createdAt} = book.get(id)!;
      if (!book.isEnded(id) || isHeld(id)) continue;
      const age = now - (finishedAt ?? createdAt);
      if (age < KEEP_MS && (age < FRESH_MS || book.size <= MAX_JOBS)) continue;
      book.drop(id);
      evicted.push(id);
      this.evictedTs = Math.max(this.evictedTs, createdAt);
    }
    return evicted;
  }

  /** Returns the jobs that match a filter, from memory and, where that is incomplete, from the store. */
  async list(filter: JobFilter): Promise<Job[]> {
    const found = this.book.list(filter);
    const {since = -Infinity, limit} = filter;
    // The last job requested is newer than any job that memory lacks.
    if (this.evictedTs === -Infinity) return found;
    if (Math.max(since, found.length < limit ? -Infinity : found.at(-1)!.createdAt) > this.evictedTs) return found;
    const query = {...filter, histories: wantsHistories(filter), limit: limit + this.book.size};
    const stored = await this.db.exclusive(() => queryJobs(this.db, query));
    // Jobs in memory are already in the result, with newer figures than the store's.
    return [...found, ...stored.filter((job) => !this.book.has(job.id))].sort(newestFirst).slice(0, limit);
  }

  /** Yields every job that matches a filter, batches and histories, newest first, one page of the store at a time. */
  async *export({
    limit: total = Infinity,
    ...filter
  }: Omit<JobFilter, "limit"> & {limit?: number}): AsyncGenerator<Job> {
    let remaining = total;
    let after: {createdAt: number; id: string} | undefined;
    while (remaining > 0) {
      const limit = Math.min(PAGE, remaining);
      const page = await this.db.exclusive(() => queryJobs(this.db, {...filter, histories: true, limit, after}));
      for (const job of page) yield this.book.get(job.id) ?? job;
      remaining -= page.length;
      const last = page.at(-1);
      if (page.length < limit || !last) return;
      after = {createdAt: last.createdAt, id: last.id};
    }
  }
}
