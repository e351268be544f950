import {existsSync, statfsSync} from "node:fs";
import {join} from "node:path";
import {fingerprint, listParts} from "../../loaders/lake/files.js";
import {lakeDir, readManifest} from "../../loaders/lake/manifest.js";
import {isAlive, readHolder, silenceMs} from "../../loaders/store/lock.js";
import {CarrybookError, LockedError} from "../../loaders/errors.js";
import {databasePath, lockPath, tryStore} from "../../loaders/store/database.js";
import {parseCosts, roundTrip} from "../../src/lib/market/costs.js";
import type {Config} from "../config/config.js";
import {closeAccess, wideOpen} from "./access.js";

/** The result of one check. */
interface Check {
  name: string;
  state: "ok" | "warning" | "failed";
  text: string;
  fix?: string;
}

/**
 * Looks at this machine, the configuration, the store and every file of the lake.
 * @param mend takes the rights of others on the data directory away; without it nothing is changed
 */
export async function runChecks(
  dataDir: string,
  config: Config,
  nowMs: number,
  {mend = false}: {mend?: boolean} = {}
): Promise<Check[]> {
  return [
    nodeVersion(process.versions.node),
    {
      name: "config",
      state: "ok",
      text: `data in ${config.data}, round trip ${roundTrip(parseCosts(config.costs)).times(100)} % of notional`
    },
    diskSpace(dataDir),
    access(dataDir, mend),
    lock(dataDir),
    ...(await store(dataDir)),
    ...lake(dataDir, nowMs)
  ];
}

function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  return {
    name: "node",
    state: good ? "ok" : "failed",
    text: version,
    ...(!good && {fix: "install Node 20.19 or newer"})
  };
}

function diskSpace(dataDir: string): Check {
  const {bavail, bsize} = statfsSync(existsSync(dataDir) ? dataDir : ".");
  const gigabytes = (bavail * bsize) / 1e9;
  return gigabytes < 2
    ? {
        name: "disk",
        state: "warning",
        text: `${gigabytes.toFixed(1)} GB free`,
        fix: "free disk space: writes stop safely when it runs out"
      }
    : {name: "disk", state: "ok", text: `${gigabytes.toFixed(0)} GB free`};
}

function access(dataDir: string, mend: boolean): Check {
  const wide = wideOpen(dataDir);
  const [first] = wide;
  if (!first) return {name: "access", state: "ok", text: "data directory, store and journals are closed to others"};
  if (mend) {
    closeAccess(wide);
    return {name: "access", state: "ok", text: `${wide.length} files and folders are now closed to others`};
  }
  const more = wide.length > 1 ? ` and ${wide.length - 1} more` : "";
  return {
    name: "access",
    state: "warning",
    text: `others may open ${first.path} (mode ${first.mode.toString(8)})${more}`,
    fix: "npx carrybook doctor --mend"
  };
}

function lock(dataDir: string): Check {
  const holder = readHolder(lockPath(dataDir));
  if (!holder) return {name: "lock", state: "ok", text: "the data directory is not in use"};
  return isAlive(holder, silenceMs(lockPath(dataDir)))
    ? {name: "lock", state: "ok", text: `held by pid ${holder.pid} (\`${holder.command}\`)`}
    : {
        name: "lock",
        state: "warning",
        text: `left behind by pid ${holder.pid}`,
        fix: "none needed: the next command takes it over"
      };
}

/** Checks the store; one in use is not opened, and a missing one is no fault. */
async function store(dataDir: string): Promise<Check[]> {
  const held = (() => {
    const holder = readHolder(lockPath(dataDir));
    return holder !== undefined && isAlive(holder, silenceMs(lockPath(dataDir)));
  })();
  const path = databasePath(dataDir);
  if (held || !existsSync(path)) return [];
  try {
    await tryStore(dataDir);
    return [{name: "store", state: "ok", text: `${path} opens`}];
  } catch (error) {
    if (!(error instanceof CarrybookError)) throw error;
    const state = error instanceof LockedError ? "warning" : "failed";
    return [{name: "store", state, text: error.message, ...(error.fix !== undefined && {fix: error.fix})}];
  }
}

function lake(dataDir: string, nowMs: number): Check[] {
  const manifest = readManifest(dataDir);
  if (!manifest)
    return [
      {
        name: "lake",
        state: "warning",
        text: "no data yet",
        fix: "npx carrybook backfill --top 20, or npx carrybook demo"
      }
    ];
  const root = lakeDir(dataDir);
  const missing = manifest.parts.filter((part) => !existsSync(join(root, part.path)));
  const damaged = manifest.parts.filter((part) => {
    const path = join(root, part.path);
    return existsSync(path) && fingerprint(path).sha256 !== part.sha256;
  });
  const live = new Set(manifest.parts.map((part) => part.path));
  const strays = listParts(root).filter((path) => !live.has(path));
  const holes = manifest.series.reduce((sum, s) => sum + s.holes.filter((hole) => hole.state === "open").length, 0);
  const bad = [...missing.map((p) => `${p.path} is missing`), ...damaged.map((p) => `${p.path} is damaged`)];
  return [
    bad.length > 0
      ? {
          name: "lake",
          state: "failed",
          text: `${bad[0]}${bad.length > 1 ? ` and ${bad.length - 1} more` : ""}`,
          fix: "npx carrybook publish"
        }
      : {
          name: "lake",
          state: "ok",
          text: `${manifest.parts.length} files, every checksum matches, published ${new Date(manifest.publishedTs).toISOString()}`
        },
    ...(strays.length > 0
      ? [
          {
            name: "lake",
            state: "warning" as const,
            text: `${strays.length} files that are in no manifest`,
            fix: "npx carrybook compact"
          }
        ]
      : []),
    holes > 0
      ? {name: "history", state: "warning", text: `${holes} open holes`, fix: "npx carrybook gaps"}
      : {name: "history", state: "ok", text: `no open holes in ${manifest.series.length} histories`},
    ...manifest.jobs
      .filter((job) => job.status === "failed")
      .slice(0, 5)
      .map(({error}): Check => ({
        name: "job",
        state: "warning",
        text: String(error),
        fix: "fix the reported problem and run the command again"
      })),
    ...manifest.incidents.map(({ts, text}): Check => ({
      name: "store",
      state: nowMs - ts < 7 * 86_400_000 ? "warning" : "ok",
      text: `${new Date(ts).toISOString()}: ${text}`
    }))
  ];
}
