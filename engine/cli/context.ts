import {join, resolve} from "node:path";
import type {Command} from "commander";
import {loadConfig, pathIn, type Config} from "../config/config.js";
import {openDatabase, type OpenOptions, type Database, type StoreKind} from "../../loaders/store/database.js";
import {readManifest} from "../../loaders/lake/manifest.js";
import {recoverFromLake} from "../../loaders/lake/restore.js";
import {createOutput, type Output} from "./output.js";
import type {Invocation} from "./io.js";
import {UsageError} from "../../loaders/errors.js";

/** Context of a command: resolved flags, output and abort signal. */
export interface Context {
  config: Config;
  /** the data directory to act on; `<data>/demo` with `--demo` */
  dataDir: string;
  demo: boolean;
  output: Output;
  /** aborted by the first Ctrl-C or SIGTERM */
  signal: AbortSignal;
  /** the invocation, with its access to the process */
  invocation: Invocation;
  /** resolves the path of a file named by a flag */
  pathOf: (path: string) => string;
  now: () => number;
  /** opens the store as its owner, having mended what a crash left; the caller closes it */
  openStore: (options?: Pick<OpenOptions, "memoryLimit">) => Promise<Database>;
  /** the same for data of another kind: a store that is not empty refuses it */
  as: (kind: StoreKind) => Context;
}

export interface CommonFlags {
  data?: string;
  config?: string;
  json?: boolean;
  quiet?: boolean;
  logLevel?: string;
  demo?: boolean;
  wait?: string;
}

/** Adds the flags that every command takes. */
export function withCommonFlags(command: Command): Command {
  return command
    .option("--data <dir>", "data directory (default: data, or CARRYBOOK_DATA)")
    .option("--config <file>", "config file (default: carrybook.config.json)")
    .option("--demo", "act on the simulated data in <data>/demo")
    .option("--json", "one JSON document on stdout")
    .option("--quiet", "suppress everything on stderr except errors")
    .option("--log-level <level>", "debug, info, warn or error")
    .option("--wait <seconds>", "maximum wait for another process to release the data directory");
}

/** Builds the context of a command. @throws ConfigError, UsageError */
export function createContext(flags: CommonFlags, invocation: Invocation): Context {
  const {stdout, stderr, env, cwd, signal, argv} = invocation;
  const config = loadConfig({
    file: flags.config,
    flags: {data: flags.data, logLevel: flags.logLevel},
    env,
    cwd
  });
  const demo = flags.demo ?? false;
  const root = resolve(cwd, config.data);
  const dataDir = demo ? join(root, "demo") : root;
  const output = createOutput({json: flags.json, quiet: flags.quiet, level: config.logLevel, stdout, stderr});
  const waitS = flags.wait === undefined ? 0 : Number(flags.wait);
  if (!(waitS >= 0)) throw new UsageError(`invalid wait: ${flags.wait}`, {fix: "give a number of seconds"});
  const contextOf = (kind: StoreKind): Context => ({
    config,
    dataDir,
    demo,
    output,
    signal,
    invocation,
    pathOf: (path) => pathIn(cwd, path),
    now: Date.now,
    as: contextOf,
    openStore: async (options = {}) => {
      const db = await openDatabase(dataDir, {
        ...options,
        kind,
        command: argv.join(" ") || "node",
        waitMs: waitS * 1000,
        onWait: ({pid, command}) => output.note(`waiting for pid ${pid} (\`${command}\`) to release ${dataDir}`),
        onIncident: (text) => output.note(`warning: ${text}`, "warn")
      });
      try {
        const restored = await recoverFromLake(db, readManifest(dataDir));
        for (const line of restored) output.note(`restored from the lake: ${line}`, "warn");
      } catch (error) {
        await db.close();
        throw error;
      }
      return db;
    }
  });
  return contextOf(demo || readManifest(dataDir)?.kind === "simulated" ? "simulated" : "real");
}
