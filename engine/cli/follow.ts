import {setTimeout as wait} from "node:timers/promises";
import type {JobDetailReport} from "../../src/lib/wire/data.js";
import {hasEnded, type Job} from "../../src/lib/wire/job.js";
import {LockedError} from "../../loaders/errors.js";
import type {EngineClient, Submitted} from "./client.js";
import type {Context} from "./context.js";
import {noteRetry, showProgress, reportBatches} from "./ingest.js";

type Batch = JobDetailReport;

/** Backoff between attempts to reconnect to a broken stream, ms. */
const RECONNECT_MS = [200, 1_000, 3_000];

/** Submits work to the engine and follows it to its end, like local work. */
export async function followBatches(
  engine: EngineClient,
  context: Context,
  path: string,
  body: unknown
): Promise<number> {
  return followSubmitted(engine, context, await engine.submit(path, body, context.signal));
}

/** Follows work that the engine has accepted. Ctrl-C stops following, not the work. */
export async function followSubmitted(
  engine: EngineClient,
  context: Context,
  {batches, notes}: Submitted,
  onEnded: (batch: Job) => void = () => undefined
): Promise<number> {
  const {output, signal} = context;
  for (const {line, level} of notes) output.note(line, level);
  if (batches.length > 0)
    output.note(`the engine (pid ${engine.info.pid}) accepted it: ${batches.map(({id}) => id).join(", ")}`);
  const followed = new Map<string, Batch | undefined>(batches.map(({id}) => [id, undefined]));
  const open = () => [...followed.values()].some((batch) => batch === undefined || !hasEnded(batch));
  const refresh = async (id: string) => {
    followed.set(id, await engine.get<Batch>(`/jobs/${encodeURIComponent(id)}`, signal));
  };
  const leave = new AbortController();
  const stop = AbortSignal.any([signal, leave.signal]);
  try {
    for (let broken = 0; open(); broken++) {
      if (broken > RECONNECT_MS.length) throw gone(engine, batches);
      if (broken > 0) await wait(RECONNECT_MS[broken - 1], undefined, {signal});
      try {
        for await (const {event, data} of engine.events(stop)) {
          broken = 0;
          // The stream begins with a status. Batches may have ended before it, so their state is queried then.
          if (event === "status" || event === "reset")
            for (const id of followed.keys()) if (!isDone(followed.get(id))) await refresh(id);
          if (event === "job") {
            const job = JSON.parse(data) as Job;
            const batch = job.parentId === null ? undefined : followed.get(job.parentId);
            if (batch) {
              batch.children = batch.children.map((child) => (child.id === job.id ? job : child));
              noteRetry(context, job);
            }
          }
          if (event === "batch") {
            const job = JSON.parse(data) as Job;
            const batch = followed.get(job.id);
            if (batch && hasEnded(job)) await refresh(job.id);
            else if (batch) {
              followed.set(job.id, {...batch, ...job});
              showProgress(context, job, batch.children);
            }
          }
          if (!open()) break;
        }
      } catch (error) {
        if (signal.aborted || !(error instanceof LockedError || (error as Error).name === "TypeError")) throw error;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    output.progress(undefined);
    output.note(
      `the engine (pid ${engine.info.pid}) continues with ${batches.map(({id}) => id).join(", ")}: \`npx carrybook jobs show ${batches[0]?.id}\` shows its result, \`jobs cancel\` cancels it`
    );
    return 130;
  } finally {
    leave.abort();
  }
  const ended = [...followed.values()] as Batch[];
  ended.forEach(onEnded);
  const usage = Object.fromEntries(ended.flatMap(({venue, usage}) => (venue && usage ? [[venue, usage]] : [])));
  return reportBatches(
    context,
    ended.map(({usage: _, ...batch}) => {
      const {log: __, ...rest} = batch as typeof batch & {log?: unknown};
      return rest;
    }),
    usage
  );
}

const isDone = (batch: Job | undefined): boolean => batch !== undefined && hasEnded(batch);

const gone = ({info}: EngineClient, batches: readonly Job[]): LockedError =>
  new LockedError(`engine does not answer: pid ${info.pid} at ${info.url}`, {
    fix: `${batches.map(({id}) => id).join(", ")} stays queued and resumes when an engine or \`jobs retry\` runs`
  });
