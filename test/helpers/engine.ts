import {connect} from "node:net";
import type {EmergencyReport} from "../../src/lib/wire/emergency.js";
import type {TradingControl} from "../../engine/loop/commands.js";
import type {ApiDeps} from "../../engine/api/deps.js";
import {startServer, type ApiServer, type ServerOptions} from "../../engine/api/server.js";
import {Backtests} from "../../engine/runs/backtest-threads.js";
import {Hub} from "../../engine/hub.js";
import {UsageError} from "../../loaders/errors.js";
import {systemClock} from "../../loaders/exchange/clock.js";
import {afterTest} from "./cleanup.js";
import {madeHealth} from "./made/health.js";
import type {EngineSettings, EngineStatus} from "../../src/lib/wire/trading.js";

export const TOKEN = "t0kenOfTheTests-0123456789abcdefghijklmnopqr";

export const STATUS: EngineStatus = {
  mode: "paper",
  state: "running",
  why: "a test",
  venue: "sim",
  origin: "sim:7",
  simulated: true,
  version: "0",
  startedTs: 1,
  venueTs: 2,
  cycle: {number: 1, lastTs: 1, lastMs: 1, nextTs: 2, steps: []},
  blockedBy: null,
  account: null,
  emergency: null
};

/** A trading loop that only records its calls. */
class FakeControl implements TradingControl {
  readonly told: string[] = [];
  halted = false;
  settings: EngineSettings = {
    minRate: "0.0003",
    exitRate: "0.0001",
    maxPositionUsd: "1000",
    portfolioCapUsd: "5000",
    maxHedges: 5,
    minTurnover24h: "1000000",
    intervalMs: 60_000
  };
  report: EmergencyReport = {ts: 1, done: true, closed: ["a"], left: [], remaining: []};
  onStopped: () => void = () => undefined;

  status = () => STATUS;
  state = () => STATUS.state;
  positions = () => [];
  trades = () => [];
  equity = (): [number, string][] => [[1, "10000"]];
  opportunities = () => [];
  decisions = () => [];
  risk = () => ({ts: 1, rules: [], fired: []});
  reconciliation = () => ({ts: 1, agrees: true, pending: [], rows: []});
  config = () => ({
    settings: this.settings,
    pending: null,
    strategy: {},
    pairs: [],
    onStop: "keep" as const,
    limits: {}
  });
  configure = async (patch: Partial<EngineSettings>) => {
    this.told.push(`configure ${JSON.stringify(patch)}`);
    this.settings = {...this.settings, ...patch};
    return this.config();
  };
  pause = async (reason: string) => void this.told.push(`pause ${reason}`);
  resume = async () => {
    if (this.halted) throw new UsageError("halted: look first", {code: "conflict"});
    this.told.push("resume");
  };
  stop = async (positions: string) => {
    this.told.push(`stop ${positions}`);
    this.onStopped();
  };
  emergencyStop = async (source: string) => {
    this.told.push(`emergency ${source}`);
    return this.report;
  };
}

export interface TestApi extends ApiServer {
  port: number;
  hub: Hub;
  control: FakeControl;
  /** calls that the API made on the engine, and its log */
  stopped: string[];
  logged: string[];
  /** sends a request with the token and JSON, unless overridden */
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;
}

/** Starts the API over real HTTP on a free port, with a trading loop that only records its calls. */
export async function startApi(deps: Partial<ApiDeps> = {}, options: Partial<ServerOptions> = {}): Promise<TestApi> {
  const control = new FakeControl();
  const hub = deps.hub ?? new Hub("test");
  const stopped: string[] = [];
  const logged: string[] = [];
  const log = (text: string) => void logged.push(text);
  const backtests = new Backtests("/nowhere", 1);
  const server = await startServer(
    {
      mode: "paper",
      hub,
      clock: systemClock,
      control,
      data: undefined,
      backtests,
      onStop: "keep",
      notifications: () => [],
      notify: {
        settings: () => ({events: [], channels: [], perHour: 20}),
        set: (patch) => {
          control.told.push(`notify ${JSON.stringify(patch)}`);
          return {events: [], channels: [], perHour: 20};
        }
      },
      schedule: undefined,
      status: () => STATUS,
      health: () => madeHealth(),
      stop: async (positions) => void stopped.push(positions),
      emergency: () => control.emergencyStop("api"),
      resume: () => control.resume(),
      log: {info: log, warn: log, error: log},
      ...deps
    },
    {port: 0, token: TOKEN, ...options}
  );
  afterTest(async () => {
    await server.close();
    await backtests.close();
  });
  return {
    ...server,
    port: Number(new URL(server.url).port),
    hub,
    control,
    stopped,
    logged,
    call: (method, path, body, headers = {}) =>
      fetch(`${server.url}${path}`, {
        method,
        headers: {authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers},
        ...(body !== undefined && {body: typeof body === "string" ? body : JSON.stringify(body)})
      })
  };
}

/** Sends raw bytes and returns the reply, until the server closes or is silent for a while. */
export function raw(port: number, bytes: string | Buffer, {quietMs = 400} = {}): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    let timer = setTimeout(end, quietMs * 10);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(end, quietMs);
    });
    socket.on("close", end);
    socket.on("error", end);
  });
}

/** Returns the status code of a raw reply; 0 without one. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);

/** Returns the text of a request with the given headers, one per line. */
export const request = (line: string, headers: readonly string[], body = ""): string =>
  `${line} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
