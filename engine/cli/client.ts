import {createParser, type EventSourceMessage} from "eventsource-parser";
import type {ErrorBody} from "../../src/lib/wire/error.js";
import type {Job} from "../../src/lib/wire/job.js";
import {CarrybookError, ConfigError, DataError, ExchangeError, LockedError, UsageError} from "../../loaders/errors.js";
import {readToken, runningEngine, type EngineInfo} from "../files.js";

/** What the engine answers to work that was handed to it. */
export interface Submitted {
  batches: Job[];
  /** what a person should know of the plan */
  notes: {line: string; level: "info" | "warn"}[];
}

/** Speaks with the API of an engine that runs on this machine, with the token that its user can read. */
export class EngineClient {
  constructor(
    readonly info: EngineInfo,
    private readonly token: string
  ) {}

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.ask<T>("GET", path, undefined, signal);
  }

  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return this.ask<T>("POST", path, body, signal);
  }

  submit(path: string, body: unknown, signal?: AbortSignal): Promise<Submitted> {
    return this.post<Submitted>(path, body, signal);
  }

  /** @throws the error the engine answers, of the class it would have in this process */
  private async ask<T>(method: string, path: string, body: unknown, signal: AbortSignal | undefined): Promise<T> {
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
        fix: "see its log in <data>/engine, or end it with `npx carrybook stop`",
        cause: error
      });
    }
  }

  /** What happens in the engine from now on; the first event is its status. Ends when the engine closes the stream. */
  async *events(signal: AbortSignal): AsyncGenerator<EventSourceMessage> {
    const reply = await this.fetch("/events", {signal});
    if (!reply.ok) throw errorOf(reply.status, await reply.text());
    const waiting: EventSourceMessage[] = [];
    const parser = createParser({onEvent: (event) => void waiting.push(event)});
    const decoder = new TextDecoder();
    for await (const chunk of reply.body!) {
      parser.feed(decoder.decode(chunk, {stream: true}));
      yield* waiting.splice(0);
    }
  }
}

const CLASSES = {UsageError, ConfigError, DataError, ExchangeError, LockedError};

function errorOf(status: number, text: string): Error {
  let body: Partial<Record<keyof ErrorBody, unknown>> = {};
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    // Whatever answers there speaks no JSON: its status has to do.
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

/** The engine that runs on a data directory, ready to be spoken with; undefined when none does. */
export function findEngine(dataDir: string): EngineClient | undefined {
  const info = runningEngine(dataDir);
  if (!info) return undefined;
  const token = readToken(dataDir);
  if (token === undefined) {
    throw new ConfigError(`missing token: ${dataDir}/engine/token of the engine with pid ${info.pid}`, {
      fix: "only the user who started the engine can speak with it; restart it to make a new token"
    });
  }
  return new EngineClient(info, token);
}
