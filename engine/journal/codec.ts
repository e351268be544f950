import type {Fill} from "../../src/lib/ledger/fills.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {EntryReason, ExitReason, Intent} from "../../src/lib/strategy/decide.js";
import type {Refusal} from "../../src/lib/ledger/sizing.js";
import type {FilledEvent, FillRecord, IntentRecord, RefusedEvent, UnfilledCode} from "./events.js";
import type {JournalEvent} from "./line.js";

/** Serialises a fill. */
export const fillRecord = (fill: Fill): FillRecord => ({
  leg: fill.leg,
  side: fill.side,
  ts: fill.ts,
  reference: text(fill.reference),
  price: text(fill.price),
  quantity: text(fill.quantity),
  fee: text(fill.fee),
  slippage: text(fill.slippage),
  ...(fill.id !== undefined && {id: fill.id})
});

/** Parses a fill. */
export const fillOf = (record: FillRecord): Fill => ({
  leg: record.leg,
  side: record.side,
  ts: record.ts,
  reference: new Decimal(record.reference),
  price: new Decimal(record.price),
  quantity: new Decimal(record.quantity),
  fee: new Decimal(record.fee),
  slippage: new Decimal(record.slippage),
  ...(record.id !== undefined && {id: record.id})
});

/** Serialises an intent. */
export function intentRecord(intent: Intent): IntentRecord {
  const {type, pair, decision} = intent;
  const numbers = {...decision.numbers};
  if (intent.type === "drop") return {type, pair, numbers};
  if (intent.type === "exit") return {type, pair, reason: intent.reason, numbers};
  const {reason, score, netPerPeriod} = intent;
  return {type, pair, reason, score: text(score), netPerPeriod: text(netPerPeriod), numbers};
}

/** Parses an intent decided at `ts`, UTC ms. */
export function intentOf(record: IntentRecord, ts: number): Intent {
  const {type, pair, numbers} = record;
  const decision = {ts, numbers};
  if (type === "drop") return {type, pair, decision};
  if (type === "exit") return {type, pair, reason: record.reason as ExitReason, decision};
  return {
    type,
    pair,
    reason: record.reason as EntryReason,
    score: new Decimal(record.score!),
    netPerPeriod: new Decimal(record.netPerPeriod!),
    decision
  };
}

/** Reason prefixes of earlier versions; the first match decides the code. */
const REASON_PREFIXES: readonly (readonly [RegExp, UnfilledCode])[] = [
  [/^lost: /, "lost"],
  [/^dry run, not sent: /, "not-sent"],
  [/^as a spread: /, "spread"],
  [/^as a maker: /, "maker"],
  [/^not sent: /, "withheld"],
  [/^cut to |^the (spot|perp) leg filled too little/, "cut"],
  [/^(?!rejected )[a-z]+ at [\d.]+ of [\d.]+/, "expired"]
];

const codeOf = (why: string): UnfilledCode => REASON_PREFIXES.find(([opening]) => opening.test(why))?.[1] ?? "refused";

/** Sizing refusals, whose reason was always the code. */
const SIZING: Readonly<Record<Refusal, true>> = {
  "too-many-hedges": true,
  "nothing-to-buy": true,
  "under-minimum-quantity": true,
  "under-minimum-notional": true
};

/**
 * Converts an event to the current format. Earlier versions wrote unfilled orders without a code; only this function
 * derives one from the reason's text. Checksums cover the stored text, not the converted event.
 */
export function currentEvent(event: JournalEvent): JournalEvent {
  if (event.type === "filled") {
    const {unfilled} = event as {unfilled?: ([clientId: string, why: string] | Unfilled)[]} & JournalEvent;
    if (unfilled?.every(isCoded) ?? true) return event;
    const coded = unfilled!.map((order): Unfilled => (isCoded(order) ? order : [order[0], codeOf(order[1]), order[1]]));
    return {...event, unfilled: coded} as FilledEvent;
  }
  if (event.type === "refused" && (event as RefusedEvent).code === undefined) {
    const {reason} = event as RefusedEvent;
    return {...event, code: Object.hasOwn(SIZING, reason) ? (reason as Refusal) : codeOf(reason)} as RefusedEvent;
  }
  return event;
}

type Unfilled = NonNullable<FilledEvent["unfilled"]>[number];
const isCoded = (order: [clientId: string, why: string] | Unfilled): order is Unfilled => order.length === 3;
