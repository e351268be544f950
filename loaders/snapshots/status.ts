import {join} from "node:path";
import {freshness, type Hole} from "../../src/lib/market/coverage.js";
import {isCandleSeries, isObservationSeries, isSeries} from "../../src/lib/market/pair.js";
import type {Issue, SeriesStatus, Status} from "../../src/lib/market/snapshot.js";
import {DAY_MS} from "../../src/lib/time/grid.js";
import {DataError} from "../errors.js";
import {readManifest, type Manifest, type SeriesEntry} from "../lake/manifest.js";

/** Returns the state of a data directory from its manifest alone, so it is available while the store is locked. */
export function statusOf(dataDir: string, nowMs: number): Status {
  const manifest = readManifest(dataDir);
  const series = (manifest?.series ?? []).map((entry) => seriesStatus(entry, nowMs));
  const origins = [...new Set((manifest?.series ?? []).flatMap((entry) => entry.proven.map((p) => p.origin)))].sort();
  const urls = origins.filter((origin) => origin !== "file");
  const sum = (own: readonly SeriesStatus[]) => own.reduce((total, s) => total + s.rows, 0);
  const observations = series.filter((s) => isSeries(s.series) && isObservationSeries(s.series));
  const issues = manifest ? findIssues(manifest, series) : [];
  return {
    asOf: nowMs,
    state: series.length === 0 ? "empty" : issues.some((issue) => issue.level !== "info") ? "warning" : "ready",
    source:
      manifest?.kind === "simulated"
        ? "demo"
        : urls.length === 0
          ? "import"
          : urls.length === origins.length
            ? "venue"
            : "mixed",
    simulated: manifest?.kind === "simulated",
    origin: origins.length > 0 ? origins.join(", ") : null,
    pairs: new Set(series.map((s) => s.pair)).size,
    rows: {
      funding: sum(series.filter((s) => s.series === "funding")),
      candles: sum(series.filter((s) => isSeries(s.series) && isCandleSeries(s.series))),
      ...(observations.length > 0 && {observations: sum(observations)})
    },
    first: series.length > 0 ? Math.min(...series.map((s) => s.from)) : null,
    last: series.length > 0 ? Math.max(...series.map((s) => s.lastTs)) : null,
    lastSync: manifest ? manifest.publishedTs : null,
    series,
    lastJobs: manifest?.jobs ?? [],
    issues
  };
}

/**
 * Returns the manifest of a data directory that must have data.
 * @throws DataError that says how to get data
 */
export function requireManifest(dataDir: string): Manifest {
  const manifest = readManifest(dataDir);
  if (!manifest || manifest.series.length === 0) {
    throw new DataError(`missing data: ${join(dataDir, "lake")} is empty`, {
      fix: hasDemo(dataDir)
        ? "npx carrybook backfill --top 20, or npx carrybook import FILE… --venue binance; for the simulated market, add --demo"
        : "npx carrybook backfill --top 20, npx carrybook demo, or npx carrybook import FILE… --venue binance"
    });
  }
  return manifest;
}

const hasDemo = (dataDir: string): boolean => (readManifest(join(dataDir, "demo"))?.series.length ?? 0) > 0;

function seriesStatus(entry: SeriesEntry, nowMs: number): SeriesStatus {
  const {venue, pair, series, timeframe, rows, from, to, lastTs, intervalMs, coverage, holes, remarks} = entry;
  // A candle is known at its end, a settlement or an observation at its stamp.
  const candles = isSeries(series) && isCandleSeries(series);
  const ageMs = Math.max(0, nowMs - (candles ? to : lastTs));
  return {
    venue,
    pair,
    series,
    timeframe,
    rows,
    from,
    to,
    lastTs,
    intervalMs,
    coverage,
    holes,
    ...(remarks && {remarks}),
    freshness: freshness(ageMs, intervalMs ?? 8 * 3_600_000),
    ageMs,
    endedTs: entry.endedTs
  };
}

function findIssues(manifest: Manifest, series: readonly SeriesStatus[]): Issue[] {
  const issues: Issue[] = [];
  const count = (state: Hole["state"]) =>
    series.reduce((sum, s) => sum + s.holes.filter((hole) => hole.state === state).length, 0);
  const open = count("open");
  const ambiguous = count("ambiguous");
  const stale = series.filter((s) => s.freshness === "stale" && s.endedTs === null);
  for (const {text} of manifest.incidents) issues.push({level: "warning", text, fix: "npx carrybook doctor"});
  if (open > 0) {
    issues.push({
      level: "warning",
      text: `${plural(open, "hole")} in the history`,
      fix: manifest.tracked.length > 0 ? "npx carrybook gaps --repair" : "npx carrybook gaps"
    });
  }
  if (ambiguous > 0) {
    issues.push({
      level: "info",
      text: `${plural(ambiguous, "stretch", "stretches")} of funding may be a hole or a switch of the interval`,
      fix: "npx carrybook gaps"
    });
  }
  const remarks = series.flatMap((s) => s.remarks ?? []);
  const jumps = remarks.filter(({kind}) => kind === "jump").length;
  const idle = remarks.filter(({kind}) => kind === "idle").length;
  if (jumps > 0) {
    issues.push({
      level: "warning",
      text: `${plural(jumps, "price jump")} by a factor of ten or more: a redenomination or a mistake`,
      fix: "npx carrybook gaps"
    });
  }
  if (idle > 0) {
    issues.push({
      level: "warning",
      text: `${plural(idle, "stretch", "stretches")} of a day or longer without volume`,
      fix: "npx carrybook gaps"
    });
  }
  if (stale.length > 0) {
    const newest = Math.min(...stale.map((s) => s.ageMs));
    issues.push({
      level: "warning",
      text: `${plural(stale.length, "history", "histories")} of ${series.length} stale, the newest by ${plural(Math.floor(newest / DAY_MS), "day")}`,
      fix: manifest.tracked.length > 0 ? "npx carrybook update" : "npx carrybook import FILE… --venue V"
    });
  }
  return [...issues, ...jobIssues(manifest)];
}

/** Counts failed jobs; files left out of an import apart, because only their correction brings them in, not a retry. */
function jobIssues({jobs}: Manifest): Issue[] {
  const issues: Issue[] = [];
  const failed = jobs.filter(({status}) => status === "failed");
  const leftOut = failed.filter(({kind}) => kind === "import").length;
  // A batch has failed by its histories; it counts by itself only where it has none.
  const histories = failed.filter(({kind, pair}) => kind !== "import" && pair !== null);
  const batches = failed.filter(({kind, pair}) => kind !== "import" && pair === null);
  if (histories.length > 0) {
    issues.push({
      level: "warning",
      text: `${plural(histories.length, "recent job")} failed`,
      fix: "npx carrybook jobs retry-failed"
    });
  } else if (batches.length > 0) {
    issues.push({
      level: "warning",
      text: `${plural(batches.length, "recent batch", "recent batches")} failed`,
      fix: "npx carrybook jobs"
    });
  }
  if (leftOut > 0) {
    issues.push({
      level: "info",
      text: `${plural(leftOut, "file")} of recent imports ${leftOut === 1 ? "was" : "were"} left out`,
      fix: "npx carrybook jobs"
    });
  }
  return issues;
}

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
