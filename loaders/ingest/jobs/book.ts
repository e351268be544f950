import {hasEnded, type Job} from "../../../src/lib/wire/job.js";
import {summed} from "./batch.js";

/** What of the jobs is asked for; every condition that is given must hold. */
export interface JobFilter {
  status?: Job["status"] | undefined;
  kind?: Job["kind"] | undefined;
  pair?: string | undefined;
  series?: string | undefined;
  /** created at this instant or later, UTC ms */
  since?: number | undefined;
  limit: number;
}

/** Whether single histories are asked for too: a condition on what only they have, or on a state. */
export const wantsHistories = ({status, pair, series}: Omit<JobFilter, "limit">): boolean =>
  status !== undefined || pair !== undefined || series !== undefined;

/** Whether a job meets every condition. */
export const matches = (job: Job, {status, kind, pair, series, since}: Omit<JobFilter, "limit">): boolean =>
  (status === undefined || job.status === status) &&
  (kind === undefined || job.kind === kind) &&
  (pair === undefined || job.pair === pair) &&
  (series === undefined || job.series === series) &&
  (since === undefined || job.createdAt >= since);

/**
 * The jobs in memory, by id, by batch and by state, so that no question costs more than its answer: the sum of a batch is
 * kept until one of its children changes, and what is queued or running is found without looking at the rest.
 */
export class JobBook {
  private readonly jobs = new Map<string, Job>();
  private readonly childIds = new Map<string, string[]>();
  private readonly openChildren = new Map<string, number>();
  private readonly sums = new Map<string, Job>();
  private readonly states = new Map<Job["status"], Set<string>>();
  private newest: Job[] | undefined;
  /** jobs that were looked at one by one so far: what the questions have cost */
  visits = 0;

  get size(): number {
    return this.jobs.size;
  }

  has(id: string): boolean {
    return this.jobs.has(id);
  }

  /** Takes in a job, or its new figures. */
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
    if (change !== 0) this.openChildren.set(parentId, (this.openChildren.get(parentId) ?? 0) + change);
    if (old?.status !== job.status) {
      if (old) this.states.get(old.status)!.delete(job.id);
      this.idsOf(job.status).add(job.id);
    }
    this.sums.delete(parentId);
  }

  /** One job; a batch is summed over its children. */
  get(id: string): Job | undefined {
    const job = this.jobs.get(id);
    if (!job || !this.childIds.has(id)) return job;
    let sum = this.sums.get(id);
    if (!sum) this.sums.set(id, (sum = summed(job, this.children(id))));
    return sum;
  }

  /** The children of a batch, in the order they were asked for. */
  children(id: string): Job[] {
    const ids = this.childIds.get(id) ?? [];
    this.visits += ids.length;
    return ids.map((child) => this.jobs.get(child)!);
  }

  /** Whether every child of a batch has ended. */
  isEnded(id: string): boolean {
    return (this.openChildren.get(id) ?? 0) === 0;
  }

  /** Single histories in a state, in the order in which they came to it. */
  of(status: Job["status"]): Job[] {
    const ids = this.idsOf(status);
    this.visits += ids.size;
    return [...ids].map((id) => this.jobs.get(id)!);
  }

  /** Every job without a parent, as it was created, newest first. */
  get parents(): readonly Job[] {
    return (this.newest ??= [...this.jobs.values()]
      .filter((job) => job.parentId === null)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)));
  }

  /** What a filter asks for, batches newest first, each before those of its histories that are meant too. */
  list(filter: JobFilter): Job[] {
    const {limit, since = -Infinity} = filter;
    const deep = wantsHistories(filter);
    const found: Job[] = [];
    for (const {id, createdAt} of this.parents) {
      if (createdAt < since || found.length >= limit) break;
      const batch = this.get(id)!;
      if (matches(batch, filter)) found.push(batch);
      if (deep) found.push(...this.children(id).filter((job) => matches(job, filter)));
    }
    return found.slice(0, limit);
  }

  /** Single histories that ended or began at an instant or later; batches that ended before it are not looked into. */
  since(ts: number): Job[] {
    return this.parents.flatMap(({id}) => {
      const {finishedAt, status} = this.get(id)!;
      if (hasEnded({status}) && (finishedAt ?? 0) < ts) return [];
      return this.children(id).filter((job) => (job.finishedAt ?? job.startedAt ?? 0) >= ts);
    });
  }

  /** Lets go of a batch and its children; the store keeps them. */
  drop(id: string): void {
    for (const job of [...this.children(id), this.jobs.get(id)!]) {
      this.jobs.delete(job.id);
      this.states.get(job.status)?.delete(job.id);
    }
    this.childIds.delete(id);
    this.openChildren.delete(id);
    this.sums.delete(id);
    this.newest = undefined;
  }

  private idsOf(status: Job["status"]): Set<string> {
    let ids = this.states.get(status);
    if (!ids) this.states.set(status, (ids = new Set()));
    return ids;
  }
}
