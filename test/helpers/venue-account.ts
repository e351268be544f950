import {createHmac} from "node:crypto";
import ccxt, {type bybit as Bybit} from "ccxt";
import {startSim, type SimOptions, type SteeredSim} from "../../engine/simulator/api/server.js";

/** Start of these tests: fifteen seconds before a minute, half an hour before a settlement. */
export const NOW = Date.UTC(2026, 2, 2, 15, 30, 45);
export const KEY = "key-one";
export const SECRET = "s3cret-of-key-one";

export interface Envelope<Row = Record<string, string>, More = Record<string, unknown>> {
  retCode: number;
  retMsg: string;
  result: More & {list: Row[]; nextPageCursor?: string};
  retExtInfo: unknown;
  time: number;
}

interface Signing {
  key?: string;
  secret?: string;
  window?: string;
  /** offset of the request's stamp from the venue's clock, in ms */
  skewMs?: number;
  signal?: AbortSignal;
}

/** A simulated venue with one account, and manually signed requests. */
export interface Bench {
  sim: SteeredSim;
  get: <Row = Record<string, string>, More = Record<string, unknown>>(
    path: string,
    query?: Record<string, string | number>,
    signing?: Signing
  ) => Promise<Envelope<Row, More>>;
  post: (path: string, body: unknown, signing?: Signing) => Promise<Envelope>;
  raw: (method: "GET" | "POST", path: string, payload: string, signing?: Signing) => Promise<Response>;
  market: (
    side: "Buy" | "Sell",
    category: "spot" | "linear",
    symbol: string,
    qty: string,
    more?: object
  ) => Promise<Envelope>;
  limit: (
    category: string,
    symbol: string,
    side: string,
    qty: string,
    price: string,
    more?: object
  ) => Promise<Envelope>;
  /** best ask and bid */
  touchOf: (category: string, symbol: string) => Promise<{ask: string; bid: string}>;
  step: (stepMs: number) => void;
}

/** Opens a bench at a standing clock. */
export async function bench(account: object = {}, options: SimOptions = {}): Promise<Bench> {
  const sim = await startSim({
    nowMs: NOW,
    speed: 0,
    accounts: [{apiKey: KEY, secret: SECRET, balances: {USDT: "100000"}, ...account}],
    ...options
  });
  const raw: Bench["raw"] = (method, path, payload, signing = {}) => {
    const {key = KEY, secret = SECRET, window = "5000", skewMs = 0, signal} = signing;
    const stamp = String(sim.now() + skewMs);
    const sign = createHmac("sha256", secret).update(`${stamp}${key}${window}${payload}`).digest("hex");
    const url = method === "GET" && payload !== "" ? `${sim.url}${path}?${payload}` : sim.url + path;
    return fetch(url, {
      method,
      headers: {
        "content-type": "application/json",
        "x-bapi-api-key": key,
        "x-bapi-timestamp": stamp,
        "x-bapi-recv-window": window,
        "x-bapi-sign": sign
      },
      ...(method === "POST" ? {body: payload} : {}),
      ...(signal ? {signal} : {})
    });
  };
  const json = async <Row, More>(reply: Promise<Response>) => (await (await reply).json()) as Envelope<Row, More>;
  const post: Bench["post"] = (path, body, signing) =>
    json<Record<string, string>, Record<string, unknown>>(raw("POST", path, JSON.stringify(body), signing));
  return {
    sim,
    raw,
    post,
    get: (path, query = {}, signing = {}) =>
      json(
        raw("GET", path, new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)])).toString(), signing)
      ),
    market: (side, category, symbol, qty, more = {}) =>
      post("/v5/order/create", {
        category,
        symbol,
        side,
        orderType: "Market",
        qty,
        ...(category === "spot" ? {marketUnit: "baseCoin"} : {}),
        ...more
      }),
    limit: (category, symbol, side, qty, price, more = {}) =>
      post("/v5/order/create", {category, symbol, side, orderType: "Limit", qty, price, ...more}),
    touchOf: async (category, symbol) => {
      const reply = await (await fetch(`${sim.url}/v5/market/orderbook?category=${category}&symbol=${symbol}`)).json();
      const {a, b} = (reply as {result: {a: string[][]; b: string[][]}}).result;
      return {ask: a[0]![0]!, bid: b[0]![0]!};
    },
    step: (stepMs) => void sim.steer.clock({stepMs})
  };
}

/** Returns ccxt's client for the bench's account, as a user would create it. */
export function client(
  sim: Pick<SteeredSim, "url" | "now">,
  credentials: {apiKey?: string; secret?: string} = {}
): Bybit {
  const exchange = new ccxt.bybit({
    apiKey: KEY,
    secret: SECRET,
    enableRateLimit: false,
    // The first reply waits for the venue to make its market, however long that takes on a loaded machine.
    timeout: 60_000,
    ...credentials,
    options: {fetchMarkets: {types: ["spot", "linear"]}, recvWindow: 5_000}
  });
  for (const [name, url] of Object.entries(exchange.urls["api"] as Record<string, string>)) {
    (exchange.urls["api"] as Record<string, string>)[name] = url.replace(/^https?:\/\/[^/]+/, sim.url);
  }
  exchange.nonce = () => sim.now();
  return exchange;
}
