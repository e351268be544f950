import {parsePair} from "../../lib/market/pair.js";
import {jobName, jobSpan, statusWords} from "../ingest/workModel.js";
import {errorText, type Job} from "../../lib/wire/job.js";

/** Filter of the job history as chosen; empty matches any. */
export interface JobFilter {
  status: string;
  kind: string;
  pair: string;
  text: string;
}

export const STATES = [
  {value: "", label: "any state"},
  {value: "in_progress", label: "running"},
  {value: "queued", label: "waiting"},
  {value: "completed", label: "done"},
  {value: "failed", label: "failed"},
  {value: "cancelled", label: "cancelled"}
] as const;

export const KINDS = [
  {value: "", label: "any kind"},
  {value: "backfill", label: "fetch history"},
  {value: "update", label: "fetch new rows"},
  {value: "repair", label: "repair holes"},
  {value: "import", label: "import files"},
  {value: "features", label: "compute features"}
] as const;

/** Returns the query of `GET /jobs` and `/jobs/export`. @throws RangeError `invalid pair: VALUE` */
export function jobQuery({status, kind, pair}: JobFilter, {limit}: {limit?: number} = {}): string {
  const params = new URLSearchParams();
  if (limit !== undefined) params.set("limit", String(limit));
  if (status) params.set("status", status);
  if (kind) params.set("kind", kind);
  if (pair.trim()) params.set("pair", parsePair(pair));
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** Returns whether every word occurs in the job's name, id, state, time range or error. */
export function matchesWords(job: Job, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const haystack = [jobName(job), job.id, job.kind, job.venue, statusWords(job, 0), jobSpan(job), errorText(job)]
    .filter(Boolean)
    .join(" ")
    .toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** Returns the lines of an export that contain every word. */
export function filterLines(ndjson: string, text: string): {ndjson: string; lines: number} {
  const lines = ndjson.split("\n").filter(Boolean);
  const kept = text.trim() ? lines.filter((line) => matchesWords(JSON.parse(line) as Job, text)) : lines;
  return {ndjson: kept.map((line) => `${line}\n`).join(""), lines: kept.length};
}
