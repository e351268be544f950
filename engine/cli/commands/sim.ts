import {readFileSync} from "node:fs";
import {ConfigError, UsageError} from "../../../loaders/errors.js";
import {parseInstant} from "../../../src/lib/time/instant.js";
import {isDecimalText} from "../../../src/lib/money/decimal.js";
import type {AccountInput} from "../../simulator/account/accounts.js";
import {startSim} from "../../simulator/api/server.js";
import type {Define} from "../define.js";

interface Flags {
  port: string;
  seed: string;
  now?: string;
  speed: string;
  faults?: string;
  account: string[];
}

export function simCommand(define: Define): void {
  define("sim", "run the simulated venue: Bybit v5's endpoints on this machine", (command, run) =>
    command
      .option("--port <port>", "port on 127.0.0.1; 0 picks a free port", "8330")
      .option("--seed <seed>", "seed of the simulated market", "7")
      .option("--now <instant>", "initial time of its clock (default: now)")
      .option("--speed <factor>", "speed of its clock, relative to real time", "1")
      .option("--faults <file>", 'JSON file of injected faults, e.g. {"rate": 0.05, "kinds": ["truncate"]}')
      .option(
        "--account <key:secret:usdt>",
        "account with a USDT balance, for signed requests; repeatable",
        (text: string, all: string[]) => [...all, text],
        [] as string[]
      )
      .action((flags: Flags) =>
        run(async ({output, signal, pathOf}) => {
          const sim = await startSim({
            port: number("port", flags.port, 65_535),
            seed: number("seed", flags.seed, 0xffffffff),
            speed: number("speed", flags.speed, 1e9),
            nowMs: flags.now === undefined ? undefined : usage(() => parseInstant(flags.now!, "now")),
            faults: flags.faults === undefined ? undefined : readPlan(flags.faults, pathOf(flags.faults)),
            accounts: flags.account.map(readAccount)
          }).catch((error: NodeJS.ErrnoException) => {
            if (error.code === "EADDRINUSE")
              throw new UsageError(`invalid port: ${flags.port} is taken`, {fix: "pass another --port"});
            if (error instanceof RangeError)
              throw new ConfigError(error.message, {fix: "the message lists the valid values"});
            throw error;
          });
          output.document({url: sim.url, now: sim.now()}, () => `simulated venue at ${sim.url}; Ctrl-C stops it`);
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), {once: true}));
          await sim.close();
          return 0;
        })
      )
  );
}

function number(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= most))
    throw new UsageError(`invalid ${name}: ${text}`, {fix: `give a number from 0 to ${most}`});
  return value;
}

/** Parses `KEY:SECRET:USDT`; error messages never contain the secret. */
function readAccount(text: string): AccountInput {
  const [apiKey = "", secret = "", usdt = "", ...rest] = text.split(":");
  if (!apiKey || !secret || !isDecimalText(usdt) || rest.length > 0)
    throw new UsageError(`invalid account: ${apiKey || "no key"}`, {
      fix: "write it as KEY:SECRET:USDT, e.g. key:secret:10000"
    });
  return {apiKey, secret, balances: {USDT: usdt}};
}

function usage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError((error as Error).message, {fix: "write it as 2026-01-31T08:00Z"});
  }
}

function readPlan(file: string, path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw new ConfigError(`invalid faults: ${file} (${(error as Error).message})`);
  }
}
