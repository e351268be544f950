import {join} from "node:path";
import {hasEnded} from "../../src/lib/wire/job.js";
import {savePredicted} from "../../loaders/store/predicted.js";
import {readPairs} from "../data/request.js";
import type {DataHost} from "../data/host.js";
import {engineStrategy} from "../config/strategy.js";
import {VERSION} from "../version.js";
import type {LiveTrading} from "../config/locks.js";
import type {Notification} from "../../src/lib/wire/trading.js";
import type {StrategyConfig} from "../../src/lib/strategy/config.js";
import {connectLive, type LiveAccount} from "../execution/live/connect.js";
import {LoopControl} from "./control.js";
import {TradingLoop} from "./loop.js";
import type {LoopData, Trading, TradingDeps} from "./options.js";

/** Opens the journal, recovers from its tail, and returns the trading loop. */
export async function startTrading(deps: TradingDeps): Promise<Trading> {
  const {config, dataDir, mode, log, data, venue, cycles} = deps;
  const {strategy} = engineStrategy(config);
  const account = deps.live && (await accountOf(deps, deps.live, strategy));
  // A dry run has its own journal, so unsent orders never mix with sent ones.
  const journal = deps.live?.dryRun ? "dry-run" : mode;
  const loop = await TradingLoop.open({
    dataDir,
    journalDir: join(dataDir, "journal", journal),
    mode,
    version: VERSION,
    strategy,
    ...(account && {openVenue: account.venue, fees: account.fees}),
    dryRun: deps.live?.dryRun,
    settings: deps.settings,
    limits: config.engine.risk,
    pairs: readPairs(config.engine.pairs),
    venueName: venue,
    origin: deps.origin,
    simulated: deps.simulated,
    exchange: deps.exchange,
    data: data && dataOf(data, venue),
    emit: deps.emit,
    notify: deps.notify,
    log: {
      info: (text) => log.info(text),
      warn: (text) => log.warn(text),
      error: (text) => log.error(text)
    },
    clock: deps.clock,
    signal: deps.signal,
    cycles,
    onStop: deps.onStop
  });
  return {control: new LoopControl(loop), run: () => loop.run()};
}

/** Connects to the real account; sends notifications about its keys and orders. */
function accountOf(deps: TradingDeps, live: LiveTrading, strategy: StrategyConfig): Promise<LiveAccount> {
  const {exchange, clock, signal, log} = deps;
  const notify = (event: string, level: Notification["level"], text: string, pair: string | null = null) =>
    deps.notify({ts: Math.trunc(clock.now()), level, event, text, pair});
  return connectLive({
    live,
    exchange,
    strategy,
    execution: deps.config.engine.execution,
    clock,
    signal,
    log: {info: (text) => log.info(text), warn: (text) => log.warn(text)},
    warn: ({level, message}) => {
      log.warn(message);
      notify("keys", level, message);
    },
    alarm: (text, pair) => {
      log.error(text);
      notify("order", "critical", text, pair);
    },
    shown: (order) => {
      log.info(`dry run, not sent: ${order}`);
      notify("dry-run", "info", `dry run, not sent: ${order}`);
    }
  });
}

/** Adapts the engine's data store to the loop. */
function dataOf(host: DataHost, venue: string): LoopData {
  return {
    update: () => host.update(venue),
    progress: (id) => {
      const job = host.job(id);
      return {
        ended: hasEnded(job),
        failed: job.status === "failed" ? job.error : null,
        progress: job.progress,
        etaMs: job.etaMs
      };
    },
    tracked: async () => {
      const tracked = await host.tracked();
      return tracked
        .filter((own) => own.venue === venue && own.series === "funding" && own.enabled)
        .map(({pair}) => pair);
    },
    storePredicted: (rows) => host.db.exclusive(() => savePredicted(host.db, venue, rows))
  };
}
