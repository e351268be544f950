import {expect, it} from "vitest";
import {publish} from "../../../loaders/lake/publish.js";
import {statusOf} from "../../../loaders/snapshots/status.js";
import {saveJob} from "../../../loaders/store/jobs.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";
import {NOW, open} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

/** The issues about jobs in a store that has these failed ones. */
async function issuesOf(jobs: readonly [kind: Job["kind"], given: Partial<Job>][]) {
  const dir = tmp();
  const db = await open(dir);
  for (const [i, [kind, given]] of jobs.entries())
    await saveJob(db, newJob(`job-${i}`, kind, NOW, {status: "failed", ...given}));
  await publish(db);
  await db.close();
  return statusOf(dir, NOW).issues;
}

const history = {parentId: "job-0", pair: "BTC/USDT"};

it("files left out of an import are no failed jobs: nothing can retry them", async () => {
  expect(await issuesOf(Array.from({length: 7}, () => ["import", {}]))).toEqual([
    {level: "info", text: "7 files of recent imports were left out", fix: "npx carrybook jobs"}
  ]);
  expect(await issuesOf([["import", {pair: "BTC/USDT"}]])).toEqual([
    {level: "info", text: "1 file of recent imports was left out", fix: "npx carrybook jobs"}
  ]);
});

it("failed histories are counted, their batch is not, and the fix retries them", async () => {
  expect(
    await issuesOf([
      ["backfill", {}],
      ["backfill", history],
      ["backfill", history],
      ["import", {}]
    ])
  ).toEqual([
    {level: "warning", text: "2 recent jobs failed", fix: "npx carrybook jobs retry-failed"},
    {level: "info", text: "1 file of recent imports was left out", fix: "npx carrybook jobs"}
  ]);
});

it("a batch that failed before it had histories is said by itself", async () => {
  expect(await issuesOf([["update", {}]])).toEqual([
    {level: "warning", text: "1 recent batch failed", fix: "npx carrybook jobs"}
  ]);
});

it("jobs that did not fail are no issue", async () => {
  expect(await issuesOf([["import", {status: "completed"}]])).toEqual([]);
});
