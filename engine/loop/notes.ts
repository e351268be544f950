import type {Notification, ReconciliationRow, RiskReport} from "../../src/lib/wire/trading.js";
import type {JournalLine} from "../journal/line.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {ForeignRecord, TradingEvent} from "../journal/events.js";

type Note = Omit<Notification, "id">;

/** Accepted deviation of a funding payment, a share: the venue's mark may differ from the candle's. */
const MARK_SHARE = "0.01";

const FOREIGN: Record<ForeignRecord["cause"], string> = {
  late: "an order that was counted as lost has filled after all; its fill is booked",
  adl: "the venue has taken some of the short away (auto-deleveraging); the coin is evened out",
  liquidation: "the venue has liquidated the short; the coin is sold next",
  settlement: "the venue has delisted the perp; the coin is sold next",
  outside: "somebody else traded on the account"
};

/** Returns the notification of a halt. */
export const haltedNote = (ts: number, why: string): Note => ({
  ts,
  level: "critical",
  event: "halted",
  text: `trading halted: ${why}`,
  pair: null
});

/** Returns the notification of a risk rule that fired. */
export const riskNote = ({ts, level, pair, name, reason}: RiskReport["fired"][number]): Note => ({
  ts,
  level: level === "critical" ? "critical" : "warn",
  event: "risk",
  text: `${name}${pair ? ` of ${pair}` : ""}: ${reason}`,
  pair
});

/** Returns the notification of an account's fee that differs from the configured one. */
export const feeNote = (ts: number, {says, pair}: ReconciliationRow): Note => ({
  ts,
  level: "warn",
  event: "keys",
  text: says,
  pair
});

/** Returns the notification for a journal line; undefined when it needs none. */
export function noteOf({event}: JournalLine): Note | undefined {
  const e = event as TradingEvent;
  const note = (level: Note["level"], text: string, pair: string | null = null): Note => ({
    ts: e.ts,
    level,
    event: e.type,
    text,
    pair
  });
  switch (e.type) {
    case "opened":
      return note("info", `${e.pair} opened: ${e.notional} of spot notional (${e.reason})`, e.pair);
    case "closed":
      return note("info", `${e.pair} closed: net ${e.trade.net} (${e.trade.exitReason})`, e.pair);
    case "liquidated":
      return note("critical", `${e.pair}: the perp leg was liquidated at ${e.price}; the coin is sold next`, e.pair);
    case "refused":
      // expected at every settlement while all hedge slots are taken
      if (e.code === "too-many-hedges") return undefined;
      // already reported per order
      if (e.code === "not-sent") return undefined;
      return note("warn", `${e.pair} could not be opened: ${e.reason}`, e.pair);
    case "unwound":
      return note(
        "critical",
        `${e.pair}: one leg could not be opened (${e.why}), so the other was closed again`,
        e.pair
      );
    case "naked":
      return note(
        "critical",
        `${e.pair} holds ${e.quantity} coins without the other leg (${e.why}): look at the venue`,
        e.pair
      );
    case "foreign":
      return note("critical", `${e.pair}: ${FOREIGN[e.cause]} (execution ${e.id})`, e.pair);
    case "account":
      return note("warn", `the account changed by ${e.amount} outside of trading: ${e.what}`);
    case "settled": {
      if (e.expected === undefined) return undefined;
      const missing = new Decimal(e.expected).minus(e.amount);
      if (missing.abs().lte(new Decimal(e.expected).abs().times(MARK_SHARE))) return undefined;
      const said = `paid ${e.amount}, expected ${e.expected}: ${missing.isNegative() ? `${text(missing.abs())} too much` : `${text(missing)} too little`}`;
      return note("critical", `funding of ${e.pair} at ${new Date(e.ts).toISOString()}: ${said}`, e.pair);
    }
    case "risk":
      return note("critical", e.exits.map(({pair, rule, why}) => `${pair} is left (${rule}: ${why})`).join("; "));
    case "paused":
      return note("warn", `trading paused: ${e.why}`);
    case "resumed":
      return note("info", "trading resumed");
    case "halted":
      return note("critical", `trading halted: ${e.why}`);
    case "emergency":
      return note("critical", `emergency stop (${e.source})`);
    default:
      return undefined;
  }
}
