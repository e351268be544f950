import type {Clock} from "../../loaders/exchange/types.js";
import type {JobEvent, JobService} from "../../loaders/ingest/jobs/service.js";
import {hasEnded, type Job} from "../../src/lib/wire/job.js";
import type {EmitEvent} from "../hub.js";
import {Coalescer} from "./coalesce.js";
import {Movement} from "./movement.js";

/**
 * Emits the queue's progress as `job` and `batch` events, each job thinned out. A batch counts as ended only once the lake
 * contains its rows.
 */
export class Announcer {
  /** batches that ended since the lake was last published */
  private readonly unpublished = new Set<string>();
  private readonly movement = new Movement();
  private readonly coalescer: Coalescer;

  constructor(
    private readonly clock: Clock,
    private readonly emit: EmitEvent
  ) {
    this.coalescer = new Coalescer(clock);
  }

  /** Takes an event of the queue and announces what it changes. */
  take(event: JobEvent, service: JobService): void {
    if (event.type === "published") return;
    const {emit, coalescer} = this;
    const {job} = event;
    const {id, parentId} = job;
    if (event.type === "batch") {
      this.unpublished.delete(id);
      coalescer.offer(id, () => emit("batch", job), {urgent: true});
      return;
    }
    if (parentId === null) return;
    this.movement.watch(job, this.clock.now());
    const urgent = job.status !== "in_progress" || job.step === "plan";
    coalescer.offer(id, () => emit("job", job), {urgent});
    if (hasEnded(job) && hasEnded(service.get(parentId)!)) this.unpublished.add(parentId);
    coalescer.offer(parentId, () => emit("batch", this.view(service.get(parentId)!)));
  }

  /** Returns a job as clients see it: a batch in the step `publish` until the lake contains its rows. */
  view(job: Job): Job {
    if (!this.unpublished.has(job.id) || !hasEnded(job)) return job;
    return {...job, status: "in_progress", step: "publish", finishedAt: null};
  }

  /** Returns the working jobs without progress for `longestMs`, described in words. */
  stuck(working: readonly Job[], longestMs: number): {id: string; message: string}[] {
    return this.movement.stuck(working, this.clock.now(), longestMs);
  }

  close(): void {
    this.coalescer.close();
  }
}
