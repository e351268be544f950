import pRetry from "p-retry";
import type {Clock} from "../../loaders/exchange/types.js";
import type {Loudness, Notification, NotificationSettings} from "../../src/lib/wire/trading.js";
import type {Channel} from "./channels.js";
import {EVENTS, type NotifyConfig} from "../config/notify.js";
import type {Switches, SwitchPatch} from "./switches.js";

const HOUR_MS = 3_600_000;
/** A channel that fails is spoken of once an hour, however often it does. */
const COMPLAIN_MS = HOUR_MS;
const KEPT = 500;

interface NotifierOptions {
  config: NotifyConfig;
  /** how loud each event is */
  switches: Switches;
  channels: readonly Channel[];
  clock: Clock;
  log: {warn: (text: string) => void};
  /** hears everything that is to be shown in the page */
  onShown: (notification: Notification) => void;
  /** first pause between two attempts of a channel, ms */
  retryMs?: number;
}

/**
 * Tells a person what happened: in the page at once, outside it grouped and within an hour's limit. A channel that fails
 * harms nothing and nobody; it is said in the page and in `status`.
 */
export class Notifier {
  /** the newest, oldest first */
  readonly shown: Notification[] = [];
  /** channels whose newest message did not get through, and why */
  readonly failing = new Map<Channel["name"], string>();
  readonly #options: NotifierOptions;
  readonly #waiting: Notification[] = [];
  readonly #sent = new Map<Channel["name"], number[]>();
  readonly #leftOut = new Map<Channel["name"], number>();
  readonly #complained = new Map<Channel["name"], number>();
  readonly #closing = new AbortController();
  #flushing: Promise<void> | undefined;
  #lastId = 0;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** How loud an event is; one that has no switch is told. */
  loudness(event: string): Loudness {
    return this.#options.switches.of(event);
  }

  /** What can be told, how loud, and where to. */
  settings(): NotificationSettings {
    const {switches, channels, config} = this.#options;
    return {
      events: switches.report(),
      channels: channels.map(({name}) => ({name, failing: this.failing.get(name) ?? null})),
      perHour: config.perHour
    };
  }

  /** Sets how loud events are, at once and after a restart. @throws DataError when that cannot be kept */
  set(patch: SwitchPatch): NotificationSettings {
    this.#options.switches.set(patch);
    return this.settings();
  }

  /** Tells one thing. */
  tell(given: Omit<Notification, "id">): void {
    const loudness = this.loudness(given.event);
    if (loudness === "off") return;
    const notification: Notification = {
      ...given,
      id: ++this.#lastId,
      ...(loudness === "silent" && {silent: true})
    };
    this.shown.push(notification);
    if (this.shown.length > KEPT * 1.2) this.shown.splice(0, this.shown.length - KEPT);
    this.#options.onShown(notification);
    // that a channel fails is not told through channels
    if (given.event === "channel" || this.#options.channels.length === 0) return;
    this.#waiting.push(notification);
    this.#flushing ??= this.#flush();
  }

  async #flush(): Promise<void> {
    const {config, clock} = this.#options;
    await clock.sleep(config.groupMs, this.#closing.signal).catch(() => undefined);
    this.#flushing = undefined;
    const all = this.#waiting.splice(0);
    if (all.length === 0) return;
    const loud = all.filter(({event}) => this.loudness(event) === "on");
    const quiet = all.filter(({event}) => this.loudness(event) === "silent");
    await Promise.all(
      this.#options.channels.map(async (channel) => {
        if (loud.length > 0) await this.#send(channel, loud, false);
        if (quiet.length > 0) await this.#send(channel, quiet, true);
      })
    );
  }

  async #send(channel: Channel, notifications: readonly Notification[], silent: boolean): Promise<void> {
    const {clock, config, retryMs = 1_000} = this.#options;
    const now = clock.monotonic();
    const sent = (this.#sent.get(channel.name) ?? []).filter((ms) => now - ms < HOUR_MS);
    this.#sent.set(channel.name, sent);
    const leftOut = this.#leftOut.get(channel.name) ?? 0;
    // what is critical is told however much was told before
    const urgent = notifications.some(({level}) => level === "critical");
    if (sent.length >= config.perHour && !urgent) {
      this.#leftOut.set(channel.name, leftOut + notifications.length);
      return;
    }
    sent.push(now);
    this.#leftOut.set(channel.name, 0);
    try {
      await pRetry(() => channel.send({notifications, leftOut, silent}), {
        retries: 2,
        minTimeout: retryMs,
        factor: 3,
        randomize: true,
        signal: this.#closing.signal
      });
      this.failing.delete(channel.name);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#complain(channel.name, (error as Error).message);
    }
  }

  #complain(name: Channel["name"], why: string): void {
    const {clock, log} = this.#options;
    this.failing.set(name, why);
    log.warn(`notification not sent: ${why}`);
    const last = this.#complained.get(name);
    if (last !== undefined && clock.monotonic() - last < COMPLAIN_MS) return;
    this.#complained.set(name, clock.monotonic());
    this.tell({
      ts: Math.trunc(clock.now()),
      level: "warn",
      event: "channel",
      text: `${EVENTS.channel}: ${why}`,
      pair: null
    });
  }

  /** Sends what waits and ends. */
  async close(): Promise<void> {
    const flushing = this.#flushing;
    if (flushing === undefined) return this.#closing.abort(new Error("the engine stops"));
    const all = this.#waiting.splice(0);
    this.#closing.abort(new Error("the engine stops"));
    await flushing;
    // one attempt each, without a pause: the process ends
    const loud = all.filter(({event}) => this.loudness(event) === "on");
    if (loud.length === 0) return;
    const message = {notifications: loud, leftOut: 0, silent: false};
    await Promise.allSettled(this.#options.channels.map((channel) => channel.send(message)));
  }
}
