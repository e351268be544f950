import type {IncomingMessage, ServerResponse} from "node:http";
import {
  CarrybookError,
  ConfigError,
  DataError,
  ExchangeError,
  LockedError,
  UsageError,
  type ErrorOptions
} from "../../loaders/errors.js";
import type {ErrorBody} from "../../src/lib/wire/error.js";
import {TooLargeError, UploadConflictError} from "../data/inbox.js";
import type {Refusal} from "./gate.js";

/** Maps an error to its status and body; an unexpected error reveals no internals. */
export function errorReply(error: unknown): {status: number; body: ErrorBody} {
  if (!(error instanceof CarrybookError)) {
    return {
      status: 500,
      body: {error: "unexpected error", fix: "see the engine's log", type: "Error", code: "unexpected"}
    };
  }
  return {
    status: statusOf(error),
    body: {
      error: error.message,
      fix: error.fix ?? null,
      type: error instanceof UsageError ? "UsageError" : error.name,
      code: error.code,
      ...(error instanceof ExchangeError && error.venueCode !== undefined && {venueCode: error.venueCode})
    }
  };
}

function statusOf(error: CarrybookError): number {
  if (error instanceof ConflictError || error instanceof UploadConflictError) return 409;
  if (error instanceof TooLargeError) return 413;
  if (error instanceof UsageError || error instanceof ConfigError) return 400;
  if (error instanceof DataError) return error.code === "missing-job" ? 404 : 422;
  if (error instanceof ExchangeError) return 502;
  if (error instanceof LockedError) return 423;
  return 500;
}

/** A request that the engine's mode or options rule out, e.g. trading in mode data. */
export class ConflictError extends UsageError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "conflict", ...options});
  }
}

/** The fix of a request for a route that is none. */
export const SEE_ROUTES = "the page `reference/engine-api` lists the routes";

/** Returns the refusal of what needs a store, in an engine without one. */
export const noStore = (): ConflictError =>
  new ConflictError("no store: the engine was started with --no-data", {
    code: "no-store",
    fix: "start it without --no-data"
  });

/** Headers of every answer: nothing is stored, sniffed, framed or told to other sites. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
  vary: "origin"
};

/** Sends a document as JSON, with its length. */
export function sendJson(reply: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  reply.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text)
  });
  reply.end(text);
}

/** Time a rejected client may keep sending before its connection is closed, ms. */
const LINGER_MS = 1_000;

/** Sends a refusal and closes the connection. Discards what the client still sends, for up to `LINGER_MS`. */
export function refuse(request: IncomingMessage, reply: ServerResponse, {status, error, fix, code}: Refusal): void {
  const body: ErrorBody = {error, fix: fix ?? null, type: "UsageError", code};
  const {headers} = request;
  const bodiless = headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
  if (!request.complete && !bodiless) {
    reply.setHeader("connection", "close");
    reply.once("finish", () => {
      request.resume();
      const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
      timer.unref();
      request.socket.once("close", () => clearTimeout(timer));
    });
  }
  sendJson(reply, status, body);
}
