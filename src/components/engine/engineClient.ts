import type {ErrorBody, ErrorCode} from "../../lib/wire/error.js";
import type {EngineEvents, EngineStatus, Health} from "../../lib/wire/trading.js";
import {
  browserSession,
  engineBase,
  otherName,
  storedToken,
  storeToken,
  takeTicket,
  type SessionEnvironment
} from "./engineSession.js";
import {readEvents} from "./sse.js";

/** How this page stands with the engine. */
export type EngineLink = "unknown" | "down" | "no token" | "up";

/** What is known of the engine; the account is there only while the link is up. */
export interface EngineState {
  link: EngineLink;
  health: Health | null;
  status: EngineStatus | null;
  /** this machine's time at the newest sign of life */
  heardTs: number | null;
}

/** An event of the stream, by name. */
export type EngineEvent = {[K in keyof EngineEvents]: {type: K; data: EngineEvents[K]}}[keyof EngineEvents];

/** An answer of the engine that is not a success, in its words, with what to do. */
export class EngineError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly fix: string | null = null,
    /** what it is, for programs; null where the answer carried none */
    readonly code: ErrorCode | null = null
  ) {
    super(message);
  }
}

type Message =
  | {say: "ask"}
  | {say: "token"; token: string}
  | {say: "state"; state: EngineState}
  | {say: "event"; event: EngineEvent; id: string | undefined};

/** Longest silence of a stream that sends a heartbeat every ten seconds. */
const SILENCE_MS = 35_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const HEALTH_MS = 5_000;

/**
 * The engine as the pages of one browser see it. Of all tabs, one holds the single stream of events (a lock decides
 * which) and relays it to the others, so that any number of tabs leaves connections free for commands. When that tab
 * closes, the next one takes over.
 */
export class EngineClient {
  readonly base: string | null;
  /** whether this tab came with a token or a ticket, so that an engine that is up will be told of */
  readonly expected: boolean;
  state: EngineState = {link: "unknown", health: null, status: null, heardTs: null};
  private token: string | null;
  private leads = false;
  private lastId: string | undefined;
  private stream: AbortController | undefined;
  private wake: (() => void) | undefined;
  private readonly rejected = new Set<string>();
  private readonly channel: BroadcastChannel | undefined;
  private readonly listeners = new Set<(state: EngineState) => void>();
  private readonly hearers = new Set<(event: EngineEvent) => void>();

  constructor(private readonly session: SessionEnvironment = browserSession()) {
    const base = (this.base = engineBase(session));
    const ticket = takeTicket(session);
    this.token = storedToken(session);
    this.expected = ticket !== null || this.token !== null;
    if (base === null) {
      this.state = {...this.state, link: "down"};
      return;
    }
    this.channel = new BroadcastChannel(`carrybook-engine ${base}`);
    this.channel.onmessage = ({data}: MessageEvent<Message>) => this.heard(data);
    this.channel.postMessage({say: "ask"} satisfies Message);
    void (async () => {
      if (ticket !== null) await this.redeem(ticket);
      if (!navigator.locks) return this.lead();
      await navigator.locks.request(`carrybook-engine ${base}`, () => this.lead());
    })();
  }

  /** Calls back with the state now and at every change; returns what ends it. */
  watch(listener: (state: EngineState) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  /** Calls back with every event of the stream. */
  hear(hearer: (event: EngineEvent) => void): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  get = <T>(path: string): Promise<T> => this.request<T>("GET", path);
  patch = <T>(path: string, body: unknown): Promise<T> => this.request<T>("PATCH", path, body);
  post = <T>(path: string, body: unknown = {}): Promise<T> => this.request<T>("POST", path, body);

  /**
   * A command that must arrive: when nothing has come back for a second, it goes out once more under the machine's other
   * name, over connections of its own. The engine takes a repeat for the same command.
   */
  async urgent<T>(path: string): Promise<T> {
    const other = this.base && otherName(this.base);
    const first = this.request<T>("POST", path, {});
    if (!other) return first;
    const second = new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => void this.request<T>("POST", path, {}, other).then(resolve, reject), 1_000);
      void first.then(
        () => clearTimeout(timer),
        (error: unknown) => error instanceof EngineError && (clearTimeout(timer), reject(error))
      );
    });
    return Promise.any([first, second]).catch((error: AggregateError) => {
      throw error.errors[0];
    });
  }

  private async request<T>(method: string, path: string, body?: unknown, base = this.base): Promise<T> {
    const reply = await this.send(method, path, body, base);
    return (await reply.json().catch(() => null)) as T;
  }

  /** A document that is no JSON, as text: a file cannot be linked to, since the token travels in a header. */
  async text(path: string): Promise<string> {
    return (await this.send("GET", path, undefined, this.base)).text();
  }

  private async send(method: string, path: string, body: unknown, base: string | null): Promise<Response> {
    if (base === null) throw new EngineError("the engine runs on another machine", 0);
    const reply = await fetch(`${base}${path}`, {
      method,
      cache: "no-store",
      credentials: "omit",
      headers: {
        ...(this.token !== null && {authorization: `Bearer ${this.token}`}),
        ...(body !== undefined && {"content-type": "application/json"})
      },
      ...(body !== undefined && {body: JSON.stringify(body)})
    });
    if (reply.status === 401 && path !== "/ticket") this.forget();
    if (reply.ok) return reply;
    const answer = (await reply.json().catch(() => null)) as Partial<ErrorBody> | null;
    throw new EngineError(
      answer?.error ?? `the engine answered ${reply.status}`,
      reply.status,
      answer?.fix,
      answer?.code ?? null
    );
  }

  private async redeem(ticket: string): Promise<void> {
    try {
      const {token} = await this.request<{token: string}>("POST", "/ticket", {ticket});
      this.take(token);
      this.channel?.postMessage({say: "token", token} satisfies Message);
    } catch {
      // A used or old ticket: the page goes on without a token and says how to get a link.
    }
  }

  private take(token: string): void {
    if (token === this.token || this.rejected.has(token)) return;
    this.token = token;
    storeToken(this.session, token);
    this.wake?.();
  }

  private forget(): void {
    // A tab that still holds it must not hand it back.
    if (this.token !== null) this.rejected.add(this.token);
    this.token = null;
    storeToken(this.session, null);
    this.stream?.abort();
    this.update({link: "no token", status: null});
  }

  private heard(message: Message): void {
    if (message.say === "ask") {
      if (this.token !== null) this.channel?.postMessage({say: "token", token: this.token} satisfies Message);
      if (this.leads) this.channel?.postMessage({say: "state", state: this.state} satisfies Message);
    } else if (message.say === "token") this.take(message.token);
    else if (message.say === "state" && !this.leads) {
      const {link} = message.state;
      // A tab that has not been given the token yet shows nothing of the account.
      this.update(
        link === "up" && this.token === null ? {...message.state, link: "no token", status: null} : message.state
      );
      if (link === "up" && this.token === null) this.channel?.postMessage({say: "ask"} satisfies Message);
    } else if (message.say === "event" && !this.leads) {
      // Whoever takes the stream over goes on after what all have heard.
      this.lastId = message.id;
      this.tell(message.event);
    }
  }

  private update(change: Partial<EngineState>): void {
    this.state = {...this.state, ...change};
    if (this.leads) this.channel?.postMessage({say: "state", state: this.state} satisfies Message);
    for (const listener of this.listeners) listener(this.state);
  }

  private tell(event: EngineEvent): void {
    this.state = {...this.state, heardTs: Date.now()};
    if (event.type === "status") this.state.status = event.data;
    if (event.type === "cycle" && this.state.status) this.state.status = {...this.state.status, cycle: event.data};
    if (this.state.link !== "up" && this.token !== null) this.state.link = "up";
    if (this.token === null) return;
    for (const hearer of this.hearers) hearer(event);
    for (const listener of this.listeners) listener(this.state);
  }

  /** Holds the stream for all tabs, from now until this tab closes. */
  private async lead(): Promise<never> {
    this.leads = true;
    let wait = FIRST_WAIT_MS;
    for (;;) {
      const health = await this.health();
      if (!health) {
        this.update({link: "down", health: null, status: null});
        await this.pause(wait, true);
        wait = Math.min(LONGEST_WAIT_MS, wait * 2);
        continue;
      }
      if (this.token === null) {
        this.update({link: "no token", health, status: null, heardTs: Date.now()});
        this.channel?.postMessage({say: "ask"} satisfies Message);
        await this.pause(HEALTH_MS, true);
        continue;
      }
      this.update({health, heardTs: Date.now()});
      if (await this.follow()) wait = FIRST_WAIT_MS;
      await this.pause(wait * (0.75 + Math.random() / 2), false);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    }
  }

  /** The engine's health, or null when nobody or something else answers. A built site answers itself that none is there. */
  private async health(): Promise<Health | null> {
    try {
      const reply = await fetch(`${this.base}/health`, {cache: "no-store", signal: AbortSignal.timeout(4_000)});
      const health = (await reply.json()) as Health;
      return health.components ? health : null;
    } catch {
      return null;
    }
  }

  /** One stream from its beginning to its end; true when it brought anything. */
  private async follow(): Promise<boolean> {
    const stream = (this.stream = new AbortController());
    let timer: ReturnType<typeof setTimeout> | undefined;
    let heard = false;
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => stream.abort(), SILENCE_MS);
    };
    try {
      alive();
      const reply = await fetch(`${this.base}/events`, {
        cache: "no-store",
        credentials: "omit",
        signal: stream.signal,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(this.lastId !== undefined && {"last-event-id": this.lastId})
        }
      });
      if (reply.status === 401) this.forget();
      if (!reply.ok || !reply.body) return false;
      await readEvents(reply.body, ({event, data, id}) => {
        alive();
        heard = true;
        if (id !== undefined) this.lastId = id;
        const first = this.state.link !== "up";
        const told = {type: event, data: JSON.parse(data)} as EngineEvent;
        this.tell(told);
        if (first) this.update({});
        this.channel?.postMessage({say: "event", event: told, id: this.lastId} satisfies Message);
      });
    } catch {
      // Broken or silent: the loop asks for the health and begins again where it was.
    } finally {
      clearTimeout(timer);
    }
    return heard;
  }

  private pause(ms: number, wakes: boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      if (wakes) {
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }
    });
  }
}

let client: EngineClient | undefined;

/** The one client of this page. */
export const engineClient = (): EngineClient => (client ??= new EngineClient());
