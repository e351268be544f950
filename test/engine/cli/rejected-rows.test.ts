import {expect, it} from "vitest";
import {reportBatches} from "../../../engine/cli/ingest.js";
import type {Context} from "../../../engine/cli/context.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";

/** Returns what a command says of finished jobs beside its result. */
function notesOf(children: readonly Job[]): string[] {
  const notes: string[] = [];
  const output = {progress: () => undefined, document: () => undefined, note: (text: string) => void notes.push(text)};
  const batch = {...newJob("b", "backfill", 0, {}), status: "completed" as const, children: [...children]};
  reportBatches({output} as unknown as Context, [batch], {});
  return notes;
}
const job = (quality: Job["quality"]): Job => ({
  ...newJob("job-7", "backfill", 0, {venue: "binance", series: "funding", pair: "BTC/USDT", timeframe: ""}),
  status: "completed",
  quality
});

it("rows that a venue gave unreadably are counted where the command ends, with or without an instant", () => {
  expect(notesOf([job({rejected: 0, repeats: 0, outside: 0})])).toEqual([]);
  expect(notesOf([job(null)])).toEqual([]);
  expect(notesOf([job({rejected: 1})])).toEqual([
    expect.stringMatching(/BTC\/USDT.*1 row was rejected.*jobs show job-7/)
  ]);
  expect(notesOf([job({rejected: 1_200})])).toEqual([expect.stringContaining("1,200 rows were rejected")]);
});
