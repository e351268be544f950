import type {Notification} from "../../src/lib/engine/wire.js";
import type {JournalLine} from "../journal/line.js";
import type {TradingEvent} from "./events.js";

type Note = Omit<Notification, "id">;

/** What of a line is worth telling a person who is not looking. */
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
      // with every place taken this is how it should be, at each settlement anew
      if (e.reason === "too-many-hedges") return undefined;
      return note("warn", `${e.pair} could not be opened: ${e.reason}`, e.pair);
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
