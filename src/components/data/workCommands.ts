import type {EngineClient} from "../engine/engineClient.js";
import type {Selection} from "../ui/selection.js";
import {bulkWords, errorWords, isBatch, jobName, plannedWords, retriedWords, type TrackedPair} from "../ingest/workModel.js";
import type {BulkReport, PlannedReport, RetriedReport, TaskReport} from "../../lib/wire/data.js";
import type {Job} from "../../lib/wire/job.js";

/** Maximum of ids in one bulk command. */
const MAX_IDS = 1_000;

/** Returns the commands of the Data page; each reports its result, or why it was rejected. */
export function WorkCommands(
  client: Pick<EngineClient, "post">,
  {report, done}: {report: (lines: readonly string[]) => void; done: () => void}
) {
  const run = async <T>(doing: Promise<T>, words: (answer: T) => readonly string[]): Promise<void> => {
    try {
      report(words(await doing));
      done();
    } catch (error) {
      report([errorWords(error)]);
    }
  };
  const of = (id: string, verb: string) => `/jobs/${encodeURIComponent(id)}/${verb}`;
  const many = (verb: "retry" | "cancel", did: string, selection: Selection): Promise<void> =>
    run(client.post<BulkReport>(`/jobs/${verb}`, {ids: selection.ids().slice(0, MAX_IDS)}), (reply) => {
      const {done: words, left} = bulkWords(did, reply, selection.nameOf);
      selection.clear();
      return [words, ...left];
    });
  return {
    retryFailed: () => run(client.post<RetriedReport>("/jobs/retry-failed"), (answer) => [retriedWords(answer)]),
    repair: () => run(client.post<PlannedReport>("/gaps/repair"), plannedWords),
    update: () => run(client.post<PlannedReport>("/jobs", {kind: "update"}), plannedWords),
    retryMany: (selection: Selection) => many("retry", "queued again", selection),
    cancelMany: (selection: Selection) => many("cancel", "cancelled", selection),
    retry: (job: Job) =>
      run(
        client.post<RetriedReport>(isBatch(job) ? `/batches/${encodeURIComponent(job.id)}/retry` : of(job.id, "retry")),
        (answer) => [retriedWords(answer)]
      ),
    cancel: (job: Job) =>
      run(client.post<{cancelled: Job[]}>(of(job.id, "cancel")), ({cancelled}) => [
        cancelled.length
          ? `Cancelled: ${jobName(job)}. Rows already written are kept.`
          : `${jobName(job)} had already ended; nothing was cancelled.`
      ]),
    enable: ({pair, venue}: TrackedPair, enabled: boolean) =>
      run(client.post(`/tracked/${enabled ? "enable" : "disable"}`, {pairs: [pair], venue}), () => [
        enabled
          ? `Updates of ${pair} at ${venue} are resumed; the next one fetches the missed rows.`
          : `Updates of ${pair} at ${venue} are paused until you resume them.`
      ]),
    remove: ({pair, venue}: TrackedPair) =>
      run(client.post("/tracked/remove", {pairs: [pair], venue}), () => [
        `${pair} at ${venue} is no longer tracked. Its rows are kept.`
      ]),
    runTask: ({name}: TaskReport) =>
      run(client.post<TaskReport>(`/schedule/${encodeURIComponent(name)}/run`), (task) => [
        `${name}: ${task.failed ? "failed, " : ""}${task.result ?? (task.running ? "runs" : "done")}`
      ])
  };
}
