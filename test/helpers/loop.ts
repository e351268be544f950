import {startSim, type SimOptions, type SteeredSim} from "../../engine/simulator/api/server.js";
import {uniform} from "../../engine/simulator/market/noise.js";
import {BybitAccount} from "../../engine/execution/live/account.js";
import type {Keys} from "../../engine/config/secrets.js";
import {LiveVenue} from "../../engine/execution/live/live.js";
import type {AccountInput} from "../../engine/simulator/account/accounts.js";
import {riskLimits} from "../../engine/config/risk.js";
import {LoopControl} from "../../engine/loop/control.js";
import {TradingLoop} from "../../engine/loop/loop.js";
import type {LoopOptions} from "../../engine/loop/options.js";
import {createExchange, type Clock, type Exchange} from "../../loaders/exchange/index.js";
import {parseConfig, type StrategyConfig} from "../../src/lib/strategy/config.js";
import type {VirtualClock} from "./clock.js";
import {silentClock} from "./silence.js";

/** Venue time at which these tests begin, UTC ms: half an hour before a settlement. */
export const LOOP_NOW = Date.UTC(2026, 2, 2, 15, 30);

/** Coins of a venue that lists no more than tests trade, which answers sooner. */
export const TRADED = ["BTC", "ETH", "SOL", "DOGE", "PEPE"];

/** A trading loop on paper against the simulated venue over HTTP, on one virtual clock. */
export interface LoopRig {
  sim: SteeredSim;
  clock: VirtualClock;
  exchange: Exchange;
  loop: TradingLoop;
  control: LoopControl;
  emitted: {type: string; data: unknown}[];
  stop: AbortController;
  post: (path: string, body: unknown) => Promise<void>;
  close: () => Promise<void>;
}

export interface LoopRigOptions {
  /** strategy entries over defaults that trade often */
  strategy?: Record<string, string>;
  clock?: VirtualClock;
  sim?: SteeredSim;
  simOptions?: SimOptions;
  options?: Partial<LoopOptions>;
  /** trades on an account of the simulated venue, which is opened if absent */
  live?: LiveRigOptions;
  nowMs?: number;
  /** actions between two cycles, once the venue's clock has reached an instant; time stands still meanwhile */
  script?: {atTs: number; act: (rig: LoopRig) => Promise<void> | void}[];
}

interface LiveRigOptions {
  account?: Partial<AccountInput>;
  alarms?: string[];
  deadlineMs?: number;
  keys?: Keys;
  /** collects the clients that send orders */
  lines?: BybitAccount[];
}

export const LIVE_KEYS = {apiKey: "live-key", secret: "live-secret"};

/** Returns a factory of venues of one account, called each time the trader is built. */
async function liveVenues(
  {account, alarms = [], deadlineMs = 400, keys = LIVE_KEYS, lines}: LiveRigOptions,
  {
    sim,
    exchange,
    clock,
    signal,
    strategy
  }: {sim: SteeredSim; exchange: Exchange; clock: Clock; signal: AbortSignal; strategy: StrategyConfig}
): Promise<() => LiveVenue> {
  try {
    sim.steer.ledger(LIVE_KEYS.apiKey);
  } catch {
    sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}, ...account});
  }
  const line = {clock, random: () => 0.5, url: sim.url, keys, deadlineMs};
  const own = await BybitAccount.open({...line, market: exchange});
  const urgent = await BybitAccount.open({...line, atOnce: true});
  lines?.push(own);
  await own.syncClock();
  const alarm = (text: string) => void alarms.push(text);
  return () => new LiveVenue({account: own, urgent, exchange, clock, signal, config: strategy, alarm});
}

export async function loopRig(dir: string, given: LoopRigOptions = {}): Promise<LoopRig> {
  const {nowMs = LOOP_NOW} = given;
  const own = given.sim === undefined;
  const {clock, onSilence} = given.clock ? {clock: given.clock, onSilence: undefined} : silentClock(nowMs);
  const sim =
    given.sim ??
    (await startSim({
      nowMs,
      clock: clock.monotonic,
      coins: TRADED,
      ...(onSilence && {onSilence}),
      ...given.simOptions
    }));
  let drawn = 0;
  const exchange = await createExchange({
    url: sim.url,
    simulated: true,
    origin: "sim:7",
    clock,
    random: () => uniform(1, drawn++),
    deadlineMs: 2_000
  });
  const emitted: LoopRig["emitted"] = [];
  const stop = new AbortController();
  const script = [...(given.script ?? [])].sort((a, b) => a.atTs - b.atTs);
  const paced: Clock = {
    ...clock,
    sleep: async (ms, signal) => {
      while (script.length > 0 && clock.now() >= script[0]!.atTs) await script.shift()!.act(rig);
      return clock.sleep(ms, signal);
    }
  };
  const strategy = parseConfig({
    minRate: "0.00005",
    exitRate: "0.00002",
    expectedHoldPeriods: "1000",
    ...given.strategy
  });
  const loop = await TradingLoop.open({
    dataDir: dir,
    journalDir: `${dir}/journal/${given.live ? "live" : "paper"}`,
    mode: given.live ? "live" : "paper",
    version: "test",
    strategy,
    settings: {
      minRate: "0.00005",
      exitRate: "0.00002",
      maxPositionUsd: "1000",
      portfolioCapUsd: "5000",
      maxHedges: 5,
      minTurnover24h: "1000000",
      intervalMs: 600_000
    },
    limits: riskLimits.parse({}),
    pairs: ["BTC/USDT", "ETH/USDT", "SOL/USDT", "DOGE/USDT", "1000PEPE/USDT"],
    venueName: "sim",
    origin: "sim:7",
    simulated: true,
    exchange,
    data: undefined,
    emit: (type, data) => void emitted.push({type, data: JSON.parse(JSON.stringify(data ?? null))}),
    notify: (note) => void emitted.push({type: "notification", data: note}),
    log: {info: () => undefined, warn: () => undefined, error: () => undefined},
    clock: paced,
    signal: stop.signal,
    onStop: "keep",
    ...(given.live && {openVenue: await liveVenues(given.live, {sim, exchange, clock, signal: stop.signal, strategy})}),
    ...given.options
  });
  const rig: LoopRig = {
    sim,
    clock,
    exchange,
    loop,
    control: new LoopControl(loop),
    emitted,
    stop,
    post: async (path, body) => {
      const reply = await fetch(`${sim.url}${path}`, {method: "POST", body: JSON.stringify(body)});
      if (!reply.ok) throw new Error(await reply.text());
    },
    close: async () => {
      stop.abort(new Error("the test ends"));
      if (own) await sim.close();
    }
  };
  return rig;
}
