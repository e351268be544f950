import {createExchange} from "../../loaders/exchange/index.js";
import {systemClock} from "../../loaders/exchange/clock.js";
import type {Exchange} from "../../loaders/exchange/types.js";
import {ExchangeError, UsageError} from "../../loaders/errors.js";
import {readMeta, writeMeta, type Database} from "../../loaders/store/database.js";
import {startSimThread} from "../simulator/thread.js";

/** Source of a venue's data: the venue itself, another base URL, or the embedded simulator (`sim:7`). */
export interface VenueSource {
  /** ccxt id or `sim` */
  venue: string;
  /** undefined: the venue's own address */
  url: string | undefined;
}

/** A venue's client, and the function that closes it. */
export interface OpenVenue {
  exchange: Exchange;
  close: () => Promise<void>;
}

const EMBEDDED = /^sim:(\d+)$/;

/** Returns the URL of the embedded simulator with a seed; it is also the origin of its rows. */
export const embedded = (seed: number): string => `sim:${seed}`;

/**
 * Probes whether a base URL is a simulated venue, whose rows are stored under `sim`.
 * @throws UsageError for a malformed URL; ExchangeError when nothing answers
 */
export async function identifyUrl(url: string): Promise<{simulated: boolean}> {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new UsageError(`invalid url: ${url}`, {fix: "give a base URL such as http://127.0.0.1:8330"});
  }
  if (!/^https?:$/.test(parsed.protocol)) throw new UsageError(`invalid url: ${url}`, {fix: "http or https"});
  try {
    const reply = await fetch(new URL("/sim/requests", parsed), {signal: AbortSignal.timeout(10_000)});
    const body = reply.ok
      ? ((await reply.json().catch(() => undefined)) as {simulated?: boolean} | undefined)
      : undefined;
    return {simulated: body?.simulated === true};
  } catch (error) {
    throw new ExchangeError(`venue cannot be reached: ${url} (${reasonOf(error)})`, {
      code: "network",
      fix: "check the address and that the venue is up",
      cause: error
    });
  }
}

const reasonOf = (error: unknown): string => {
  const {cause, message} = error as Error & {cause?: {code?: string; message?: string}};
  return cause?.code ?? cause?.message ?? message;
};

/** Opens the client of a source. Starts the embedded simulator where needed; `close` stops it. */
export async function openVenue({venue, url}: VenueSource): Promise<OpenVenue> {
  const seed = url === undefined ? undefined : EMBEDDED.exec(url)?.[1];
  if (seed !== undefined) {
    const sim = await startSimThread({seed: Number(seed)});
    const exchange = await createExchange({
      venue: "bybit",
      url: sim.url,
      simulated: true,
      origin: url,
      clock: systemClock
    });
    return {exchange, close: sim.close};
  }
  const simulated = venue === "sim";
  if (simulated && url === undefined) {
    throw new UsageError("missing url: a simulated venue needs one", {fix: "start `npx carrybook sim` and pass --url"});
  }
  const exchange = await createExchange({venue: simulated ? "bybit" : venue, url, simulated, clock: systemClock});
  return {exchange, close: async () => undefined};
}

/** Returns the base URL a store's venue was last used with; undefined for the venue's own. */
export async function knownUrl(db: Database, venue: string): Promise<string | undefined> {
  return (await readMeta(db, `url:${venue}`)) || undefined;
}

/** Stores the base URL of a venue, for later updates and repairs. */
export const keepUrl = (db: Database, {venue, url}: VenueSource): Promise<void> =>
  writeMeta(db, `url:${venue}`, url ?? "");
