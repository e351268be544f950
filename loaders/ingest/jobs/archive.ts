import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import type {Database} from "../../store/database.js";
import {batchIdOf, hasJobsBefore, lastSerial, queryJobs, readBatches, readLiveJobs} from "../../store/jobs.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {wantsHistories, type JobBook, type JobFilter} from "./book.js";

/** Ended work stays in memory for three days, and less long where there is very much of it; the store keeps all. */
export const KEEP_MS = 3 * DAY_MS;
const MOST_JOBS = 20_000;
/** What ended within the hour stays in memory whatever there is: somebody may be following it. */
const FRESH_MS = HOUR_MS;
/** Rows of the store that are read at once. */
const PAGE = 1_000;

/** A child's place in its batch, from 1; 0 for the batch itself. */
const place = ({id}: Job): number => Number(id.split(".")[1] ?? 0);

const newestFirst = (a: Job, b: Job): number => {
  const [x, y] = [batchIdOf(a.id), batchIdOf(b.id)];
  return b.createdAt - a.createdAt || (x === y ? place(a) - place(b) : x < y ? 1 : -1);
};

/** What is between the jobs in memory and those that the store keeps, which are all of them. */
export class JobArchive {
  /** the number of the newest batch */
  serial = 0;
  /** the newest instant at which a job was created that the store keeps and memory does not; none at first */
  private goneTs = -Infinity;

  private constructor(
    private readonly db: Database,
    private readonly book: JobBook
  ) {}

  /** Fills the book with what is recent and what is unfinished. */
  static async open(db: Database, book: JobBook): Promise<JobArchive> {
    const archive = new JobArchive(db, book);
    const since = db.now() - KEEP_MS;
    await db.exclusive(async () => {
      archive.take(await readLiveJobs(db, since));
      archive.serial = await lastSerial(db);
      if (await hasJobsBefore(db, since)) archive.goneTs = since;
    });
    return archive;
  }

  /** Takes in what the store keeps, children in the order they were asked for. */
  private take(jobs: readonly Job[]): void {
    for (const job of [...jobs].sort((a, b) => a.createdAt - b.createdAt || place(a) - place(b)))
      if (!this.book.has(job.id))
        this.book.set({...job, pages: job.pages ?? 0, pagesExpected: job.pagesExpected ?? null});
  }

  /** Brings back what memory has let go of, so that it can be shown, retried or cancelled like any other. */
  async recall(ids: readonly string[]): Promise<void> {
    const gone = [...new Set(ids.filter((id) => !this.book.has(id)).map(batchIdOf))];
    if (this.goneTs === -Infinity || gone.length === 0) return;
    this.take(await this.db.exclusive(() => readBatches(this.db, gone)));
  }

  /** Brings back every failed job. */
  async recallFailed(): Promise<void> {
    if (this.goneTs === -Infinity) return;
    const query = {status: "failed", histories: true, limit: MOST_JOBS};
    const failed = await this.db.exclusive(() => queryJobs(this.db, query));
    await this.recall(failed.map(({id}) => id));
  }

  /**
   * Lets go of ended batches that are old, and of the oldest where there are very many.
   * @returns their ids
   */
  trim(isHeld: (id: string) => boolean): string[] {
    const {book} = this;
    const now = this.db.now();
    const gone: string[] = [];
    for (const {id} of [...book.parents].reverse()) {
      const {finishedAt, createdAt} = book.get(id)!;
      if (!book.isEnded(id) || isHeld(id)) continue;
      const age = now - (finishedAt ?? createdAt);
      if (age < KEEP_MS && (age < FRESH_MS || book.size <= MOST_JOBS)) continue;
      book.drop(id);
      gone.push(id);
      this.goneTs = Math.max(this.goneTs, createdAt);
    }
    return gone;
  }

  /** What a filter asks for: from memory, and where that does not suffice, from the store. */
  async list(filter: JobFilter): Promise<Job[]> {
    const found = this.book.list(filter);
    const {since = -Infinity, limit} = filter;
    // The last one asked for is newer than anything that memory lacks.
    if (this.goneTs === -Infinity) return found;
    if (Math.max(since, found.length < limit ? -Infinity : found.at(-1)!.createdAt) > this.goneTs) return found;
    const query = {...filter, histories: wantsHistories(filter), limit: limit + this.book.size};
    const stored = await this.db.exclusive(() => queryJobs(this.db, query));
    // What is in memory has been asked already, with figures that are newer than the store's.
    return [...found, ...stored.filter((job) => !this.book.has(job.id))].sort(newestFirst).slice(0, limit);
  }

  /** Every job that a filter asks for, batches and histories, newest first, a page of the store at a time. */
  async *export({limit: most = Infinity, ...filter}: Omit<JobFilter, "limit"> & {limit?: number}): AsyncGenerator<Job> {
    let left = most;
    let after: {createdAt: number; id: string} | undefined;
    while (left > 0) {
      const limit = Math.min(PAGE, left);
      const page = await this.db.exclusive(() => queryJobs(this.db, {...filter, histories: true, limit, after}));
      for (const job of page) yield this.book.get(job.id) ?? job;
      left -= page.length;
      const last = page.at(-1);
      if (page.length < limit || !last) return;
      after = {createdAt: last.createdAt, id: last.id};
    }
  }
}
