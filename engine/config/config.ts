import {existsSync, readFileSync} from "node:fs";
import {resolve} from "node:path";
import {parse as parseDotenv} from "dotenv";
import {z} from "zod";
import {ConfigError} from "../../loaders/errors.js";
import {DEFAULT_COSTS_TEXT} from "../../src/lib/market/costs.js";
import {executionConfig} from "./execution.js";
import {notifyConfig} from "./notify.js";
import {riskLimits} from "./risk.js";
import {scheduleConfig} from "./schedule.js";

const share = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(z.string().regex(/^\d+(\.\d+)?$/, "must be a decimal ≥ 0"));

const schema = z.strictObject({
  $schema: z.string().optional().describe("JSON schema for editors"),
  data: z.string().min(1).default("data").describe("data directory"),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  costs: z
    .strictObject({
      spotFee: share
        .default(DEFAULT_COSTS_TEXT.spotFee)
        .describe("taker fee of the spot leg, as a fraction of notional"),
      perpFee: share
        .default(DEFAULT_COSTS_TEXT.perpFee)
        .describe("taker fee of the perp leg, as a fraction of notional"),
      slippageBps: share.default(DEFAULT_COSTS_TEXT.slippageBps).describe("slippage per fill, basis points")
    })
    .prefault({})
    .describe("trading costs per fill; default: Bybit VIP 0"),
  marketCap: z
    .strictObject({
      enabled: z.boolean().default(false),
      url: z.url().default("https://api.coingecko.com/api/v3")
    })
    .prefault({})
    .describe("optional market capitalisation from CoinGecko; off by default"),
  engine: z
    .strictObject({
      port: z.coerce.number().int().min(0).max(65_535).default(8321).describe("port of the API on 127.0.0.1"),
      onStop: z.enum(["keep", "close"]).default("keep").describe("whether a stop keeps or closes open hedges"),
      intervalMs: z.coerce
        .number()
        .int()
        .min(1_000)
        .max(86_400_000)
        .default(60_000)
        .describe("interval between the starts of two cycles, ms"),
      minTurnover24h: share.default("1000000").describe("minimum 24 h turnover of a pair, in quote currency"),
      strategy: z.string().min(1).default("simple").describe("strategy: simple, composite or a preset"),
      set: z.record(z.string(), z.string()).default({}).describe("strategy parameters, as in `backtest --set`"),
      pairs: z.array(z.string()).default([]).describe("pairs to trade, e.g. BTC/USDT; empty: every tracked pair"),
      risk: riskLimits.describe("limits of the risk rules"),
      execution: executionConfig,
      schedule: scheduleConfig,
      devOrigins: z
        .array(z.url())
        .default(["http://127.0.0.1:3000", "http://localhost:3000"])
        .describe("other origins whose pages may use the API, e.g. the preview of `npm run dev`")
    })
    .prefault({})
    .describe("the engine: its API, its loop and its strategy"),
  notify: notifyConfig
});

/** The validated configuration of every command. */
export type Config = z.infer<typeof schema>;

/** Returns the JSON schema of the config file, for editors. */
export const configJsonSchema = (): unknown => z.toJSONSchema(schema, {io: "input"});

/** Names of environment variables and the config keys they set. */
const ENVIRONMENT: Readonly<Record<string, readonly string[]>> = {
  CARRYBOOK_DATA: ["data"],
  CARRYBOOK_LOG_LEVEL: ["logLevel"],
  CARRYBOOK_COSTS_SPOT_FEE: ["costs", "spotFee"],
  CARRYBOOK_COSTS_PERP_FEE: ["costs", "perpFee"],
  CARRYBOOK_COSTS_SLIPPAGE_BPS: ["costs", "slippageBps"],
  CARRYBOOK_MARKET_CAP_ENABLED: ["marketCap", "enabled"],
  CARRYBOOK_MARKET_CAP_URL: ["marketCap", "url"],
  CARRYBOOK_ENGINE_PORT: ["engine", "port"],
  CARRYBOOK_ENGINE_ON_STOP: ["engine", "onStop"],
  CARRYBOOK_ENGINE_INTERVAL_MS: ["engine", "intervalMs"]
};

/** Builds the environment that passes a configuration to a child process, e.g. the build's data loaders. */
export const configEnvironment = (config: Config): Record<string, string> =>
  Object.fromEntries(Object.entries(ENVIRONMENT).map(([name, keys]) => [name, String(valueAt(config, keys))]));

interface LoadOptions {
  /** `--config`; a file named here must exist */
  file?: string | undefined;
  /** values of flags; undefined ones are ignored */
  flags?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  /** folder of `carrybook.config.json` and `.env` */
  cwd?: string;
}

/**
 * Reads the configuration: defaults < file < `.env` < environment < flags.
 * @throws ConfigError naming the file or variable, the key and the value
 */
export function loadConfig({file, flags = {}, env = process.env, cwd = process.cwd()}: LoadOptions = {}): Config {
  const path = file ?? `${cwd}/carrybook.config.json`;
  const at = pathIn(cwd, path);
  const found = existsSync(at);
  const merged: Record<string, unknown> = found ? readJson(path, at) : {};
  if (file !== undefined && !found) {
    throw new ConfigError(`missing config: ${path}`, {fix: "see carrybook.config.example.json"});
  }
  const dotenv = existsSync(`${cwd}/.env`) ? parseDotenv(readFileSync(`${cwd}/.env`)) : {};
  for (const [name, keys] of Object.entries(ENVIRONMENT)) {
    // An empty variable counts as unset.
    const value = env[name] || dotenv[name];
    if (value) assign(merged, keys, keys.at(-1) === "enabled" ? readBoolean(name, value) : value);
  }
  for (const [key, value] of Object.entries(flags)) if (value !== undefined) merged[key] = value;
  const result = schema.safeParse(merged);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = issue.path.join(".") || "config";
  if (issue.code === "unrecognized_keys") {
    throw new ConfigError(`invalid config: unknown key ${[...issue.path, issue.keys[0]].join(".")} in ${path}`, {
      fix: "`npx carrybook config show` lists the valid keys"
    });
  }
  throw new ConfigError(`invalid ${where}: ${JSON.stringify(valueAt(merged, issue.path))} (${issue.message})`, {
    fix: "run `npx carrybook config check`"
  });
}

/** Resolves a path against `cwd`. Leaves it as typed where that is the process's own, so system messages match. */
export const pathIn = (cwd: string, path: string): string =>
  path === "" || cwd === process.cwd() ? path : resolve(cwd, path);

function readJson(path: string, at: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(at, "utf8"));
  } catch (error) {
    throw new ConfigError(`invalid config: ${path} is not JSON (${(error as Error).message})`, {cause: error});
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(`invalid config: ${path} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

function readBoolean(name: string, value: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off|)$/i.test(value)) return false;
  throw new ConfigError(`invalid ${name}: ${value}`, {fix: "write true or false"});
}

function assign(target: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [key, ...rest] = keys as [string, ...string[]];
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = typeof target[key] === "object" && target[key] !== null ? {...(target[key] as object)} : {};
  assign(inner as Record<string, unknown>, rest, value);
  target[key] = inner;
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (v, key) => (typeof v === "object" && v !== null ? (v as Record<PropertyKey, unknown>)[key] : undefined),
    value
  );
