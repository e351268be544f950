import type {Fill} from "../../src/lib/ledger/fills.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {EntryReason, ExitReason, Intent} from "../../src/lib/strategy/decide.js";
import type {FillRecord, IntentRecord} from "./events.js";

/** A fill as the journal has it. */
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

/** The fill of a record. */
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

/** An intent as the journal has it. */
export function intentRecord(intent: Intent): IntentRecord {
  const {type, pair, decision} = intent;
  const numbers = {...decision.numbers};
  if (intent.type === "drop") return {type, pair, numbers};
  if (intent.type === "exit") return {type, pair, reason: intent.reason, numbers};
  const {reason, score, netPerPeriod} = intent;
  return {type, pair, reason, score: text(score), netPerPeriod: text(netPerPeriod), numbers};
}

/** The intent of a record that was decided at `ts`. */
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
