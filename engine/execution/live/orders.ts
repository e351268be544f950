import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/page.js";
import type {Clock} from "../../../loaders/exchange/types.js";
import type {LegOrder} from "../venue.js";
import type {BybitAccount} from "./account.js";
import {fillFrom} from "./fill.js";
import {venuePrice, venueQuantity, type OrderMarket} from "./markets.js";
import {verdictOf} from "./verdict.js";

/** What became of one leg. */
export interface LegOutcome {
  fills: Fill[];
  /** why it was not filled, or not to its end; undefined where it was */
  why: string | undefined;
  /** the venue did not know it when it was last asked: it may still turn up */
  lost: boolean;
}

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

/** The venue's words for an order, every parameter written out. */
export function orderFields(market: OrderMarket, leg: LegOrder, postOnly = false): Fields {
  const {clientId, side, quantity, limit, reduceOnly} = leg;
  return {
    category: market.category,
    symbol: market.symbol,
    side: side === "buy" ? "Buy" : "Sell",
    orderType: limit ? "Limit" : "Market",
    qty: venueQuantity(market, quantity),
    ...(limit && {price: venuePrice(market, limit, side)}),
    timeInForce: postOnly ? "PostOnly" : "IOC",
    orderLinkId: clientId,
    ...(market.category === "spot"
      ? {isLeverage: 0, marketUnit: "baseCoin"}
      : {positionIdx: 0, reduceOnly: !!reduceOnly})
  };
}

/**
 * Sends one leg and waits until the venue says what became of it. An answer that leaves it open is not a failure: the
 * order is in flight and is asked for by its client id, as long as that takes.
 */
export async function place(market: OrderMarket, leg: LegOrder, options: TrackOptions): Promise<LegOutcome> {
  try {
    await options.account.create(orderFields(market, leg), options.cut ?? options.signal);
  } catch (error) {
    options.signal.throwIfAborted();
    // it may have been on its way
    if (options.cut?.aborted) return track(market, leg, options);
    if (!(error instanceof Refusal)) throw error;
    if (verdictOf(error) === "refused") return {fills: [], why: reasonOf(error), lost: false};
  }
  return track(market, leg, options);
}

const reasonOf = ({message, code, status}: Refusal): string =>
  [message, code !== undefined ? `code ${code}` : status !== undefined ? `status ${status}` : undefined]
    .filter((part) => part !== undefined)
    .join(", ");

/** Asks for an order by its client id until it has ended and its executions add up to it. */
export async function track(market: OrderMarket, leg: LegOrder, options: TrackOptions): Promise<LegOutcome> {
  const {account, clock, signal, onDoubt} = options;
  const {category, symbol} = market;
  const began = clock.monotonic();
  let unknown = 0;
  let told = false;
  const doubt = (why: string) => {
    if (told || clock.monotonic() - began < DOUBT_MS) return;
    told = true;
    onDoubt(leg.clientId, why);
  };
  for (let look = 0; ; look++) {
    signal.throwIfAborted();
    let order: Fields | undefined;
    try {
      order = await account.order(category, symbol, leg.clientId, {signal});
      if (!order && ++unknown >= LOST_LOOKS && clock.monotonic() - began >= LOST_MS) {
        // One that comes late to the venue must not find its hedge unwound: it is taken back before it is given up.
        await account.cancel(category, symbol, leg.clientId);
        return {fills: [], why: "the venue does not know the order", lost: true};
      }
      if (order) unknown = 0;
      const ended = order && ENDED.includes(textOf(order["orderStatus"]) ?? "");
      if (ended) return await outcomeOf(market, leg, order!, options);
      if (order && clock.monotonic() - began >= IMMEDIATE_MS) await account.cancel(category, symbol, leg.clientId);
      doubt(order ? "it is still open" : "the venue does not know it");
    } catch (error) {
      signal.throwIfAborted();
      // a question that failed says nothing of the order
      doubt((error as Error).message);
    }
    await clock.sleep(Math.min(LONGEST_LOOK_MS, LOOK_MS * 2 ** Math.min(look, 6)), signal);
  }
}

async function outcomeOf(
  market: OrderMarket,
  leg: LegOrder,
  order: Fields,
  {account, clock, signal}: TrackOptions
): Promise<LegOutcome> {
  const done = new Decimal(textOf(order["cumExecQty"]) || "0");
  const asked = new Decimal(venueQuantity(market, leg.quantity));
  const status = textOf(order["orderStatus"])!;
  const reason = textOf(order["rejectReason"]);
  const why = done.gte(asked)
    ? undefined
    : `${status.toLowerCase()} at ${done} of ${asked}${reason && reason !== "EC_NoError" ? ` (${reason})` : ""}`;
  if (done.isZero()) return {fills: [], why, lost: false};
  const began = clock.monotonic();
  for (;;) {
    const rows = await account.executionsOf(market.category, market.symbol, leg.clientId, {signal});
    const trades = rows.filter((row) => textOf(row["execType"]) === "Trade");
    const sum = trades.reduce((total, row) => total.plus(textOf(row["execQty"]) || "0"), ZERO);
    if (sum.eq(done)) {
      const fills = trades.map((row) => fillFrom(row, market, leg.reference)).sort((a, b) => a.ts - b.ts);
      return {fills, why, lost: false};
    }
    if (clock.monotonic() - began > EXECUTIONS_MS)
      throw new Refusal("content", `executions of ${leg.clientId} add up to ${sum}, the order to ${done}`);
    await clock.sleep(LOOK_MS, signal);
  }
}
