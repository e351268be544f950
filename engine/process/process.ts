import {join} from "node:path";
import type {Clock, Exchange} from "../../loaders/exchange/types.js";
import {acquireLock} from "../../loaders/store/lock.js";
import type {Database} from "../../loaders/store/database.js";
import {statusOf} from "../../loaders/snapshots/status.js";
import type {EngineMode, EngineStatus} from "../../src/lib/wire/trading.js";
import type {EmergencyReport} from "../../src/lib/wire/emergency.js";
import type {ApiDeps} from "../api/deps.js";
import {startServer, type ApiServer, type ServerOptions} from "../api/server.js";
import {Backtests} from "../runs/backtest-threads.js";
import {VERSION} from "../version.js";
import type {Config} from "../config/config.js";
import {dataStatus} from "./status.js";
import {DataHost} from "../data/host.js";
import {EmergencyFlag, onEmergencySignal} from "./emergency.js";
import {ensureToken, makeEngineDir, removeEngineInfo, writeEngineInfo} from "../files.js";
import {freeBytesOf, healthOf, HourCount} from "./health.js";
import {HealthWatch} from "./health-watch.js";
import {Hub, type EmitEvent, type OnStop} from "../hub.js";
import type {LiveTrading} from "../config/locks.js";
import {createLog, type Level} from "../log.js";
import {channelsOf} from "../notify/channels.js";
import {notifySecrets} from "../config/notify.js";
import {DataWatch} from "../notify/data-watch.js";
import {Notifier} from "../notify/notifier.js";
import {Switches} from "../notify/switches.js";
import {dataTasks} from "../schedule/data-tasks.js";
import {Scheduler} from "../schedule/scheduler.js";
import {startSettings} from "../config/strategy.js";
import {embedded, openVenue, type OpenVenue} from "../data/venue.js";
import type {StartTrading, Trading} from "../loop/options.js";

interface EngineOptions {
  dataDir: string;
  config: Config;
  mode: EngineMode;
  /** ccxt id, or `sim` */
  venue: string;
  /** the venue's API base, also for the store's jobs; undefined: the stored one, or the venue's own */
  url: string | undefined;
  port: number;
  onStop: OnStop;
  cycles?: number | undefined;
  clock: Clock;
  /** fires on the first SIGINT or SIGTERM */
  signal: AbortSignal;
  /** opens the store; undefined runs without it */
  openStore: (() => Promise<Database>) | undefined;
  startTrading: StartTrading | undefined;
  /** undefined in every mode but `live`, the only one that holds keys */
  live?: LiveTrading | undefined;
  /** source of the channels' secrets */
  env?: NodeJS.ProcessEnv;
  site?: ServerOptions["site"];
  /** prints a line on stderr */
  narrate: (line: string, level?: "info" | "warn" | "error") => void;
  server?: Partial<ServerOptions>;
  /** called once the server listens, with a sign-in link */
  onListening?: (server: ApiServer, link: string) => void;
}

/** Default seed of the simulated market. */
const DEMO_SEED = 7;
/** Log levels printed as warnings. */
const LOUD: ReadonlySet<Level> = new Set<Level>(["warn", "error", "fatal"]);
/** Interval between checks of the emergency flag and the health, ms. */
const FLAG_MS = 500;
/** Interval between measurements of clock skew against the venue, ms. */
const SKEW_MS = 300_000;

/**
 * Runs an engine to its end: the lock, the store and its queue, the trading loop in paper and live mode, the API.
 * Returns after a clean stop by the API or a signal.
 * @throws LockedError when the data directory is in use, and any other error that prevents the start
 */
export async function runEngine(options: EngineOptions): Promise<void> {
  const {dataDir, config, mode, venue, clock, narrate} = options;
  const closing: (() => Promise<void> | void)[] = [];
  const startedTs = clock.now();
  const dir = makeEngineDir(dataDir);
  try {
    closing.push(await acquireLock(join(dir, "engine.lock")));
    const flag = EmergencyFlag.open(dataDir);
    closing.push(() => flag.close());
    const token = ensureToken(dataDir);
    const {log, close: closeLog} = createLog({
      dir,
      level: config.logLevel,
      secrets: [token, ...(options.live ? [options.live.keys.apiKey, options.live.keys.secret] : [])],
      stderr: (line, level) => narrate(line, LOUD.has(level) ? "warn" : "info")
    });
    closing.push(closeLog);
    log.info({mode, venue, version: VERSION}, "engine starts");
    const logger = {
      info: (text: string) => log.info(text),
      warn: (text: string) => log.warn(text),
      error: (text: string) => log.error(text)
    };
    const hub = new Hub(startedTs.toString(36));
    const secrets = notifySecrets(config.notify, options.env ?? process.env);
    const notifier = new Notifier({
      config: config.notify,
      switches: new Switches(config.notify.events, join(dir, "notifications.json")),
      channels: channelsOf(config.notify, secrets),
      clock,
      log: logger,
      onShown: (notification) => hub.emit("notification", notification)
    });
    closing.push(() => notifier.close());
    const emit: EmitEvent = (type, data) => hub.emit(type, data);

    const ending = new AbortController();
    let data: DataHost | undefined;
    let scheduler: Scheduler | undefined;
    if (options.openStore) {
      const watch = new DataWatch((note) => notifier.notify(note), clock.now);
      data = await DataHost.start(await options.openStore(), {
        clock,
        emit,
        log: logger,
        onEvent: (event) => {
          if (event.type === "batch") return watch.batch(event.job);
          watch.check(statusOf(dataDir, clock.now()));
          emit("published", {ts: clock.now()});
        }
      });
      const host = data;
      watch.check(statusOf(dataDir, clock.now()));
      const tasks = [
        ...dataTasks(config.engine.schedule, host, {trading: mode !== "data", dataDir}),
        {
          name: "watch",
          says: "checks for series that went stale",
          pattern: "15 * * * *",
          run: async () => watch.check(statusOf(dataDir, clock.now()))
        }
      ];
      scheduler = new Scheduler(tasks, {clock, file: join(dir, "schedule.json"), log: logger});
      const scheduled = scheduler.run(ending.signal);
      closing.push(() => {
        ending.abort(new Error("the engine stops"));
        return scheduled;
      });
      closing.push(() => host.close());
    }
    const client = await openClient(options, data);
    if (client.own) closing.push(client.own.close);

    // During start-up a signal aborts whatever is being awaited.
    const endEarly = () => ending.abort(new Error("interrupted"));
    options.signal.addEventListener("abort", endEarly, {once: true});
    closing.push(() => options.signal.removeEventListener("abort", endEarly));
    let trading: Trading | undefined;
    if (mode !== "data" && options.startTrading) {
      trading = await options.startTrading({
        dataDir,
        config,
        settings: startSettings(config),
        mode,
        venue,
        exchange: client.exchange!,
        origin: client.exchange!.origin,
        simulated: venue === "sim",
        live: options.live,
        data,
        emit,
        notify: (note) => notifier.notify(note),
        log: log.child({part: "trading"}),
        clock,
        signal: ending.signal,
        ...(options.cycles !== undefined && {cycles: options.cycles}),
        onStop: options.onStop
      });
    }
    const control = trading?.control;
    const backtests = new Backtests(dataDir);
    closing.push(() => backtests.close());

    let skewMs: number | null = null;
    let venueTs: number | null = null;
    let stopping: Promise<void> | undefined;
    const errors = new HourCount(clock);
    const usage = () => client.exchange?.usage() ?? data?.usage(venue);
    const status = (): EngineStatus =>
      control?.status() ??
      dataStatus({
        mode,
        venue,
        stored: options.openStore !== undefined,
        startedTs,
        venueTs,
        origin: client.exchange?.origin ?? options.url ?? venue,
        stopping: stopping !== undefined,
        failure: data?.failure ?? null
      });
    const stop = (positions: OnStop): Promise<void> =>
      (stopping ??= (async () => {
        log.info(`stopping, ${control ? `open positions: ${positions}` : "in order"}`);
        await control?.stop(positions).catch((error: Error) => log.error(`stop: ${error.message}`));
        ending.abort(new Error("the engine stops"));
      })());
    let emergencyUnderWay: Promise<EmergencyReport> | undefined;
    const emergency =
      control &&
      ((source: "api" | "signal" | "file"): Promise<EmergencyReport> => {
        emergencyUnderWay ??= control.emergencyStop(source).finally(() => (emergencyUnderWay = undefined));
        // The flag comes second: no disk write may delay the cancels.
        try {
          flag.press();
        } catch (error) {
          log.error(`emergency flag: ${(error as Error).message}`);
        }
        return emergencyUnderWay;
      });
    const onEmergency = (source: "signal" | "file") => {
      log.warn(`emergency stop by ${source}${emergency ? "" : ": no trading loop in mode data, so nothing is open"}`);
      emergency?.(source).then(
        ({done, left}) => log.warn({done, left: left.length}, "emergency stop reported"),
        (error: Error) => log.error(`emergency stop: ${error.message}`)
      );
    };
    closing.push(onEmergencySignal(() => onEmergency("signal")));

    const deps: ApiDeps = {
      mode,
      hub,
      clock,
      control,
      data,
      backtests,
      onStop: options.onStop,
      notifications: ({limit}) => notifier.shown.slice(-limit).reverse(),
      notify: {settings: () => notifier.settings(), set: (patch) => notifier.set(patch)},
      schedule: scheduler && {
        reports: () => scheduler!.reports(),
        now: (name) => scheduler!.now(name, ending.signal)
      },
      status,
      health: () =>
        healthOf({
          mode,
          startedTs,
          status: status(),
          intervalMs: control?.config().settings.intervalMs ?? config.engine.intervalMs,
          data,
          usage: usage(),
          errors1h: errors.of(usage()?.retries ?? 0),
          skewMs,
          freeBytes: freeBytesOf(dataDir),
          failingChannels: notifier.failing,
          nowMs: clock.now()
        }),
      stop,
      emergency: emergency && (() => emergency("api")),
      resume: async () => {
        // Cleared first: a flag still set while the loop resumes would stop it again.
        const pressed = flag.pressed;
        flag.clear();
        try {
          await control?.resume();
        } catch (error) {
          if (pressed) flag.press();
          throw error;
        }
      },
      log: logger
    };
    const server = await startServer(deps, {
      port: options.port,
      token,
      devOrigins: config.engine.devOrigins,
      site: options.site,
      ...options.server
    });
    closing.push(() => server.close());
    writeEngineInfo(dataDir, {url: server.url, mode, data: data !== undefined, venue, startedTs});
    closing.push(() => removeEngineInfo(dataDir));
    log.info({url: server.url}, "engine listens");
    narrate(`engine (${mode}${options.live?.dryRun ? ", dry run" : ""}, ${venue}) at ${server.url}; Ctrl-C stops it`);
    const link = `${server.url}/engine#ticket=${server.access.issue()}`;
    narrate(`open ${link} (works once, for ten minutes)`);
    options.onListening?.(server, link);

    const healthWatch = new HealthWatch(deps.health, (health) => emit("health", health));
    const watch = watchLoop(clock, ending.signal, {
      check: () => {
        if (emergency && flag.pressed && !emergencyUnderWay && !status().emergency) onEmergency("file");
        healthWatch.check();
      },
      skew: async () => {
        if (!client.exchange) return;
        const time = await client.exchange.serverTime({priority: "update", signal: ending.signal});
        skewMs = Math.round(time.skewMs);
        venueTs = time.venueMs;
      }
    });
    options.signal.removeEventListener("abort", endEarly);
    const onSignal = () => void stop(options.onStop);
    options.signal.addEventListener("abort", onSignal, {once: true});
    if (options.signal.aborted) onSignal();
    try {
      await (trading ? trading.run() : aborted(ending.signal));
      await stopping;
    } finally {
      options.signal.removeEventListener("abort", onSignal);
      ending.abort(new Error("the engine stops"));
      await watch;
    }
    log.info("engine ends");
  } finally {
    for (const close of closing.reverse()) {
      try {
        await close();
      } catch (error) {
        narrate(`while stopping: ${(error as Error).message}`, "error");
      }
    }
  }
}

/** Opens the venue's client: the store's own where there is a store, so both share one rate limit. */
async function openClient(
  {mode, venue, url}: EngineOptions,
  data: DataHost | undefined
): Promise<{exchange: Exchange | undefined; own: OpenVenue | undefined}> {
  if (!data) {
    if (mode === "data") return {exchange: undefined, own: undefined};
    const own = await openVenue({venue, url: url ?? (venue === "sim" ? embedded(DEMO_SEED) : undefined)});
    return {exchange: own.exchange, own};
  }
  // The demo continues with the market it already holds.
  const known = venue === "sim" ? (url ?? (await data.address(venue)) ?? embedded(DEMO_SEED)) : url;
  if (known !== undefined) return {exchange: await data.useVenue({venue, url: known}), own: undefined};
  // Mode data connects to a venue only when there is work for it.
  return {exchange: mode === "data" ? undefined : await data.exchange(venue), own: undefined};
}

async function watchLoop(
  clock: Clock,
  signal: AbortSignal,
  {check, skew}: {check: () => void; skew: () => Promise<void>}
): Promise<void> {
  let skewDue = -Infinity;
  while (!signal.aborted) {
    check();
    if (clock.monotonic() >= skewDue) {
      skewDue = clock.monotonic() + SKEW_MS;
      void skew().catch(() => undefined);
    }
    await clock.sleep(FLAG_MS, signal).catch(() => undefined);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), {once: true});
  });
