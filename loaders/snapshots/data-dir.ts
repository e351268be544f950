import {existsSync} from "node:fs";
import {join, resolve} from "node:path";
import {manifestPath, readManifest} from "../lake/manifest.js";

/** Returns the data directory of this process: `CARRYBOOK_DATA`, else `data`. */
export const rootDir = (env: NodeJS.ProcessEnv = process.env): string => resolve(env.CARRYBOOK_DATA ?? "data");

/** Returns the directory that pages show: real data if there is any, else the demo, else the empty real one. */
export function shownDataDir(root = rootDir()): string {
  if ((readManifest(root)?.series.length ?? 0) > 0) return root;
  const demo = join(root, "demo");
  return existsSync(manifestPath(demo)) ? demo : root;
}
