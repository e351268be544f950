import {isAbsolute, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";

/** The folder of the package, whatever the working directory is. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** Framework's command, started as a child process so that its exit code and signals are ours to see. */
export const OBSERVABLE = join(ROOT, "node_modules/@observablehq/framework/dist/bin/observable.js");

/** The `carrybook` command. */
export const CARRYBOOK = join(ROOT, "engine/cli/bin.js");

/** What every command of the site takes. */
export interface SiteOptions {
  /** Absolute path of the data directory. */
  data: string;
  /** Absolute path of the built site. */
  dist: string;
  /** Arguments that are not ours, in order. */
  rest: string[];
}

/**
 * Reads `--data DIR` and `--dist DIR` (each also as `--name=DIR`); the environment (`CARRYBOOK_DATA`,
 * `CARRYBOOK_DIST`) stands behind them, `data` and `dist` behind that. Throws on a flag without its value.
 */
export function siteOptions(args: readonly string[], env: NodeJS.ProcessEnv = process.env): SiteOptions {
  const values: Record<string, string | undefined> = {data: env.CARRYBOOK_DATA, dist: env.CARRYBOOK_DIST};
  const rest: string[] = [];
  for (let i = 0; i < args.length; ++i) {
    const arg = args[i]!;
    const match = /^--(data|dist)(?:=(.*))?$/.exec(arg);
    if (!match) {
      rest.push(arg);
      continue;
    }
    const value = match[2] ?? args[++i];
    if (!value) throw new Error(`missing value: --${match[1]}`);
    values[match[1]!] = value;
  }
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(ROOT, path));
  return {data: absolute(values.data || "data"), dist: absolute(values.dist || "dist"), rest};
}

/** The environment of Framework and its loaders: where the data is, and no telemetry over the network. */
export function siteEnv({data, dist}: Pick<SiteOptions, "data" | "dist">): NodeJS.ProcessEnv {
  return {...process.env, CARRYBOOK_DATA: data, CARRYBOOK_DIST: dist, OBSERVABLE_TELEMETRY_DISABLE: "true"};
}
