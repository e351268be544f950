import {spawn, type ChildProcess} from "node:child_process";
import {readFileSync} from "node:fs";
import {utimes} from "node:fs/promises";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {findLoaders} from "./loaders.js";
import {manifestPath, readManifest} from "../../loaders/lake/manifest.js";
import {shownDataDir} from "../../loaders/snapshots/data-dir.js";
import {clearLoaderCache} from "./build.js";
import {CARRYBOOK, OBSERVABLE, ROOT, main, siteEnv, siteOptions} from "./paths.js";
import {preflight, reportMissing} from "./preflight.js";
import {vendor} from "./vendor.js";

/** Timing of the manifest watch; tests shorten it. */
interface WatchOptions {
  intervalMs?: number;
  /** The manifest must be unchanged this long before pages update. */
  restMs?: number;
}

/**
 * Calls `onChange` when the file changes, appears or disappears, once it has been stable for `restMs`.
 * It polls, because on some systems file watches miss renames and folders that do not exist yet.
 * Returns a function that stops the watch.
 */
export function watchManifest(
  path: string,
  onChange: () => Promise<void> | void,
  {intervalMs = 500, restMs = 400}: WatchOptions = {}
): () => void {
  const read = () => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return null;
    }
  };
  let known: string | null | undefined;
  let candidate: string | null | undefined;
  let since = 0;
  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    try {
      const content = read();
      if (known === undefined) known = candidate = content;
      if (content !== candidate) {
        candidate = content;
        since = performance.now();
      } else if (content !== known && performance.now() - since >= restMs) {
        known = content;
        await onChange();
      }
    } finally {
      busy = false;
    }
  }, intervalMs);
  return () => clearInterval(timer);
}

/** Makes Framework rerun the loaders and update open pages, by touching the loader files it watches. */
export async function touch(paths: readonly string[], now: Date = new Date()): Promise<void> {
  for (const path of paths) await utimes(path, now, now);
}

/**
 * Fills or extends the demo in the background when there is no real data. Progress goes to this terminal.
 * A failure is printed and affects nothing else.
 */
function fillDemo(data: string, env: NodeJS.ProcessEnv): ChildProcess | undefined {
  if ((readManifest(data)?.series.length ?? 0) > 0) return undefined;
  console.log(
    (readManifest(join(data, "demo"))?.series.length ?? 0) > 0
      ? "no data of a venue yet: bringing the simulated market of the demo up to date (--no-demo leaves it as it is)"
      : "no data yet: filling the demo with a simulated market (--no-demo leaves it out)"
  );
  const child = spawn(process.execPath, [CARRYBOOK, "demo", "--data", data], {
    env,
    stdio: ["ignore", "ignore", "inherit"]
  });
  child.on("exit", (code) => {
    if (code !== 0 && code !== 130 && code !== null) console.error(`the demo was not filled (exit ${code})`);
  });
  return child;
}

async function dev(args: string[]): Promise<void> {
  const options = siteOptions(args);
  const {data} = options;
  const rest = options.rest.filter((arg) => arg !== "--no-demo");
  const env = siteEnv(options);
  Object.assign(process.env, env);
  await vendor();
  if (!reportMissing(await preflight())) {
    console.error("dev not started: a page imports what is not there");
    process.exitCode = 1;
    return;
  }
  // Cached loader output may come from another data directory.
  await clearLoaderCache();
  const child = spawn(process.execPath, [OBSERVABLE, "preview", ...rest], {
    cwd: ROOT,
    env: {...env, CARRYBOOK_DEV: "1"},
    stdio: "inherit"
  });
  const stops = [data, join(data, "demo")].map((dir) =>
    watchManifest(manifestPath(dir), async () => {
      if (shownDataDir(data) !== dir) return;
      console.log("data changed: pages update");
      await touch(await findLoaders());
    })
  );
  const demo = rest.length < options.rest.length ? undefined : fillDemo(data, env);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      child.kill(signal);
      demo?.kill(signal);
    });
  }
  child.on("exit", (code, signal) => {
    for (const stop of stops) stop();
    demo?.kill("SIGTERM");
    process.exit(code ?? (signal === "SIGINT" ? 130 : 143));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(() => dev(process.argv.slice(2)));
