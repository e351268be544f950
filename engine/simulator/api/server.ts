import {createServer, type IncomingMessage, type Server, type ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";
import {Faults, parseFaults, corrupt, type Fault} from "./faults.js";
import type {AccountInput} from "../account/accounts.js";
import type {ActInput} from "./acts.js";
import type {Ledger} from "./ledger.js";
import {priceLimit, riskLimit} from "./limits.js";
import type {Reply} from "./order-faults.js";
import {PRIVATE_ROUTES} from "./routes.js";
import {PrivateSide, type PrivateAnswer} from "./side.js";
import {SPREAD_MARKET} from "../account/spread.js";
import {LIMITS, RateGuard} from "../market/rules.js";
import type {ChosenCoins} from "../market/universe.js";
import {Venue, VenueError} from "../market/venue.js";

export interface SimOptions {
  /** 0 selects a free port */
  port?: number;
  seed?: number;
  /** the venue's start time, UTC ms; default: now */
  nowMs?: number | undefined;
  /** speed of the venue's clock relative to real time; 0 stops it */
  speed?: number;
  /** a fault plan for `parseFaults` */
  faults?: unknown;
  /** delay of every reply, ms */
  latencyMs?: number;
  /** the real clock behind the venue's time and rate limits, UTC ms */
  clock?: () => number;
  /** coins that are listed; default: the standard universe */
  coins?: ChosenCoins;
  /** bid-ask spread of every market, ticks */
  spreadTicks?: number;
  /** called for each request whose reply never ends, with method, path with query, and body */
  onSilence?: (request: string) => void;
  /** accounts opened at the start */
  accounts?: readonly AccountInput[];
}

/** The `/sim/...` endpoints as functions, for tests in the same process. */
interface Steering {
  /** `POST /sim/accounts` */
  openAccount: (account: AccountInput) => {apiKey: string; uid: number};
  /** `POST /sim/order-faults`; an empty list removes all */
  orderFaults: (list: readonly unknown[]) => void;
  /** number of faults injected by kind since they were set */
  orderFaultCounts: () => Readonly<Record<string, number>>;
  /** `POST /sim/acts` */
  act: (act: ActInput) => unknown;
  /** `GET /sim/ledger` */
  ledger: (apiKey: string) => Ledger;
  /** `POST /sim/clock` */
  clock: (change: {now?: number; stepMs?: number; speed?: number}) => number;
  /** signed requests so far, to any path */
  signedRequests: () => number;
}

/** A running simulated venue. */
export interface Sim {
  url: string;
  /** the venue's current time, UTC ms */
  now: () => number;
  close: () => Promise<void>;
}

/** A simulated venue in this process, with its controls. */
export interface SteeredSim extends Sim {
  steer: Steering;
}

interface State {
  venue: Venue;
  accounts: PrivateSide;
  guard: RateGuard;
  faults: Faults;
  clock: () => number;
  base: {real: number; sim: number; speed: number};
  latencyMs: number;
  onSilence: (request: string) => void;
  requests: {total: number; byPath: Record<string, number>; refused: number};
}

const nowOf = ({base, clock}: State): number => Math.floor(base.sim + (clock() - base.real) * base.speed);

/**
 * Starts the simulated venue: Bybit v5's public endpoints, and private ones for opened accounts, on localhost. Its
 * sources are in engine/simulator/CONFORMANCE.md. `/sim/...` controls and observes it.
 */
export async function startSim(options: SimOptions = {}): Promise<SteeredSim> {
  const {
    port = 0,
    seed = 7,
    nowMs,
    speed = 1,
    faults,
    latencyMs = 0,
    clock = Date.now,
    accounts = [],
    onSilence = () => undefined,
    spreadTicks,
    coins
  } = options;
  const venue = new Venue(seed, {spreadTicks, coins});
  const state: State = {
    venue,
    accounts: new PrivateSide(venue, () => nowOf(state)),
    guard: new RateGuard(),
    faults: new Faults(faults === undefined ? undefined : parseFaults(faults)),
    clock,
    base: {real: clock(), sim: nowMs ?? clock(), speed},
    latencyMs,
    onSilence,
    requests: {total: 0, byPath: {}, refused: 0}
  };
  for (const account of accounts) state.accounts.open(account);
  const server = createServer((request, reply) => {
    handle(state, request, reply).catch((error: Error) => {
      if (!reply.headersSent) send(reply, 500, JSON.stringify({error: error.message}));
      else reply.destroy();
    });
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    now: () => nowOf(state),
    steer: {
      openAccount: (account) => state.accounts.open(account),
      orderFaults: (list) => state.accounts.setFaults(list),
      orderFaultCounts: () => ({...state.accounts.faultCounts}),
      act: (act) => state.accounts.act(act),
      ledger: (apiKey) => state.accounts.ledger(apiKey),
      clock: (change) => {
        setClock(state, change);
        return nowOf(state);
      },
      signedRequests: () => state.accounts.signed
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      })
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

async function handle(state: State, request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://sim");
  if (url.pathname.startsWith("/sim/")) return steer(state, request, reply, url);
  state.requests.total++;
  state.accounts.count(url.pathname, request.headers);
  state.requests.byPath[url.pathname] = (state.requests.byPath[url.pathname] ?? 0) + 1;
  if (state.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, state.latencyMs));
  if (!state.guard.admit(state.clock())) {
    state.requests.refused++;
    return send(reply, 403, "403, access too frequent", "text/html");
  }
  const isPrivate = Object.hasOwn(PRIVATE_ROUTES, url.pathname);
  if (request.method !== "GET" && !isPrivate) return send(reply, 404, "404 page not found", "text/plain");
  // Random faults never affect orders; order faults are set per request.
  const fault = request.method === "GET" ? state.faults.next(url.pathname) : undefined;
  if (fault && (await sendInvalid(state, reply, fault))) return;
  if (isPrivate) return answerPrivate(state, request, reply, url, fault);
  const body = answer(state, url, fault);
  if (body === undefined) return send(reply, 404, "404 page not found", "text/plain");
  if (fault === "truncate") return truncate(reply, body);
  if (fault === "stall") {
    stall(reply, body);
    return state.onSilence(asText(request));
  }
  send(reply, 200, body);
}

const truncate = (reply: ServerResponse, body: string): void =>
  send(reply, 200, body.slice(0, Math.floor(body.length * 0.6)));

const asText = ({method, url}: IncomingMessage, body = ""): string => `${method} ${url} ${body}`;

/** Starts a body and never ends it. */
function stall(reply: ServerResponse, body: string): void {
  reply.writeHead(200, {"content-type": "application/json", "content-length": Buffer.byteLength(body)});
  reply.write(body.slice(0, 20));
}

/** Answers a private request, corrupting the reply when a fault requests it. */
async function answerPrivate(
  state: State,
  request: IncomingMessage,
  reply: ServerResponse,
  url: URL,
  fault: Fault | undefined
): Promise<void> {
  const rawBody = await readBody(request);
  const answer = state.accounts.answer({
    method: request.method ?? "GET",
    path: url.pathname,
    headers: request.headers,
    rawQuery: (request.url ?? "").split("?").slice(1).join("?"),
    rawBody
  });
  if (!answer) return send(reply, 404, "404 page not found", "text/plain");
  const body = written(state, answer, fault);
  const {corruption} = answer;
  if (fault === "truncate" || corruption === "malformed") return truncate(reply, body);
  if (fault === "stall" || corruption === "stall") stall(reply, body);
  if (fault === "stall" || corruption === "stall" || corruption === "hang")
    return state.onSilence(asText(request, rawBody));
  if (corruption !== undefined && corruption !== "code") return sendError(state, reply, corruption);
  send(reply, 200, body);
}

function written(state: State, {retCode, retMsg, result}: PrivateAnswer, fault: Fault | undefined): string {
  const {list} = result as {list?: unknown};
  if (fault === "no-list") result = {...(result as object), list: undefined};
  else if (fault && Array.isArray(list))
    result = {...(result as object), list: corrupt(list, fault, state.faults.plan!.seed + state.requests.total)};
  return JSON.stringify({retCode, retMsg, result, retExtInfo: {}, time: nowOf(state)});
}

/**
 * Sends an error instead of a private reply; a `hang` sends nothing, until the client times out or the venue closes.
 */
async function sendError(state: State, reply: ServerResponse, type: Reply["type"]): Promise<void> {
  if (type === "forbidden") return send(reply, 403, "403, access too frequent", "text/html");
  if (type === "server-error") await sendInvalid(state, reply, "500");
  else if (type === "rate-limited") await sendInvalid(state, reply, "10006");
}

/** Sends an invalid reply. Returns false for faults that corrupt the regular reply instead. */
async function sendInvalid(state: State, reply: ServerResponse, fault: Fault): Promise<boolean> {
  const code = (retCode: number, retMsg: string) =>
    send(reply, 200, JSON.stringify({retCode, retMsg, result: {}, retExtInfo: {}, time: nowOf(state)}));
  switch (fault) {
    case "html":
      send(reply, 200, "<html><body>Bad gateway</body></html>", "text/html");
      return true;
    case "empty":
      send(reply, 200, "");
      return true;
    case "500":
      send(reply, 502, "<html>502 Bad Gateway</html>", "text/html");
      return true;
    case "429":
      reply.setHeader("x-bapi-limit-reset-timestamp", String(nowOf(state) + 200));
      send(
        reply,
        429,
        JSON.stringify({retCode: 10006, retMsg: "Too many visits!", result: {}, retExtInfo: {}, time: nowOf(state)})
      );
      return true;
    case "10006":
      reply.setHeader("x-bapi-limit-reset-timestamp", String(nowOf(state) + 200));
      code(10006, "Too many visits!");
      return true;
    case "10016":
      code(10016, "Internal server error, please try again later");
      return true;
    case "10002":
      code(10002, "invalid request, please check your server timestamp or recv_window param");
      return true;
    case "reset":
      reply.destroy();
      return true;
    default:
      return false;
  }
}

function answer(state: State, url: URL, fault: Fault | undefined): string | undefined {
  const now = nowOf(state);
  const envelope = (retCode: number, retMsg: string, result: unknown) =>
    JSON.stringify({retCode, retMsg, result, retExtInfo: {}, time: now});
  const route = ROUTES[url.pathname];
  if (!route) return undefined;
  try {
    const result = route(state.venue, url.searchParams, now) as {list?: unknown[]};
    if (fault === "no-list") return envelope(0, "OK", {...result, list: undefined});
    if (fault && Array.isArray(result.list))
      result.list = corrupt(result.list, fault, state.faults.plan!.seed + state.requests.total);
    return envelope(0, "OK", result);
  } catch (error) {
    if (error instanceof VenueError) return envelope(error.retCode, error.message, {});
    throw error;
  }
}

type Route = (venue: Venue, query: URLSearchParams, nowMs: number) => unknown;

const ROUTES: Readonly<Record<string, Route>> = {
  "/v5/market/time": (_, __, now) => ({timeSecond: String(Math.floor(now / 1_000)), timeNano: `${now}000000`}),
  "/v5/market/instruments-info": (venue, query, now) => venue.instruments(query, now),
  "/v5/market/tickers": (venue, query, now) => venue.tickers(query, now),
  "/v5/market/orderbook": (venue, query, now) => venue.orderbook(query, now),
  "/v5/market/recent-trade": (venue, query, now) => venue.trades24(query, now),
  "/v5/market/kline": (venue, query, now) => venue.kline(query, now, "trade"),
  "/v5/market/mark-price-kline": (venue, query, now) => venue.kline(query, now, "mark"),
  "/v5/market/index-price-kline": (venue, query, now) => venue.kline(query, now, "index"),
  "/v5/market/premium-index-price-kline": (venue, query, now) => venue.kline(query, now, "premium"),
  "/v5/market/open-interest": (venue, query, now) => venue.openInterest(query, now),
  "/v5/market/funding/history": (venue, query, now) => venue.fundingHistory(query, now),
  "/v5/market/price-limit": priceLimit,
  "/v5/market/risk-limit": riskLimit,
  ...SPREAD_MARKET
};

/** Paths of all endpoints, for the conformance table's test. */
export const ROUTE_PATHS: readonly string[] = [...Object.keys(ROUTES), ...Object.keys(PRIVATE_ROUTES)];

async function steer(
  state: State,
  request: IncomingMessage,
  reply: ServerResponse,
  {pathname: path, searchParams}: URL
): Promise<void> {
  if (path === "/sim/requests" && request.method === "GET") {
    const {guard, requests, faults} = state;
    return send(
      reply,
      200,
      JSON.stringify({
        ...requests,
        peakPerWindow: guard.peak,
        duringBan: guard.duringBan,
        bannedUntil: guard.bannedUntil,
        limit: LIMITS.requestsPerWindow,
        simulated: true,
        seed: state.venue.seed,
        faults: faults.counts,
        signed: state.accounts.signed,
        signedByPath: state.accounts.signedByPath,
        orderFaults: state.accounts.faultCounts,
        now: nowOf(state)
      })
    );
  }
  try {
    if (path === "/sim/ledger" && request.method === "GET")
      return send(reply, 200, JSON.stringify(state.accounts.ledger(searchParams.get("apiKey") ?? "")));
    if (request.method !== "POST") return send(reply, 404, JSON.stringify({error: `invalid path: ${path}`}));
    const body = parseBody(await readBody(request));
    if (path === "/sim/accounts") return send(reply, 200, JSON.stringify(state.accounts.open(body)));
    if (path === "/sim/acts") return send(reply, 200, JSON.stringify(state.accounts.act(body)));
    if (path === "/sim/faults") state.faults = new Faults(body === null ? undefined : parseFaults(body));
    else if (path === "/sim/order-faults") state.accounts.setFaults(body);
    else if (path === "/sim/clock") setClock(state, body);
    else return send(reply, 404, JSON.stringify({error: `invalid path: ${path}`}));
    send(reply, 200, JSON.stringify({now: nowOf(state)}));
  } catch (error) {
    send(reply, 400, JSON.stringify({error: (error as Error).message}));
  }
}

/** Changes the clock: `{now}` sets the venue's time, `{stepMs}` advances it, `{speed}` changes its speed. */
function setClock(state: State, body: unknown): void {
  const {now, stepMs, speed, ...rest} = (body ?? {}) as {now?: unknown; stepMs?: unknown; speed?: unknown};
  const unknown = Object.keys(rest)[0];
  if (unknown) throw new RangeError(`invalid clock: unknown key ${unknown}`);
  for (const [name, value] of Object.entries({now, stepMs, speed})) {
    if (value !== undefined && (typeof value !== "number" || !Number.isFinite(value)))
      throw new RangeError(`invalid ${name}: ${JSON.stringify(value)}`);
  }
  if (typeof speed === "number" && speed < 0) throw new RangeError(`invalid speed: ${speed}`);
  const sim = (now as number | undefined) ?? nowOf(state) + ((stepMs as number | undefined) ?? 0);
  state.base = {real: state.clock(), sim, speed: (speed as number | undefined) ?? state.base.speed};
}

/** Parses JSON without the parser's message, which quotes the text: a body may hold a secret. */
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text || "null") as unknown;
  } catch {
    throw new SyntaxError("invalid body: not JSON");
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 65_536) throw new RangeError("invalid body: over 64 KiB");
  }
  return text;
}

function send(reply: ServerResponse, status: number, body: string, type = "application/json; charset=utf-8"): void {
  reply.writeHead(status, {"content-type": type, "content-length": Buffer.byteLength(body)});
  reply.end(body);
}
