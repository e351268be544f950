import {existsSync} from "node:fs";
import {readdir, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {checkDist} from "./check-dist.js";
import {warmLoaders} from "./loaders.js";
import {OBSERVABLE, ROOT, main, siteEnv, siteOptions, type SiteTarget} from "./paths.js";
import {postprocess} from "./postprocess.js";
import {preflight, reportMissing} from "./preflight.js";
import {run} from "./run.js";
import {markBuilt, sourcesDigest} from "./sources.js";
import {vendor} from "./vendor.js";

const CACHE = join(ROOT, "src/.observablehq/cache");

/** Static reply to `GET /health` when a plain web server hosts the pages; the engine serves its own. */
const NO_ENGINE = JSON.stringify({status: "down", mode: null, issues: ["no engine serves these pages"]});

/**
 * Removes cached loader output, which Framework's build would reuse however old the data is.
 * Vendored packages stay.
 */
export async function clearLoaderCache(cache: string = CACHE): Promise<void> {
  if (!existsSync(cache)) return;
  for (const entry of await readdir(cache)) {
    if (entry.startsWith("_") || entry === "vendor.json") continue;
    await rm(join(cache, entry), {recursive: true, force: true});
  }
}

// Framework clears its output only inside the project, and fails on an existing file. A folder that does not look like
// a built site is left alone; the build then reports the conflict.
async function clearSite(dist: string): Promise<void> {
  if (existsSync(join(dist, "_observablehq")) && existsSync(join(dist, "index.html"))) {
    await rm(dist, {recursive: true, force: true});
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Builds the static site from the data directory; returns the reason of a failure, or null. */
export async function buildSite(target: SiteTarget): Promise<string | null> {
  const {dist} = target;
  const env = siteEnv(target);
  Object.assign(process.env, env);
  // Before anything is read: what changes during the build is built by the next one.
  const digest = sourcesDigest();
  await clearLoaderCache();
  await vendor();
  // Independent, and each alone leaves a core idle half of the time.
  const [missing, failed] = await Promise.all([preflight(), warmLoaders({env}).then(() => null, reasonOf)]);
  if (!reportMissing(missing)) return "a page imports what is not there";
  if (failed !== null) return failed;
  await clearSite(dist);
  const {code} = await run(OBSERVABLE, ["build"], {env});
  if (code !== 0) return `observable build exited with ${code}`;
  await postprocess(dist);
  await writeFile(join(dist, "health"), NO_ENGINE);
  const findings = await checkDist(dist);
  for (const {file, message} of findings) console.error(`${file}: ${message}`);
  if (findings.length > 0) return `the built site is broken in ${findings.length} places`;
  await markBuilt(dist, digest);
  return null;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const options = siteOptions(process.argv.slice(2));
    const reason = await buildSite(options);
    if (reason) throw new Error(`build failed: ${reason}`);
    console.log(`built ${options.dist}`);
  });
}
