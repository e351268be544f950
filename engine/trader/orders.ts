import type {Decimal} from "../../src/lib/money/decimal.js";
import {text} from "../../src/lib/money/decimal.js";
import type {Execution, ExecutionVenue, HedgeLegs, LegOrder} from "../execution/venue.js";
import type {Recorder} from "../journal/recorder.js";
import {fillOf, fillRecord} from "../journal/codec.js";
import type {FilledEvent, OrderedEvent, Act} from "../journal/events.js";

/** A leg order before it has a client id. */
export type LegPlan = Omit<LegOrder, "clientId">;

const ACTS: Readonly<Record<Act, string>> = {open: "o", close: "c", "sell-coin": "l", mend: "m"};

/** Returns a deterministic client id, by which the venue rejects duplicates. At most 36 characters, Bybit's limit. */
function clientId(tradeId: string, act: Act, market: LegOrder["market"], attempt: number): string {
  const cut = tradeId.lastIndexOf("-");
  const ts = Number(tradeId.slice(cut + 1)).toString(36);
  return `${tradeId.slice(0, Math.min(cut, 18))}-${ts}-${ACTS[act]}${market[0]}${attempt}`;
}

/** Returns the limit price `reference × (1 ± band)` on the unfavourable side; undefined for a market order. */
export const limitOf = (
  reference: Decimal,
  side: LegOrder["side"],
  bandBps: number | undefined
): Decimal | undefined =>
  bandBps === undefined ? undefined : reference.times(side === "buy" ? 10_000 + bandBps : 10_000 - bandBps).div(10_000);

/**
 * Executes one round of orders: journals it, sends it, then journals the result. After a crash in between, recovery
 * resumes here and queries the venue instead of sending.
 */
export async function executeRound(
  recorder: Recorder,
  venue: ExecutionVenue,
  round: Omit<HedgeLegs, "legs"> & {legs: readonly LegPlan[]}
): Promise<Execution> {
  const {ts, tradeId, pair, act, attempt, patient} = round;
  const legs = round.legs.map((leg) => ({clientId: clientId(tradeId, act, leg.market, attempt), ...leg}));
  const order: HedgeLegs = {ts, tradeId, pair, act, attempt, legs, ...(patient && {patient})};
  const resumed = recorder.upcoming !== undefined;
  recorder.follow<OrderedEvent>({
    type: "ordered",
    ts,
    tradeId,
    pair,
    act,
    attempt,
    legs: legs.map(({limit, quantity, reference, ...leg}) => ({
      ...leg,
      quantity: text(quantity),
      reference: text(reference),
      ...(limit && {limit: text(limit)})
    }))
  });
  const filled = await recorder.recallLater<FilledEvent>("filled", async () => {
    const {fills, unfilled = []} = await venue.execute(order, {resumed});
    return {
      type: "filled",
      ts,
      tradeId,
      fills: fills.map(fillRecord),
      ...(unfilled.length > 0 && {unfilled: unfilled.map(({clientId, code, message}) => [clientId, code, message])})
    };
  });
  const execution: Execution = {
    fills: filled.fills.map(fillOf),
    unfilled: (filled.unfilled ?? []).map(([clientId, code, message]) => ({clientId, code, message}))
  };
  venue.confirm(order, execution);
  return execution;
}
