import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {z} from "zod";
import type {JobSummary} from "../../src/lib/market/snapshot.js";
import {DataError} from "../errors.js";
import {writeAtomically} from "./files.js";

const hole = z.object({
  from: z.number(),
  to: z.number(),
  rows: z.number(),
  state: z.enum(["open", "confirmed missing", "ambiguous"])
});

const part = z.object({
  path: z.string(),
  series: z.string(),
  venue: z.string(),
  pair: z.string(),
  timeframe: z.string(),
  year: z.number(),
  rows: z.number(),
  minTs: z.number(),
  maxTs: z.number(),
  bytes: z.number(),
  sha256: z.string()
});

const series = z.object({
  venue: z.string(),
  pair: z.string(),
  series: z.string(),
  timeframe: z.string(),
  rows: z.number(),
  /** stamp of the first row */
  from: z.number(),
  /** end of the newest row, exclusive */
  to: z.number(),
  /** stamp of the newest row */
  lastTs: z.number(),
  /** length of the newest interval or candle; of a series without a grid the newest distance of two rows */
  intervalMs: z.number().nullable(),
  /** share of the rows due that are there; null for a series without a grid, of which none are due */
  coverage: z.number().nullable(),
  holes: z.array(hole),
  /** what rows do not tell, e.g. settlements given two rates, rejected rows, jumps that no market makes */
  remarks: z
    .array(
      z.object({
        kind: z.enum(["revised", "doubt", "begins", "ended", "jump", "idle"]),
        ts: z.number(),
        toTs: z.number().nullable(),
        was: z.string().nullable(),
        now: z.string().nullable(),
        reason: z.string().nullable(),
        foundTs: z.number()
      })
    )
    .optional(),
  /** spans requested and answered, with their source: `file` or an API's base URL */
  proven: z.array(z.object({from: z.number(), to: z.number(), origin: z.string()})),
  verifiedTs: z.number(),
  /** when the market ended, where known; an ended history is never stale */
  endedTs: z.number().nullable().default(null)
});

const manifest = z.object({
  version: z.literal(1),
  generation: z.number(),
  kind: z.enum(["real", "simulated"]),
  publishedTs: z.number(),
  parts: z.array(part),
  series: z.array(series),
  jobs: z.array(z.custom<JobSummary>((job) => typeof job === "object" && job !== null)),
  /** histories in the scheduled updates */
  tracked: z
    .array(
      z.object({
        venue: z.string(),
        pair: z.string(),
        series: z.string(),
        timeframe: z.string(),
        fromTs: z.number(),
        chosenBy: z.string(),
        sinceTs: z.number(),
        enabled: z.boolean().default(true)
      })
    )
    .default([]),
  incidents: z.array(z.object({ts: z.number(), kind: z.string(), text: z.string()}))
});

/** A live Parquet file of the lake; `path` is relative to `lake/`. */
export type Part = z.infer<typeof part>;
/** The coverage ledger's entry of one history; instants are UTC ms. */
export type SeriesEntry = z.infer<typeof series>;
/** The published state of a data directory: its live files and proven spans. Renamed into place last. */
export type Manifest = z.infer<typeof manifest>;

export const lakeDir = (dataDir: string): string => join(dataDir, "lake");
export const manifestPath = (dataDir: string): string => join(lakeDir(dataDir), "manifest.json");

/** Returns the manifest of a data directory without rows. */
export const emptyManifest = (kind: Manifest["kind"] = "real"): Manifest => ({
  version: 1,
  generation: 0,
  kind,
  publishedTs: 0,
  parts: [],
  series: [],
  jobs: [],
  tracked: [],
  incidents: []
});

/**
 * Reads the manifest of a data directory, also while the store is locked.
 * @returns undefined when nothing was published yet
 * @throws DataError when the file is not a manifest
 */
export function readManifest(dataDir: string): Manifest | undefined {
  const path = manifestPath(dataDir);
  if (!existsSync(path)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new DataError(`invalid manifest: ${path} (${(error as Error).message})`, {
      fix: "delete it and run `npx carrybook publish`, which rewrites it from the store",
      cause: error
    });
  }
  const result = manifest.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new DataError(`invalid manifest: ${path} (${issue.path.join(".")}: ${issue.message})`, {
    fix: "delete it and run `npx carrybook publish`, which rewrites it from the store",
    cause: result.error
  });
}

/** Replaces the published manifest by one rename: a reader sees the old one or the new one. */
export function writeManifest(dataDir: string, value: Manifest): void {
  writeAtomically(dataDir, manifestPath(dataDir), JSON.stringify(value));
}
