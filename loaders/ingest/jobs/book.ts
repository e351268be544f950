import {hasEnded, type Job} from "../../../src/lib/wire/job.js";
import {summed} from "./batch.js";

/** Filter of jobs; every condition given must hold. */
export interface JobFilter {
  status?: Job["status"] | undefined;
  kind?: Job["kind"] | undefined;
  pair?: string | undefined;
  series?: string | undefined;
  /** created at this instant or later, UTC ms */
  since?: number | undefined;
  limit: number;
}

/** Returns true when a filter includes single histories: it has a condition that only they meet, or a status. */
export const wantsHistories = ({status, pair, series}: Omit<JobFilter, "limit">): boolean =>
  status !== undefined || pair !== undefined || series !== undefined;

/** Returns true if a job meets every condition of a filter. */
export const matches = (job: Job, {status, kind, pair, series, since}: Omit<JobFilter, "limit">): boolean =>
  (status === undefined || job.status === status) &&
  (kind === undefined || job.kind === kind) &&
  (pair === undefined || job.pair === pair) &&
  (series === undefined || job.series === series) &&
  (since === undefined || job.createdAt >= since);

/**
 * The jobs in memory, indexed by id, batch and status, so that a query costs no more than its result. The sum of a
 * batch is cached until one of its children changes.
 */
export class JobBook {
  private readonly jobs = new Map<string, Job>();
  private readonly childIds = new Map<string, string[]>();
  private readonly unfinished = new Map<string, number>();
  private readonly sums = new Map<string, Job>();
  private readonly states = new Map<Job["status"], Set<string>>();
  private newest: Job[] | undefined;
  /** number of jobs visited so far: the cost of all queries */
  visits = 0;

  get size(): number {
    return this.jobs.size;
  }

  has(id: string): boolean {
    return this.jobs.has(id);
  }

  /** Adds or updates a job. */
  set(job: Job): void {
    const old = this.jobs.get(job.id);
    this.jobs.set(job.id, job);
    const {parentId} = job;
    if (parentId === null) {
      this.newest = undefined;
      this.sums.delete(job.id);
      return;
    }
    if (!old) {
      const siblings = this.childIds.get(parentId);
      if (siblings) siblings.push(job.id);
      else this.childIds.set(parentId, [job.id]);
    }
    const change = Number(!hasEnded(job)) - Number(old !== undefined && !hasEnded(old));
    if (change !== 0) this.unfinished.set(parentId, (this.unfinished.get(parentId) ?? 0) + change);
    if (old?.status !== job.status) {
      if (old) this.states.get(old.status)!.delete(job.id);
      this.idsOf(job.status).add(job.id);
    }
    this.sums.delete(parentId);
  }

  /** Returns one job; a batch is summed over its children. */
  get(id: string): Job | undefined {
    const job = this.jobs.get(id);
    if (!job || !this.childIds.has(id)) return job;
    let sum = this.sums.get(id);
    if (!sum) this.sums.set(id, (sum = summed(job, this.children(id))));
    return sum;
  }

  /** Returns the children of a batch, in the order of the request. */
  children(id: string): Job[] {
    const ids = this.childIds.get(id) ?? [];
    this.visits += ids.length;
    return ids.map((child) => this.jobs.get(child)!);
  }

  /** Returns true when every child of a batch has finished. */
  isEnded(id: string): boolean {
    return (this.unfinished.get(id) ?? 0) === 0;
  }

  /** Returns single histories in a status, in the order in which they reached it. */
  of(status: Job["status"]): Job[] {
    const ids = this.idsOf(status);
    this.visits += ids.size;
    return [...ids].map((id) => this.jobs.get(id)!);
  }

  /** Every job without a parent as created, not summed, newest first. */
  get parents(): readonly Job[] {
    return (this.newest ??= [...this.jobs.values()]
      .filter((job) => job.parentId === null)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)));
  }

  /** Returns the jobs that match a filter: batches newest first, each followed by its matching histories. */
  list(filter: JobFilter): Job[] {
    const {limit, since = -Infinity} = filter;
    const withHistories = wantsHistories(filter);
    const found: Job[] = [];
    for (const {id, createdAt} of this.parents) {
      if (createdAt < since || found.length >= limit) break;
      const batch = this.get(id)!;
      if (matches(batch, filter)) found.push(batch);
      if (withHistories) found.push(...this.children(id).filter((job) => matches(job, filter)));
    }
    return found.slice(0, limit);
  }

  /**
   * Returns single histories that started or finished at an instant (UTC ms) or later; skips batches that finished
   * before it.
   */
  since(ts: number): Job[] {
    return this.parents.flatMap(({id}) => {
      const {finishedAt, status} = this.get(id)!;
      if (hasEnded({status}) && (finishedAt ?? 0) < ts) return [];
      return this.children(id).filter((job) => (job.finishedAt ?? job.startedAt ?? 0) >= ts);
    });
  }

  /** Removes a batch and its children from memory; the store keeps them. */
  drop(id: string): void {
    for (const job of [...this.children(id), this.jobs.get(id)!]) {
      this.jobs.delete(job.id);
      this.states.get(job.status)?.delete(job.id);
    }
    this.childIds.delete(id);
    this.unfinished.delete(id);
    this.sums.delete(id);
    this.newest = undefined;
  }

  private idsOf(status: Job["status"]): Set<string> {
    let ids = this.states.get(status);
    if (!ids) this.states.set(status, (ids = new Set()));
    return ids;
  }
}
