import {join} from "node:path";
import {UsageError} from "../../../loaders/errors.js";
import {systemClock} from "../../../loaders/exchange/clock.js";
import type {EngineMode} from "../../../src/lib/wire/trading.js";
import {openSite} from "../../api/static.js";
import {readCount, readVenue} from "../../data/request.js";
import {liveTrading} from "../../config/locks.js";
import {runEngine} from "../../process/process.js";
import {secretEnvironment} from "../../config/secrets.js";
import {ROOT} from "../../site/paths.js";
import {identifyUrl} from "../../data/venue.js";
import {findEngine} from "../client.js";
import {createContext, type CommonFlags, type Context} from "../context.js";
import type {Define} from "../define.js";

interface Flags extends CommonFlags {
  mode: string;
  venue?: string;
  url?: string;
  port?: string;
  cycles?: string;
  onStop?: string;
  live?: boolean;
  dryRun?: boolean;
  ticket?: boolean;
  /** false for `--no-data` */
  store?: boolean;
}

const MODES: readonly EngineMode[] = ["data", "paper", "live"];

export function engineCommand(define: Define): void {
  define("engine", "run the engine: API and ingestion (data), plus the trading loop (paper, live)", (command, run) =>
    command
      .option("--mode <mode>", "data, paper or live", "data")
      .option("--venue <venue>", "ccxt id (default: bybit)")
      .option("--url <url>", "base URL of the venue's API, e.g. of a simulated venue")
      .option("--port <port>", "port on 127.0.0.1; 0 picks a free port (default: 8321)")
      .option("--cycles <n>", "stop after N cycles of the trading loop")
      .option("--on-stop <what>", "keep or close open hedges when it stops (default: keep)")
      .option("--live", "trade with real money; also requires --mode live and the account's keys")
      .option("--dry-run", "with --mode live --live: read the account and report orders without sending them")
      .option("--no-store", "like --no-data: do not open the store; no jobs and no data routes")
      .option("--ticket", "print a new sign-in link to the running engine, then exit")
      .addHelpText(
        "after",
        `
Examples:
  npx carrybook engine                        # opens the store; backfill, update and the pages use it
  npx carrybook engine --mode paper --demo    # paper trading on the simulated market
  npx carrybook engine --mode live --live --dry-run   # reports the orders it would send
  npx carrybook engine --mode live --live     # real orders, with CARRYBOOK_API_KEY and CARRYBOOK_API_SECRET set
  npx carrybook engine --ticket               # sign-in link for another browser

The keys come only from the environment or .env. Live trading supports bybit (--url https://api-demo.bybit.com for its
demo account) and the simulated venue; the note "From paper to a first small live hedge" explains it step by step.
Stop it with Ctrl-C or \`npx carrybook stop\`; \`npx carrybook stop --emergency\` closes everything at once.`
      )
      .action((flags: Flags) => run((context) => (flags.ticket ? link(context) : engine(context, flags))))
  );
}

/** Starts an engine from a command's flags and runs it to its end. */
export async function engine(given: Context, flags: Flags): Promise<number> {
  const mode = flags.mode as EngineMode;
  if (!MODES.includes(mode)) throw new UsageError(`invalid mode: ${flags.mode}`, {fix: `one of ${MODES.join(", ")}`});
  const venueName = readVenue(flags.venue ?? "bybit");
  const cycles = flags.cycles === undefined ? undefined : readCount("cycles", flags.cycles, {most: 1e9});
  if (cycles !== undefined && mode === "data")
    throw new UsageError("invalid cycles: mode data has no trading loop", {fix: "use --mode paper"});
  const port = flags.port === undefined ? given.config.engine.port : Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || flags.port?.trim() === "")
    throw new UsageError(`invalid port: ${flags.port}`, {fix: "give a number from 0 to 65535"});
  const onStop = flags.onStop ?? given.config.engine.onStop;
  if (onStop !== "keep" && onStop !== "close")
    throw new UsageError(`invalid on-stop: ${onStop}`, {fix: "use keep or close"});
  const {simulated} = flags.url === undefined ? {simulated: false} : await identifyUrl(flags.url);
  if (given.demo && flags.url !== undefined && !simulated)
    throw new UsageError("invalid venue: --demo holds simulated data only", {fix: "omit --demo or --url"});
  // The engine of a simulated venue always uses the demo's data directory.
  const context = simulated && !given.demo ? createContext({...flags, demo: true}, given.invocation) : given;
  const venue = context.demo ? "sim" : venueName;
  const env = secretEnvironment(given.invocation.env, given.invocation.cwd);
  const live = liveTrading({mode, live: flags.live, dryRun: flags.dryRun, venue, url: flags.url, env});
  const startTrading = mode === "data" ? undefined : (await import("../../loop/index.js")).startTrading;
  await runEngine({
    dataDir: context.dataDir,
    config: context.config,
    mode,
    venue,
    url: flags.url,
    port,
    onStop,
    cycles,
    clock: systemClock,
    signal: context.signal,
    openStore: flags.store === false ? undefined : context.openStore,
    startTrading,
    live,
    env,
    site: openSite(given.invocation.env.CARRYBOOK_DIST || join(ROOT, "dist")),
    narrate: context.output.note,
    onListening: ({url}, link) => {
      given.invocation.send?.({link});
      if (context.output.json) context.output.document({url, mode, venue, pid: process.pid}, () => "");
    }
  });
  return 0;
}

/** Prints a new sign-in link to the running engine. */
export async function link({dataDir, demo, output}: Context): Promise<number> {
  const client = findEngine(dataDir) ?? (demo ? undefined : findEngine(join(dataDir, "demo")));
  if (!client) {
    throw new UsageError(`no engine runs on ${dataDir}`, {fix: "start one with `npx carrybook engine`"});
  }
  const {ticket} = await client.post<{ticket: string}>("/tickets", {});
  const url = `${client.info.url}/engine#ticket=${ticket}`;
  output.document({url}, () => url);
  return 0;
}
