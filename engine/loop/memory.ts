import type {TradeReport} from "../../src/lib/wire/trade.js";
import type {DecisionReport} from "../../src/lib/wire/trading.js";
import type {JournalLine} from "../journal/line.js";
import {decisionsOf} from "./decisions.js";
import type {TradingEvent} from "../journal/events.js";

/** How much of the past is answered from memory; the journal has all of it. */
const KEPT = {decisions: 2_000, trades: 1_000, equity: 9_000};

/** The newest of what the journal tells, ready to be shown. Fed with every line, old and new. */
export class Memory {
  readonly decisions: DecisionReport[] = [];
  readonly trades: TradeReport[] = [];
  readonly equity: [number, string][] = [];
  /** the newest emergency stop that nobody has resumed from */
  emergency: {ts: number; source: string} | undefined;
  /** the address of the venue that the journal was begun at */
  origin: string | undefined;

  /** Takes a line of the journal in. */
  take(line: JournalLine): void {
    const event = line.event as TradingEvent;
    push(this.decisions, decisionsOf(line), KEPT.decisions);
    if (event.type === "closed") {
      // a settlement that became known late tells the same trade again
      const known = this.trades.findLastIndex(({id}) => id === event.trade.id);
      if (known >= 0) this.trades[known] = event.trade;
      else push(this.trades, [event.trade], KEPT.trades);
    } else if (event.type === "equity") push(this.equity, [[event.ts, event.equity]], KEPT.equity);
    else if (event.type === "emergency") this.emergency = {ts: event.ts, source: event.source};
    else if (event.type === "resumed") this.emergency = undefined;
    else if (event.type === "started") this.origin ??= event.origin;
  }
}

function push<T>(list: T[], items: readonly T[], most: number): void {
  list.push(...items);
  if (list.length > most * 1.2) list.splice(0, list.length - most);
}
