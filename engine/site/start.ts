import {spawn, type ChildProcess} from "node:child_process";
import {existsSync, statSync} from "node:fs";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {pathToFileURL} from "node:url";
import {manifestPath, readManifest} from "../../loaders/lake/manifest.js";
import {shownDataDir} from "../../loaders/snapshots/data-dir.js";
import {buildSite} from "./build.js";
import {CARRYBOOK, ROOT, main, siteEnv, siteOptions} from "./paths.js";
import type {CommandMessage} from "./run.js";
import {builtFrom, sourcesDigest} from "./sources.js";

/** How far pages may lag behind the data before a start rebuilds them. */
const LAG_MS = 6 * 3_600_000;
/** How long a start waits for another process that fills the demo. */
const DEMO_WAIT_SECONDS = 900;
/** Time the engine has for a clean stop after Ctrl-C. */
const GRACE_MS = 20_000;

/**
 * Returns why the site must be rebuilt before it is served, or null when it is current.
 * @param sources files and folders the site is built from; default: this package's own
 */
export function whyBuild(dist: string, dataDir: string, sources?: readonly string[]): string | null {
  const page = join(dist, "index.html");
  if (!existsSync(page) || !existsSync(join(dist, "engine.html"))) return "there is no site yet";
  const built = statSync(page).mtimeMs;
  const manifest = manifestPath(dataDir);
  if (existsSync(manifest) && statSync(manifest).mtimeMs - built > LAG_MS) return "the data is newer than the site";
  return builtFrom(dist) === sourcesDigest(sources) ? null : "its sources have changed";
}

/** Options of a start, besides the site's. */
interface StartOptions {
  data: string;
  env: NodeJS.ProcessEnv;
  /** arguments passed to `carrybook engine` */
  rest: readonly string[];
  command?: readonly string[];
  onLink: (url: string) => void;
  onLine?: (line: string) => void;
}

/** Starts the engine in paper mode, on the simulated venue unless a venue or URL is given. */
export function startEngine({
  data,
  env,
  rest,
  command = [process.execPath, CARRYBOOK],
  onLink,
  onLine = console.error
}: StartOptions): ChildProcess {
  const named = rest.some((arg) => /^--(venue|url|demo)(=|$)/.test(arg));
  const [file, ...args] = [
    ...command,
    "engine",
    "--mode",
    "paper",
    ...(named ? [] : ["--demo"]),
    "--data",
    data,
    ...rest
  ] as [string, ...string[]];
  // Its own process group, so Ctrl-C reaches it only through this process, not from the terminal as well.
  const child = spawn(file, args, {cwd: ROOT, env, stdio: ["ignore", "inherit", "pipe", "ipc"], detached: true});
  createInterface({input: child.stderr!}).on("line", onLine);
  child.on("message", (message: CommandMessage) => {
    if ("link" in message) onLink(message.link);
  });
  return child;
}

/** Runs a `carrybook` command to its end; its stderr goes to this terminal. */
function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, args, {cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"]});
  return new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 130)));
}

/** Opens a URL in the default browser; ignores failures. */
function openInBrowser(url: string): void {
  const [file, args] =
    process.platform === "darwin"
      ? ["open", [url]]
      : process.platform === "win32"
        ? ["cmd", ["/c", "start", "", url]]
        : ["xdg-open", [url]];
  const child = spawn(file as string, args as string[], {stdio: "ignore", detached: true});
  child.on("error", () => {});
  child.unref();
}

async function start(args: string[]): Promise<void> {
  const options = siteOptions(args);
  const {data, dist} = options;
  const own = new Set(["--no-open", "--no-demo"]);
  const has = (flag: string) => options.rest.includes(flag);
  const rest = options.rest.filter((arg) => !own.has(arg));
  const env = siteEnv(options);

  const demo = join(data, "demo");
  const filled = (dir: string) => (readManifest(dir)?.series.length ?? 0) > 0;
  if (!filled(data) && !filled(demo) && !has("--no-demo")) {
    console.error(
      "no data yet: filling the demo with a simulated market, which takes a minute (--no-demo leaves it out)"
    );
    // Where `npm run dev` is filling it already, this waits for it and then has little left to do.
    const code = await run([CARRYBOOK, "demo", "--data", data, "--wait", String(DEMO_WAIT_SECONDS)], env);
    if (code !== 0) throw new Error(`the demo was not filled (exit ${code})`);
  }
  const why = whyBuild(dist, shownDataDir(data));
  if (why) {
    console.error(`building the pages: ${why}`);
    const failed = await buildSite(options);
    if (failed) throw new Error(`build failed: ${failed}`);
  }
  const child = startEngine({
    data,
    env: {...env, CARRYBOOK_DIST: dist},
    rest,
    onLink: (url) => {
      console.log(url);
      if (process.stdout.isTTY && !has("--no-open")) openInBrowser(url);
    }
  });
  process.exitCode = await stopWith(child);
}

/** Waits for a child to exit. Forwards the first signal for a clean stop; kills it on the second, or after `graceMs`. */
export function stopWith(child: ChildProcess, {graceMs = GRACE_MS} = {}): Promise<number> {
  return new Promise((resolve) => {
    let asked = false;
    const end = (signal: NodeJS.Signals): void => {
      child.kill(asked ? "SIGKILL" : signal);
      if (!asked) setTimeout(() => child.kill("SIGKILL"), graceMs).unref();
      asked = true;
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, end);
    child.on("error", (error) => {
      console.error(`the engine could not be started: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code) => {
      for (const signal of signals) process.off(signal, end);
      resolve(code ?? (asked ? 130 : 1));
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(() => start(process.argv.slice(2)));
