import pRetry from "p-retry";
import type {Clock} from "../../loaders/exchange/types.js";
import type {Loudness, Notification, NotificationSettings} from "../../src/lib/wire/trading.js";
import type {Channel} from "./channels.js";
import {EVENTS, type NotifyConfig} from "../config/notify.js";
import type {Switches, SwitchPatch} from "./switches.js";

const HOUR_MS = 3_600_000;
/** Minimum time between two reports of one failing channel, ms. */
const FAILURE_REPORT_MS = HOUR_MS;
const KEPT = 500;

interface NotifierOptions {
  config: NotifyConfig;
  /** loudness of each event */
  switches: Switches;
  channels: readonly Channel[];
  clock: Clock;
  log: {warn: (text: string) => void};
  /** receives every notification to list in the page */
  onShown: (notification: Notification) => void;
  /** first backoff between two attempts of a channel, ms */
  retryMs?: number;
}

/**
 * Notifies the operator: in the page at once, through the channels in groups and within an hourly limit.
 * A failing channel is reported in the page and in the engine's health, and affects nothing else.
 */
export class Notifier {
  /** the newest, oldest first */
  readonly shown: Notification[] = [];
  /** channels whose latest message failed, with the reason */
  readonly failing = new Map<Channel["name"], string>();
  readonly #options: NotifierOptions;
  readonly #waiting: Notification[] = [];
  readonly #sent = new Map<Channel["name"], number[]>();
  readonly #leftOut = new Map<Channel["name"], number>();
  readonly #failureReported = new Map<Channel["name"], number>();
  readonly #closing = new AbortController();
  #flushing: Promise<void> | undefined;
  #lastId = 0;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Returns the loudness of an event; unknown events are on. */
  loudness(event: string): Loudness {
    return this.#options.switches.of(event);
  }

  /** Returns every event with its loudness, and the state of each channel. */
  settings(): NotificationSettings {
    const {switches, channels, config} = this.#options;
    return {
      events: switches.report(),
      channels: channels.map(({name}) => ({name, failing: this.failing.get(name) ?? null})),
      perHour: config.perHour
    };
  }

  /** Sets the loudness of events and saves it. @throws DataError when it cannot be saved */
  set(patch: SwitchPatch): NotificationSettings {
    this.#options.switches.set(patch);
    return this.settings();
  }

  /** Lists a notification in the page and queues it for the channels, unless its event is off. */
  notify(given: Omit<Notification, "id">): void {
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
    // a channel failure is never sent through channels
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
    // critical notifications ignore the hourly limit
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
      this.#reportFailure(channel.name, (error as Error).message);
    }
  }

  #reportFailure(name: Channel["name"], why: string): void {
    const {clock, log} = this.#options;
    this.failing.set(name, why);
    log.warn(`notification not sent: ${why}`);
    const last = this.#failureReported.get(name);
    if (last !== undefined && clock.monotonic() - last < FAILURE_REPORT_MS) return;
    this.#failureReported.set(name, clock.monotonic());
    this.notify({
      ts: Math.trunc(clock.now()),
      level: "warn",
      event: "channel",
      text: `${EVENTS.channel}: ${why}`,
      pair: null
    });
  }

  /** Sends what is queued, once, and stops. */
  async close(): Promise<void> {
    const flushing = this.#flushing;
    if (flushing === undefined) return this.#closing.abort(new Error("the engine stops"));
    const all = this.#waiting.splice(0);
    this.#closing.abort(new Error("the engine stops"));
    await flushing;
    // one attempt each, because the process is about to exit
    const loud = all.filter(({event}) => this.loudness(event) === "on");
    if (loud.length === 0) return;
    const message = {notifications: loud, leftOut: 0, silent: false};
    await Promise.allSettled(this.#options.channels.map((channel) => channel.send(message)));
  }
}
