import {createParser, type EventSourceMessage} from "eventsource-parser";
import type {ErrorBody} from "../../src/lib/wire/error.js";
import type {Job} from "../../src/lib/wire/job.js";
import {CarrybookError, ConfigError, DataError, ExchangeError, LockedError, UsageError} from "../../loaders/errors.js";
import {readToken, runningEngine, type EngineInfo} from "../files.js";

/** The engine's reply to submitted work. */
export interface Submitted {
  batches: Job[];
  /** remarks about the plan, for the operator */
  notes: {line: string; level: "info" | "warn"}[];
}

/** Client of the API of an engine on this machine; authenticates with the token file of its user. */
export class EngineClient {
  constructor(
    readonly info: EngineInfo,
    private readonly token: string
  ) {}

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.request<T>("GET", path, undefined, signal);
  }

  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return this.request<T>("POST", path, body, signal);
  }

  submit(path: string, body: unknown, signal?: AbortSignal): Promise<Submitted> {
    return this.post<Submitted>(path, body, signal);
  }

  /** @throws the engine's error, rebuilt as the class it has in this process */
  private async request<T>(method: string, path: string, body: unknown, signal: AbortSignal | undefined): Promise<T> {
    const reply = await this.fetch(path, {
      method,
      ...(body !== undefined && {body: JSON.stringify(body), headers: {"content-type": "application/json"}}),
      signal: signal ?? null
    });
    const text = await reply.text();
    if (!reply.ok) throw errorOf(reply.status, text);
    return JSON.parse(text) as T;
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.info.url}${path}`, {
        ...init,
        headers: {...(init.headers as Record<string, string>), authorization: `Bearer ${this.token}`}
      });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new LockedError(`engine does not answer: pid ${this.info.pid} at ${this.info.url}`, {
        fix: "see its log in <data>/engine, or stop it with `npx carrybook stop`",
        cause: error
      });
    }
  }

  /** Streams the engine's events, beginning with its status, until the engine closes the stream. */
  async *events(signal: AbortSignal): AsyncGenerator<EventSourceMessage> {
    const reply = await this.fetch("/events", {signal});
    if (!reply.ok) throw errorOf(reply.status, await reply.text());
    const received: EventSourceMessage[] = [];
    const parser = createParser({onEvent: (event) => void received.push(event)});
    const decoder = new TextDecoder();
    for await (const chunk of reply.body!) {
      parser.feed(decoder.decode(chunk, {stream: true}));
      yield* received.splice(0);
    }
  }
}

const CLASSES = {UsageError, ConfigError, DataError, ExchangeError, LockedError};

function errorOf(status: number, text: string): Error {
  let body: Partial<Record<keyof ErrorBody, unknown>> = {};
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    // The reply is not JSON: only its status is known.
  }
  const message = typeof body.error === "string" ? body.error : `engine answered ${status}`;
  const options = {
    ...(typeof body.fix === "string" && {fix: body.fix}),
    ...(typeof body.code === "string" && {code: body.code}),
    ...(typeof body.venueCode === "string" && {venueCode: body.venueCode})
  };
  const Class = CLASSES[body.type as keyof typeof CLASSES] as (new (...args: any[]) => CarrybookError) | undefined;
  return Class ? new Class(message, options) : new Error(message);
}

/** Returns a client of the engine running on a data directory; undefined when there is none. */
export function findEngine(dataDir: string): EngineClient | undefined {
  const info = runningEngine(dataDir);
  if (!info) return undefined;
  const token = readToken(dataDir);
  if (token === undefined) {
    throw new ConfigError(`missing token: ${dataDir}/engine/token of the engine with pid ${info.pid}`, {
      fix: "only the user who started the engine can use it; restart it to create a new token"
    });
  }
  return new EngineClient(info, token);
}
