import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {Clock} from "../../../loaders/exchange/types.js";
import type {Unfilled} from "../venue.js";
import type {BybitAccount} from "./account.js";
import {decimalField} from "./fill.js";

export interface TrackOptions {
  account: BybitAccount;
  clock: Clock;
  /** aborts when the process ends; orders in flight stay in the journal */
  signal: AbortSignal;
  /** aborts sending when an emergency stop acts at the venue */
  cut?: AbortSignal | undefined;
  /** reports an order whose status has stayed unknown for {@link UNKNOWN_MS} */
  onUnknown: (clientId: string, why: string) => void;
}

/** An order to poll: how to find, cancel and read it. */
export interface PolledOrder<T> {
  clientId: string;
  find: () => Promise<Fields | undefined>;
  cancel: () => Promise<void>;
  /** reads the result once `done`; retried on failure */
  read: (order: Fields) => Promise<T>;
  /** ends the polling; by default when the order is in a final state */
  done?: (order: Fields) => boolean;
  /** longest time the order may stay open before it is cancelled, ms; default {@link IMMEDIATE_MS} */
  restMs?: number;
  /** cancels an open order earlier */
  cancelWhen?: (order: Fields) => boolean;
  /** longest time between two polls, ms */
  maxPollMs?: number;
}

/** Shortest time between two polls of an open order, ms. */
const POLL_MS = 100;
const MAX_POLL_MS = 5_000;
/** An order unknown to the venue is presumed lost after this many ms and this many polls. */
const LOST_MS = 5_000;
const LOST_POLLS = 5;
/** An IOC order still open after this long is cancelled, ms. */
const IMMEDIATE_MS = 2_000;
/** Longest lag of an order's executions behind its status, ms. */
const EXECUTIONS_MS = 10_000;
/** An unknown status is reported after this long, ms. */
const UNKNOWN_MS = 3_000;

/** Final order states. */
export const FINAL_STATES: readonly string[] = [
  "Filled",
  "Cancelled",
  "PartiallyFilledCanceled",
  "Rejected",
  "Deactivated",
  "Expired"
];

/** Formats the venue's reason for rejecting an order. */
export const reasonOf = ({message, code, status}: Refusal): string =>
  [message, code !== undefined ? `code ${code}` : status !== undefined ? `status ${status}` : undefined]
    .filter((part) => part !== undefined)
    .join(", ");

const hasEnded = (order: Fields): boolean => FINAL_STATES.includes(textOf(order["orderStatus"]) ?? "");

/**
 * Polls an order until it is done, however long that takes; failed queries are retried.
 * @returns undefined for an order presumed lost; it may still fill
 */
export async function pollOrder<T>(
  {
    clientId,
    find,
    cancel,
    read,
    done = hasEnded,
    restMs = IMMEDIATE_MS,
    cancelWhen = () => false,
    maxPollMs = MAX_POLL_MS
  }: PolledOrder<T>,
  {clock, signal, onUnknown}: Omit<TrackOptions, "account">
): Promise<T | undefined> {
  const began = clock.monotonic();
  // a resting order is not reported as unknown
  let restingUntil = began + UNKNOWN_MS;
  let unknown = 0;
  let reported = false;
  const reportUnknown = (why: string) => {
    if (reported || clock.monotonic() < restingUntil) return;
    reported = true;
    onUnknown(clientId, why);
  };
  for (let poll = 0; ; poll++) {
    signal.throwIfAborted();
    try {
      const order = await find();
      if (!order && ++unknown >= LOST_POLLS && clock.monotonic() - began >= LOST_MS) {
        // Cancelled first: a late arrival must not fill after its hedge was unwound.
        await cancel();
        return undefined;
      }
      if (order) {
        unknown = 0;
        if (done(order)) return await read(order);
        if (clock.monotonic() - began >= restMs || cancelWhen(order)) await cancel();
        else restingUntil = Math.max(restingUntil, clock.monotonic() + UNKNOWN_MS);
      }
      reportUnknown(order ? "it is still open" : "the venue does not know it");
    } catch (error) {
      signal.throwIfAborted();
      reportUnknown((error as Error).message);
    }
    await clock.sleep(Math.min(maxPollMs, POLL_MS * 2 ** Math.min(poll, 6)), signal);
  }
}

/** Returns an order's filled quantity, in the venue's unit. */
export const filledOf = (order: Fields): Decimal => decimalField(order, "cumExecQty");

/**
 * Returns why an order in a final state was filled only in part; undefined when filled. `ordered` in the venue's unit.
 */
export function shortfall(order: Fields, ordered: Decimal): Unfilled | undefined {
  const done = filledOf(order);
  if (done.gte(ordered)) return undefined;
  const reason = textOf(order["rejectReason"]) ?? textOf(order["cxlRejReason"]);
  const status = textOf(order["orderStatus"])!;
  const more = reason && reason !== "EC_NoError" ? ` (${reason})` : "";
  return {
    code: status === "Rejected" ? "refused" : "expired",
    message: `${status.toLowerCase()} at ${done} of ${ordered}${more}`
  };
}

/**
 * Reads an order's executions until they add up to its filled quantity `done`, in the venue's unit.
 * @throws Refusal when they do not within {@link EXECUTIONS_MS}
 */
export async function executionsOf(
  done: Decimal,
  clientId: string,
  read: () => Promise<Fields[]>,
  {clock, signal}: Pick<TrackOptions, "clock" | "signal">
): Promise<Fields[]> {
  const began = clock.monotonic();
  for (;;) {
    const rows = await read();
    const sum = rows.reduce((total, row) => total.plus(decimalField(row, "execQty")), ZERO);
    if (sum.eq(done)) return rows;
    if (clock.monotonic() - began > EXECUTIONS_MS)
      throw new Refusal("content", `executions of ${clientId} add up to ${sum}, the order to ${done}`);
    await clock.sleep(POLL_MS, signal);
  }
}
