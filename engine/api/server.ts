import {getRequestListener} from "@hono/node-server";
import {createServer, type IncomingMessage, type ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";
import {ConfigError} from "../../loaders/errors.js";
import type {ErrorBody} from "../../src/lib/wire/error.js";
import {Access} from "./access.js";
import {readBody} from "./body.js";
import {Buckets, type Kind, type Rate} from "./buckets.js";
import type {ApiDeps} from "./deps.js";
import {Gate, isRead, type Refusal} from "./gate.js";
import {isUpload, receiveUpload} from "./upload.js";
import {COMMON_HEADERS, errorReply, noStore, refuse, SEE_ROUTES, sendJson} from "./reply.js";
import {apiRoutes} from "./routes.js";
import type {Bindings} from "./context.js";
import {Streams} from "./streams.js";
import type {Site} from "./site.js";

export interface ServerOptions {
  /** 0 takes any free port */
  port: number;
  token: string;
  devOrigins?: readonly string[];
  /** the built site, served beside the API */
  site?: Site | undefined;
  rates?: Readonly<Record<Kind, Rate>>;
  /** timeouts for a request's headers and for the whole request, ms */
  headersMs?: number;
  requestMs?: number;
  heartbeatMs?: number;
  maxStreams?: number;
}

/** A listening server. */
export interface ApiServer {
  url: string;
  access: Access;
  streams: Streams;
  close: () => Promise<void>;
}

/** First path segments of the API; every other path belongs to the site. */
const API = new Set(
  "health ticket tickets status positions trades equity opportunities decisions risk reconciliation config data-status jobs gaps limits schedule tracked track untrack notifications events batches backtests imports".split(
    " "
  )
);
/** The site serves histories under `/series/`, except for one API route. */
const isApi = (path: string): boolean =>
  API.has(path.split("/")[1]!) || /^\/engine\/./.test(path) || path === "/series/refresh";
const isProgram = ({headers}: IncomingMessage): boolean =>
  headers.authorization !== undefined && !/text\/html/i.test(headers.accept ?? "");
const OPEN = new Set(["GET /health", "POST /ticket"]);
/** Time the emergency stop's caller waits for the report, ms; closing continues regardless. */
const REPORT_MS = 1_500;

/**
 * Starts the API on the loopback address. Every request passes, in this order: the gate (Host, Origin), the emergency
 * lane, the token, the rate limit of its kind, and a bounded read of its body.
 * @throws ConfigError when the port is taken
 */
export async function startServer(deps: ApiDeps, options: ServerOptions): Promise<ApiServer> {
  const {port, token, devOrigins, site, rates, headersMs = 5_000, requestMs = 15_000} = options;
  const access = new Access(token, deps.clock);
  const buckets = new Buckets(deps.clock, rates);
  const streams = new Streams(deps.hub, {
    clock: deps.clock,
    status: deps.status,
    heartbeat: () => ({ts: deps.clock.now(), venueTs: deps.status().venueTs}),
    log: deps.log.warn,
    ...(options.heartbeatMs !== undefined && {heartbeatMs: options.heartbeatMs}),
    ...(options.maxStreams !== undefined && {most: options.maxStreams})
  });
  const app = apiRoutes(deps, {access, streams});
  const bodies = new WeakMap<IncomingMessage, unknown>();
  const answer = getRequestListener(
    (request, env) => {
      const {incoming, outgoing} = env as Bindings;
      return app.fetch(request, {incoming, outgoing, body: bodies.get(incoming)});
    },
    {overrideGlobalObjects: false}
  );
  let gate = new Gate(port, devOrigins);

  const handle = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) reply.setHeader(name, value);
    const shut = gate.check(request);
    if (shut) return refuse(request, reply, shut);
    for (const [name, value] of Object.entries(gate.corsHeaders(request))) reply.setHeader(name, value);
    const path = request.url!.split("?")[0]!;
    if (request.method === "POST" && path === "/engine/emergency-stop" && access.allows(request))
      return emergency(request, reply);
    if (request.method === "OPTIONS") return void reply.writeHead(204).end();
    if (!isApi(path)) {
      if (!isRead(request))
        return refuse(request, reply, {status: 405, code: "invalid-method", error: "invalid method", fix: SEE_ROUTES});
      // Pages ask without a token: what asks with one wants the API, and no page that says not found.
      if (site && isProgram(request)) {
        const error = `missing route: ${request.method} ${path.slice(0, 100)}`;
        return refuse(request, reply, {status: 404, code: "missing-route", error, fix: SEE_ROUTES});
      }
      if (site) return site.answer(request, reply, gate.own);
      return refuse(request, reply, {
        status: 404,
        code: "no-site",
        error: "the site is not built",
        fix: "run `npm run build`"
      });
    }
    const refusal = admit(request, path);
    if (refusal) {
      if (refusal.waitS !== undefined) reply.setHeader("retry-after", String(refusal.waitS));
      return refuse(request, reply, refusal);
    }
    if (!isRead(request)) {
      if (isUpload(request, path) && !deps.data) throw noStore();
      const read = isUpload(request, path) ? await receiveUpload(request, deps.data!) : await readBody(request);
      if ("refusal" in read) return refuse(request, reply, read.refusal);
      bodies.set(request, read.body);
    }
    await answer(request, reply);
  };

  /** Checks token and rate limit. Requests with a wrong token never draw on the limits of authorised ones. */
  const admit = (request: IncomingMessage, path: string): (Refusal & {waitS?: number}) | undefined => {
    const open = OPEN.has(`${request.method} ${path}`);
    const known = !open && access.allows(request);
    const kind: Kind = !known ? "open" : path === "/events" ? "stream" : isRead(request) ? "read" : "write";
    const taken = buckets.take(kind);
    if (!taken.ok)
      return {
        status: 429,
        code: "too-many-requests",
        error: "too many requests",
        fix: `wait ${taken.waitS} s`,
        waitS: taken.waitS
      };
    if (open || known) return undefined;
    return {
      status: 401,
      code: "unauthorized",
      error: "missing or invalid token",
      fix: "`npx carrybook engine --ticket` prints a sign-in link for this browser"
    };
  };

  /** Serves the emergency stop outside the rate limits and the routes; waits at most `REPORT_MS` for the report. */
  const emergency = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    request.resume();
    if (!deps.emergency) {
      return sendJson(reply, 409, {
        error: `no trading loop in mode ${deps.mode}`,
        fix: "this engine has no open positions; start `npx carrybook engine --mode paper` to trade",
        type: "UsageError",
        code: "no-trading-loop"
      } satisfies ErrorBody);
    }
    const underWay = {ts: deps.clock.now(), done: false, closed: [], left: [], remaining: []};
    const waited = new AbortController();
    const report = await Promise.race([
      deps.emergency(),
      deps.clock.sleep(REPORT_MS, waited.signal).then(
        () => underWay,
        () => underWay
      )
    ]);
    waited.abort();
    sendJson(reply, report.done ? 200 : 202, report);
  };

  /** Ends a request whose body does not arrive in time; an upload only has to keep coming. */
  const tooSlow = (request: IncomingMessage, reply: ServerResponse): void => {
    if (request.complete || isUpload(request, request.url!.split("?")[0]!)) return;
    if (reply.headersSent || !request.socket.writable) return void request.socket.destroy();
    request.socket.end("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  };

  const server = createServer(
    {
      headersTimeout: headersMs,
      // Node has one limit for all requests, and a file may take long: the others are limited below.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1_000, headersMs),
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16_384
    },
    (request, reply) => {
      const limited = setTimeout(() => tooSlow(request, reply), requestMs).unref();
      request.once("close", () => clearTimeout(limited));
      handle(request, reply).catch((error: unknown) => {
        const {status, body} = errorReply(error);
        if (status === 500)
          deps.log.error(`${request.method} ${request.url!.split("?")[0]}: ${(error as Error).stack}`);
        if (reply.headersSent) reply.destroy();
        else if (request.complete) sendJson(reply, status, body);
        else {
          const {error: words, fix, code} = body;
          refuse(request, reply, {status, code, error: words, ...(fix !== null && {fix})});
        }
      });
    }
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
    const status =
      error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : error.code === "HPE_HEADER_OVERFLOW"
          ? "431 Request Header Fields Too Large"
          : "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  server.maxRequestsPerSocket = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new ConfigError(`invalid port: ${port} is taken`, {
              fix: "pass another --port, or stop the process that uses it"
            })
          : error
      )
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  gate = new Gate(bound, devOrigins);
  return {
    url: `http://127.0.0.1:${bound}`,
    access,
    streams,
    close: async () => {
      streams.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Responses in progress get a second; no connection delays shutdown further.
        const timer = setTimeout(() => server.closeAllConnections(), 1_000);
        server.once("close", () => clearTimeout(timer));
      });
    }
  };
}
