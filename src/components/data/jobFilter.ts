import {parsePair} from "../../lib/market/pair.js";
import {jobName, jobSpan, statusWords} from "../ingest/workModel.js";
import type {Job} from "../../lib/wire/job.js";

/** What of the history of jobs is asked for, as it was chosen; empty is any. */
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
  {value: "update", label: "fetch what is new"},
  {value: "repair", label: "repair holes"},
  {value: "import", label: "import files"},
  {value: "features", label: "compute features"}
] as const;

/** The query of `GET /jobs` and of `/jobs/export`. @throws `invalid pair: VALUE` */
export function jobQuery({status, kind, pair}: JobFilter, {limit}: {limit?: number} = {}): string {
  const params = new URLSearchParams();
  if (limit !== undefined) params.set("limit", String(limit));
  if (status) params.set("status", status);
  if (kind) params.set("kind", kind);
  if (pair.trim()) params.set("pair", parsePair(pair));
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** Whether a job says every word somewhere: in its name, id, state, stretch or error. */
export function saysWords(job: Job, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const said = [jobName(job), job.id, job.kind, job.venue, statusWords(job, 0), jobSpan(job), job.error]
    .filter(Boolean)
    .join(" ")
    .toLowerCase();
  return words.every((word) => said.includes(word));
}

/** The lines of an export that say every word. */
export function filterLines(ndjson: string, text: string): {ndjson: string; lines: number} {
  const lines = ndjson.split("\n").filter(Boolean);
  const kept = text.trim() ? lines.filter((line) => saysWords(JSON.parse(line) as Job, text)) : lines;
  return {ndjson: kept.map((line) => `${line}\n`).join(""), lines: kept.length};
}
