import {createReadStream, existsSync, statSync} from "node:fs";
import {createServer, type IncomingMessage, type ServerResponse} from "node:http";
import type {AddressInfo, Socket} from "node:net";
import {extname, join, normalize} from "node:path";
import {madeHealth} from "../made/health.js";
import type {EngineEvents, Health} from "../../../src/lib/wire/trading.js";
import {answerWork, isWork} from "./work.js";
import {madeEngine, type EngineScript} from "../made/engine.js";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json"
};

/** A request to the API as received. */
interface SeenRequest {
  method: string;
  path: string;
  authorization: string | undefined;
  lastEventId: string | undefined;
  body: any;
}

/** An engine whose replies a test scripts, over real HTTP, with the site beside it. */
export interface FakeEngine {
  url: string;
  script: EngineScript;
  seen: SeenRequest[];
  /** number of open streams */
  readonly streams: number;
  /** issues a one-time ticket */
  ticket(): string;
  emit<K extends keyof EngineEvents>(type: K, data: EngineEvents[K]): void;
  /** closes every stream, as a restart would */
  cut(): void;
  close(): Promise<void>;
}

const TOKEN = "token-of-the-fake-engine";

/** Serves a built site with a scripted engine, on a loopback port. */
export async function fakeEngine(dist: string, script: EngineScript = madeEngine()): Promise<FakeEngine> {
  const tickets = new Set<string>();
  const streams = new Set<ServerResponse>();
  const seen: SeenRequest[] = [];
  let sequence = 0;
  let issued = 0;

  const json = (reply: ServerResponse, body: unknown, status = 200) =>
    reply.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify(body));
  const frame = (type: string, data: unknown, id?: number) =>
    `${id === undefined ? "" : `id: fake-${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

  async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://fake");
    const {authorization, origin} = request.headers;
    if (origin) reply.setHeader("access-control-allow-origin", origin);
    reply.setHeader("access-control-allow-headers", "authorization, content-type, last-event-id");
    reply.setHeader("access-control-allow-methods", "GET, POST, PATCH");
    if (request.method === "OPTIONS") return void reply.writeHead(204).end();
    const route = `${request.method} ${url.pathname}`;
    if (!ROUTES.has(route) && !isWork(url.pathname)) return site(url.pathname, reply);
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = text ? JSON.parse(text) : undefined;
    seen.push({
      method: request.method!,
      path: `${url.pathname}${url.search}`,
      authorization,
      lastEventId: request.headers["last-event-id"] as string | undefined,
      body
    });
    if (route === "GET /health") return void json(reply, health(script));
    if (route === "POST /ticket") {
      if (!tickets.delete(body.ticket)) return void json(reply, {error: "invalid ticket", fix: null}, 401);
      return void json(reply, {token: TOKEN});
    }
    if (authorization !== `Bearer ${TOKEN}`)
      return void json(reply, {error: "missing or invalid token", fix: null}, 401);
    if (route === "GET /events") {
      reply.writeHead(200, {"content-type": "text/event-stream"});
      reply.write(": a stream\nretry: 2000\n\n");
      reply.write(frame("status", script.status, sequence));
      streams.add(reply);
      return void reply.on("close", () => streams.delete(reply));
    }
    const act = script.commands[route];
    if (act) {
      const {status = 200, answer: content} = act(body);
      return void json(reply, content, status);
    }
    const work = answerWork(script.work, request.method!, url, body);
    if (work?.text !== undefined)
      return void reply.writeHead(200, {"content-type": "application/x-ndjson"}).end(work.text);
    if (work) return void json(reply, work.answer, work.status);
    if (!ROUTES.has(route)) return void json(reply, {error: `missing route: ${request.method}`, fix: null}, 404);
    json(reply, script.parts[url.pathname.slice(1)] ?? null);
  }

  function site(pathname: string, reply: ServerResponse): void {
    const path = normalize(decodeURIComponent(pathname));
    const base = join(dist, path);
    const file = [base, `${base}.html`, join(base, "index.html")].find((f) => existsSync(f) && statSync(f).isFile());
    if (!file) return void reply.writeHead(404).end("not found");
    reply.writeHead(200, {"content-type": TYPES[extname(file)] ?? "application/octet-stream"});
    createReadStream(file).pipe(reply);
  }

  const server = createServer((request, reply) => {
    answer(request, reply).catch((error: Error) => json(reply, {error: error.message}, 500));
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    script,
    seen,
    get streams() {
      return streams.size;
    },
    ticket() {
      const ticket = `ticket-${++issued}`;
      tickets.add(ticket);
      return ticket;
    },
    emit(type, data) {
      ++sequence;
      for (const reply of streams) reply.write(frame(type, data, sequence));
    },
    cut() {
      for (const reply of streams) reply.end();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      })
  };
}

const ROUTES = new Set([
  ..."health events status positions trades equity opportunities decisions risk reconciliation config notifications"
    .split(" ")
    .map((d) => `GET /${d}`),
  "POST /ticket",
  "PATCH /config",
  ..."pause resume stop emergency-stop".split(" ").map((d) => `POST /engine/${d}`)
]);

const health = ({status, work}: EngineScript): Health =>
  madeHealth({
    status: work.issues.length ? "degraded" : "healthy",
    mode: status.mode,
    components: {
      store: {status: "ok", error: null},
      exchange: {status: "ok", bannedUntilTs: null, errors1h: 0},
      cycle: {
        state: status.state,
        number: status.cycle.number,
        lastTs: status.cycle.lastTs,
        lastMs: status.cycle.lastMs
      },
      clock: {skewMs: 0}
    },
    issues: work.issues,
    problems: work.issues.map((words) => ({code: "made", about: words}))
  });
