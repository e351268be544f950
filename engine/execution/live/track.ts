import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/page.js";
import type {Clock} from "../../../loaders/exchange/types.js";
import type {Unfilled} from "../venue.js";
import type {BybitAccount} from "./account.js";
import {decimalField} from "./fill.js";

export interface TrackOptions {
  account: BybitAccount;
  clock: Clock;
  /** the process ends: what is in flight stays in the journal */
  signal: AbortSignal;
  /** nothing more is sent: an emergency stop acts at the venue itself */
  cut?: AbortSignal | undefined;
  /** says that an order's fate is not known yet, once it has lasted */
  onDoubt: (clientId: string, why: string) => void;
}

/** An order as it is asked for, taken back and read once it is what is waited for. */
export interface Followed<T> {
  clientId: string;
  find: () => Promise<Fields | undefined>;
  cancel: () => Promise<void>;
  /** what is made of it in the end; a failure is asked again, as every question is */
  read: (order: Fields) => Promise<T>;
  /** whether an order that was found is what is waited for; by default one that has ended */
  done?: (order: Fields) => boolean;
  /** how long it may stay open before it is taken back, ms; that of an immediate order by default */
  restMs?: number;
  /** whether an open order is taken back before that */
  takeBack?: (order: Fields) => boolean;
  /** the longest time between two looks, ms */
  longestLookMs?: number;
}

/** Between two looks at an order that has not ended, ms. */
const LOOK_MS = 100;
const LONGEST_LOOK_MS = 5_000;
/** An order that the venue does not know is given up for lost after this long of asking, and this often. */
const LOST_MS = 5_000;
const LOST_LOOKS = 5;
/** An immediate order that is still open after this long is taken back. */
const IMMEDIATE_MS = 2_000;
/** How long an order's executions may lag behind its state, ms. */
const EXECUTIONS_MS = 10_000;
/** Doubt that lasts this long is told. */
const DOUBT_MS = 3_000;

/** States of an order that nothing more becomes of. */
export const ENDED: readonly string[] = [
  "Filled",
  "Cancelled",
  "PartiallyFilledCanceled",
  "Rejected",
  "Deactivated",
  "Expired"
];

/** Why the venue did not take an order, in its own words. */
export const reasonOf = ({message, code, status}: Refusal): string =>
  [message, code !== undefined ? `code ${code}` : status !== undefined ? `status ${status}` : undefined]
    .filter((part) => part !== undefined)
    .join(", ");

const hasEnded = (order: Fields): boolean => ENDED.includes(textOf(order["orderStatus"]) ?? "");

/**
 * Asks for an order until it has ended, as long as that takes; a question that failed says nothing of it.
 * @returns undefined for one that the venue has not known for so long that it is given up for lost; it may still turn up
 */
export async function follow<T>(
  {
    clientId,
    find,
    cancel,
    read,
    done = hasEnded,
    restMs = IMMEDIATE_MS,
    takeBack = () => false,
    longestLookMs = LONGEST_LOOK_MS
  }: Followed<T>,
  {clock, signal, onDoubt}: Omit<TrackOptions, "account">
): Promise<T | undefined> {
  const began = clock.monotonic();
  // one that may rest is in no doubt while it does
  let calmUntil = began + DOUBT_MS;
  let unknown = 0;
  let told = false;
  const doubt = (why: string) => {
    if (told || clock.monotonic() < calmUntil) return;
    told = true;
    onDoubt(clientId, why);
  };
  for (let look = 0; ; look++) {
    signal.throwIfAborted();
    try {
      const order = await find();
      if (!order && ++unknown >= LOST_LOOKS && clock.monotonic() - began >= LOST_MS) {
        // One that comes late to the venue must not find its hedge unwound: it is taken back before it is given up.
        await cancel();
        return undefined;
      }
      if (order) {
        unknown = 0;
        if (done(order)) return await read(order);
        if (clock.monotonic() - began >= restMs || takeBack(order)) await cancel();
        else calmUntil = Math.max(calmUntil, clock.monotonic() + DOUBT_MS);
      }
      doubt(order ? "it is still open" : "the venue does not know it");
    } catch (error) {
      signal.throwIfAborted();
      doubt((error as Error).message);
    }
    await clock.sleep(Math.min(longestLookMs, LOOK_MS * 2 ** Math.min(look, 6)), signal);
  }
}

/** What of an order was filled, in the venue's unit. */
export const filledOf = (order: Fields): Decimal => decimalField(order, "cumExecQty");

/** Why an order that has ended was not filled to its end; undefined where it was. */
export function shortfall(order: Fields, asked: Decimal): Unfilled | undefined {
  const done = filledOf(order);
  if (done.gte(asked)) return undefined;
  const reason = textOf(order["rejectReason"]) ?? textOf(order["cxlRejReason"]);
  const status = textOf(order["orderStatus"])!;
  const more = reason && reason !== "EC_NoError" ? ` (${reason})` : "";
  return {
    code: status === "Rejected" ? "refused" : "expired",
    why: `${status.toLowerCase()} at ${done} of ${asked}${more}`
  };
}

/**
 * The executions of an order that has ended, once they add up to it.
 * @throws Refusal when they still do not after a while
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
    await clock.sleep(LOOK_MS, signal);
  }
}
