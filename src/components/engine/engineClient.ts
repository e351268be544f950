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

/** Connection of this page to the engine. */
export type EngineLink = "unknown" | "down" | "no token" | "up";

/** Last known state of the engine; `status` is null unless the link is up. */
export interface EngineState {
  link: EngineLink;
  health: Health | null;
  status: EngineStatus | null;
  /** local time of the last reply or event, UTC ms */
  heardTs: number | null;
}

/** An event of the stream, by name. */
export type EngineEvent = {[K in keyof EngineEvents]: {type: K; data: EngineEvents[K]}}[keyof EngineEvents];

/** An error reply of the engine, with its message and suggested fix; status 0 when no request was sent. */
class EngineError extends Error {
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

/** Messages between the tabs of one browser. */
type Message =
  | {kind: "ask"}
  | {kind: "token"; token: string}
  | {kind: "state"; state: EngineState}
  | {kind: "event"; event: EngineEvent; id: string | undefined};

/** Longest silence of a stream whose heartbeat comes every ten seconds. */
const SILENCE_MS = 35_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const HEALTH_MS = 5_000;

/**
 * Connects the tabs of one browser to the engine. A lock elects one tab that holds the only event stream and relays it
 * to the others, so that connections stay free for commands. When that tab closes, the next one takes over.
 */
export class EngineClient {
  readonly base: string | null;
  /** whether this tab has a token or a ticket, so that it may see the account of a running engine */
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
  private readonly eventListeners = new Set<(event: EngineEvent) => void>();

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
    this.channel.onmessage = ({data}: MessageEvent<Message>) => this.onMessage(data);
    this.channel.postMessage({kind: "ask"} satisfies Message);
    void (async () => {
      if (ticket !== null) await this.redeem(ticket);
      if (!navigator.locks) return this.lead();
      await navigator.locks.request(`carrybook-engine ${base}`, () => this.lead());
    })();
  }

  /** Calls the listener with the state, now and on each change; returns a function that ends it. */
  watch(listener: (state: EngineState) => void): () => void {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  /** Calls the listener with each event of the stream; returns a function that ends it. */
  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  get = <T>(path: string): Promise<T> => this.request<T>("GET", path);
  patch = <T>(path: string, body: unknown): Promise<T> => this.request<T>("PATCH", path, body);
  post = <T>(path: string, body: unknown = {}): Promise<T> => this.request<T>("POST", path, body);

  /**
   * Posts a command that must arrive. Without a reply within a second, it is sent again to the machine's other name,
   * which has its own connections. The command is idempotent.
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

  /** Fetches a document as text. A link to the file would not work, because the token is sent in a header. */
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
      this.channel?.postMessage({kind: "token", token} satisfies Message);
    } catch {
      // A used or expired ticket: the page stays without a token and shows how to get a link.
    }
  }

  private take(token: string): void {
    if (token === this.token || this.rejected.has(token)) return;
    this.token = token;
    storeToken(this.session, token);
    this.wake?.();
  }

  private forget(): void {
    // Another tab may still send the rejected token.
    if (this.token !== null) this.rejected.add(this.token);
    this.token = null;
    storeToken(this.session, null);
    this.stream?.abort();
    this.update({link: "no token", status: null});
  }

  private onMessage(message: Message): void {
    if (message.kind === "ask") {
      if (this.token !== null) this.channel?.postMessage({kind: "token", token: this.token} satisfies Message);
      if (this.leads) this.channel?.postMessage({kind: "state", state: this.state} satisfies Message);
    } else if (message.kind === "token") this.take(message.token);
    else if (message.kind === "state" && !this.leads) {
      const {link} = message.state;
      // Without the token, a tab shows nothing of the account.
      this.update(
        link === "up" && this.token === null ? {...message.state, link: "no token", status: null} : message.state
      );
      if (link === "up" && this.token === null) this.channel?.postMessage({kind: "ask"} satisfies Message);
    } else if (message.kind === "event" && !this.leads) {
      // A tab that takes over resumes the stream after the last relayed event.
      this.lastId = message.id;
      this.emit(message.event);
    }
  }

  private update(change: Partial<EngineState>): void {
    this.state = {...this.state, ...change};
    if (this.leads) this.channel?.postMessage({kind: "state", state: this.state} satisfies Message);
    for (const listener of this.listeners) listener(this.state);
  }

  private emit(event: EngineEvent): void {
    this.state = {...this.state, heardTs: Date.now()};
    if (event.type === "status") this.state.status = event.data;
    if (event.type === "cycle" && this.state.status) this.state.status = {...this.state.status, cycle: event.data};
    if (this.state.link !== "up" && this.token !== null) this.state.link = "up";
    if (this.token === null) return;
    for (const listener of this.eventListeners) listener(event);
    for (const listener of this.listeners) listener(this.state);
  }

  /** Holds the stream for all tabs until this tab closes. */
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
        this.channel?.postMessage({kind: "ask"} satisfies Message);
        await this.pause(HEALTH_MS, true);
        continue;
      }
      this.update({health, heardTs: Date.now()});
      if (await this.follow()) wait = FIRST_WAIT_MS;
      await this.pause(wait * (0.75 + Math.random() / 2), false);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    }
  }

  /** Returns the engine's health; null when nothing answers, or something other than an engine, as on a static site. */
  private async health(): Promise<Health | null> {
    try {
      const reply = await fetch(`${this.base}/health`, {cache: "no-store", signal: AbortSignal.timeout(4_000)});
      const health = (await reply.json()) as Health;
      return health.components ? health : null;
    } catch {
      return null;
    }
  }

  /** Reads one stream to its end; returns whether any event arrived. */
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
        const parsed = {type: event, data: JSON.parse(data)} as EngineEvent;
        this.emit(parsed);
        if (first) this.update({});
        this.channel?.postMessage({kind: "event", event: parsed, id: this.lastId} satisfies Message);
      });
    } catch {
      // Broken or silent: the loop checks the health and resumes after the last event.
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

/** Returns the client of this page, shared by all components. */
export const engineClient = (): EngineClient => (client ??= new EngineClient());
