import type {DecisionReport} from "../../src/lib/wire/trading.js";
import type {JournalLine} from "../journal/line.js";
import type {TradingEvent} from "../journal/events.js";

/** Returns the pair of a trade id such as `BTC-USDT-1772463600000`. */
const pairOf = (tradeId: string): string => tradeId.slice(0, tradeId.lastIndexOf("-")).replace("-", "/");

const blank = {numbers: {}, tradeId: null, amount: null};

/** Returns the decisions and results in a journal line; empty for inputs and bookkeeping. */
export function decisionsOf({seq, event}: JournalLine): DecisionReport[] {
  const e = event as TradingEvent;
  const {ts} = e;
  switch (e.type) {
    case "decided":
      return e.intents.map(({type, pair, reason, numbers}) => ({
        ...blank,
        seq,
        ts,
        pair,
        kind: type,
        reason: reason ?? "no-longer-wanted",
        code: reason ?? "no-longer-wanted",
        numbers
      }));
    case "gated":
      return e.refused.map(({pair, rule, why}) => ({
        ...blank,
        seq,
        ts,
        pair,
        kind: "gated",
        reason: `${rule}: ${why}`,
        code: rule
      }));
    case "risk":
      return e.exits.map(({pair, rule, why}) => ({
        ...blank,
        seq,
        ts,
        pair,
        kind: "exit",
        reason: `risk: ${rule}`,
        code: rule,
        numbers: {rule, why}
      }));
    case "refused":
      return [{...blank, seq, ts, pair: e.pair, kind: "refused", reason: e.reason, code: e.code}];
    case "filled":
      return (e.unfilled ?? []).flatMap(([order, code, reason]) =>
        code === "not-sent"
          ? [{...blank, seq, ts, pair: pairOf(e.tradeId), kind: "not-sent", reason, code, numbers: {order}}]
          : []
      );
    case "lapsed":
      return [{...blank, seq, ts, pair: e.pair, kind: "lapse", reason: "no-price", code: "no-price"}];
    case "opened":
      return [
        {
          ...blank,
          seq,
          ts,
          pair: e.pair,
          kind: "opened",
          reason: e.reason,
          code: e.reason,
          tradeId: e.tradeId,
          amount: e.notional
        }
      ];
    case "settled":
      return [
        {
          ...blank,
          seq,
          ts,
          pair: e.pair,
          kind: "settled",
          reason: e.late ? "settlement known after the exit" : "settlement",
          code: e.late ? "late-settlement" : "settlement",
          numbers: {rate: e.rate, mark: e.mark, markSource: e.markSource},
          tradeId: e.tradeId,
          amount: e.amount
        }
      ];
    case "liquidated":
      return [
        {
          ...blank,
          seq,
          ts,
          pair: e.pair,
          kind: "liquidated",
          reason: "liquidated",
          code: "liquidated",
          numbers: {price: e.price, high: String(e.high), source: e.source},
          tradeId: e.tradeId
        }
      ];
    case "closed":
      return [
        {
          ...blank,
          seq,
          ts,
          pair: e.pair,
          kind: "closed",
          reason: e.trade.exitReason,
          code: e.trade.exitReason,
          tradeId: e.trade.id,
          amount: e.trade.net
        }
      ];
    default:
      return [];
  }
}
