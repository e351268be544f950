import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import type {Job} from "../../src/lib/wire/job.js";
import type {DataHost} from "../data/host.js";
import {ROOT} from "../site/paths.js";
import type {Task} from "./tasks.js";
import type {ScheduleConfig} from "../config/schedule.js";

const queued = (batches: readonly Job[]): string =>
  batches.length === 0 ? "nothing to do" : `queued ${batches.map(({id}) => id).join(", ")}`;

/**
 * Builds the scheduled data tasks, without those that are off.
 * @param trading true where the trading loop updates the history itself
 */
export function dataTasks(
  config: ScheduleConfig,
  host: DataHost,
  {trading, dataDir}: {trading: boolean; dataDir: string}
): Task[] {
  const all: Record<keyof ScheduleConfig, Omit<Task, "pattern" | "name">> = {
    update: {
      says: "updates every tracked history",
      run: async () =>
        (await host.tracked()).length === 0 ? "nothing is tracked" : queued((await host.update()).batches)
    },
    repair: {says: "refetches holes that may still be filled", run: async () => queued((await host.repair()).batches)},
    compact: {says: "merges the lake's small files", run: () => host.compact()},
    select: {says: "reselects the top pairs", run: () => host.select()},
    instruments: {says: "stores the day's list of markets", run: () => host.listMarkets()},
    site: {says: "rebuilds the static site", run: (signal) => buildSite(dataDir, signal)}
  };
  return (Object.keys(all) as (keyof ScheduleConfig)[]).flatMap((name) =>
    config[name] === "off" || (name === "update" && trading) ? [] : [{name, pattern: config[name], ...all[name]}]
  );
}

async function buildSite(dataDir: string, signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, ["--import", "tsx", join(ROOT, "engine/site/build.ts"), "--data", dataDir], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
    signal
  });
  let last = "";
  child.stderr.on("data", (chunk) => (last = String(chunk).trim().split("\n").at(-1) ?? last));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`the site was not built (exit ${code}): ${last}`);
  return "built";
}
