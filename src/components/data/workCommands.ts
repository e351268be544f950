import type {EngineClient} from "../engine/engineClient.js";
import type {Selection} from "../ui/selection.js";
import {bulkWords, errorWords, isBatch, jobName, plannedWords, retriedWords, type TrackedPair} from "../ingest/workModel.js";
import type {BulkReport, PlannedReport, RetriedReport, TaskReport} from "../../lib/wire/data.js";
import type {Job} from "../../lib/wire/job.js";

/** Jobs that one command over many may name. */
const MOST_IDS = 1_000;

/** The commands of the Data page; what each answered, or why it was refused, is said in words. */
export function WorkCommands(
  client: Pick<EngineClient, "post">,
  {say, done}: {say: (words: readonly string[]) => void; done: () => void}
) {
  const run = async <T>(doing: Promise<T>, words: (answer: T) => readonly string[]): Promise<void> => {
    try {
      say(words(await doing));
      done();
    } catch (error) {
      say([errorWords(error)]);
    }
  };
  const of = (id: string, verb: string) => `/jobs/${encodeURIComponent(id)}/${verb}`;
  const many = (verb: "retry" | "cancel", did: string, selection: Selection): Promise<void> =>
    run(client.post<BulkReport>(`/jobs/${verb}`, {ids: selection.ids().slice(0, MOST_IDS)}), (report) => {
      const {done: words, left} = bulkWords(did, report, selection.nameOf);
      selection.clear();
      return [words, ...left];
    });
  return {
    retryFailed: () => run(client.post<RetriedReport>("/jobs/retry-failed"), (answer) => [retriedWords(answer)]),
    repair: () => run(client.post<PlannedReport>("/gaps/repair"), plannedWords),
    update: () => run(client.post<PlannedReport>("/jobs", {kind: "update"}), plannedWords),
    retryMany: (selection: Selection) => many("retry", "put back", selection),
    cancelMany: (selection: Selection) => many("cancel", "cancelled", selection),
    retry: (job: Job) =>
      run(
        client.post<RetriedReport>(isBatch(job) ? `/batches/${encodeURIComponent(job.id)}/retry` : of(job.id, "retry")),
        (answer) => [retriedWords(answer)]
      ),
    cancel: (job: Job) =>
      run(client.post<{cancelled: Job[]}>(of(job.id, "cancel")), ({cancelled}) => [
        cancelled.length
          ? `Cancelled: ${jobName(job)}. What was written stays.`
          : `${jobName(job)} had ended already; nothing was cancelled.`
      ]),
    enable: ({pair, venue}: TrackedPair, enabled: boolean) =>
      run(client.post(`/tracked/${enabled ? "enable" : "disable"}`, {pairs: [pair], venue}), () => [
        enabled
          ? `${pair} of ${venue} is updated again; the next update fetches what was missed.`
          : `${pair} of ${venue} is paused: updates leave it out until it is taken up again.`
      ]),
    remove: ({pair, venue}: TrackedPair) =>
      run(client.post("/tracked/remove", {pairs: [pair], venue}), () => [
        `${pair} of ${venue} is no longer tracked. Its rows stay.`
      ]),
    runTask: ({name}: TaskReport) =>
      run(client.post<TaskReport>(`/schedule/${encodeURIComponent(name)}/run`), (report) => [
        `${name}: ${report.failed ? "failed, " : ""}${report.result ?? (report.running ? "runs" : "done")}`
      ])
  };
}
