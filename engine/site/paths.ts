import {isAbsolute, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import {configEnvironment, loadConfig} from "../config/config.js";

/** The folder of the package, independent of the working directory. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** Framework's command, run as a child process so its exit code and signals are visible. */
export const OBSERVABLE = join(ROOT, "node_modules/@observablehq/framework/dist/bin/observable.js");

/** The `carrybook` command. */
export const CARRYBOOK = join(ROOT, "engine/cli/bin.js");

/** The source and destination of a build. */
export type SiteTarget = Pick<SiteOptions, "data" | "dist"> & {settings?: Record<string, string>};

/** Options shared by every site command. */
interface SiteOptions {
  /** Absolute path of the data directory. */
  data: string;
  /** Absolute path of the built site. */
  dist: string;
  /** The configuration in force, as environment variables for Framework and its loaders. */
  settings: Record<string, string>;
  /** Unrecognised arguments, in order. */
  rest: string[];
}

/**
 * Reads `--data DIR`, `--dist DIR` and `--config FILE` (each also as `--name=VALUE`). Fallbacks, in order: the
 * environment (`CARRYBOOK_DATA`, `CARRYBOOK_DIST`), the config file, the defaults `data` and `dist`.
 * @throws `missing value: --NAME`, and ConfigError for an invalid configuration
 */
export function siteOptions(args: readonly string[], env: NodeJS.ProcessEnv = process.env): SiteOptions {
  const values: Record<string, string | undefined> = {};
  const rest: string[] = [];
  for (let i = 0; i < args.length; ++i) {
    const arg = args[i]!;
    const match = /^--(data|dist|config)(?:=(.*))?$/.exec(arg);
    if (!match) {
      rest.push(arg);
      continue;
    }
    const value = match[2] ?? args[++i];
    if (!value) throw new Error(`missing value: --${match[1]}`);
    values[match[1]!] = value;
  }
  const config = loadConfig({file: values.config, flags: {data: values.data}, env, cwd: ROOT});
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(ROOT, path));
  return {
    data: absolute(config.data),
    dist: absolute(values.dist ?? (env.CARRYBOOK_DIST || "dist")),
    settings: configEnvironment(config),
    rest
  };
}

/** Builds the environment of Framework and its loaders: configuration, data directory, telemetry off. */
export function siteEnv({data, dist, settings = {}}: SiteTarget): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...settings,
    CARRYBOOK_DATA: data,
    CARRYBOOK_DIST: dist,
    OBSERVABLE_TELEMETRY_DISABLE: "true"
  };
}

/** Runs a site command. Prints an error in one line, with its fix, and sets exit code 1. */
export async function main(body: () => Promise<void> | void): Promise<void> {
  try {
    await body();
  } catch (error) {
    const {message, fix} = error as Error & {fix?: string};
    console.error(fix ? `${message}\n  → ${fix}` : message);
    process.exitCode = 1;
  }
}
