import type {TradeReport} from "../../src/lib/wire/trade.js";
import type {DecisionReport} from "../../src/lib/wire/trading.js";
import type {JournalLine} from "../journal/line.js";
import {decisionsOf} from "./decisions.js";
import type {TradingEvent} from "../journal/events.js";

/** Number of entries kept in memory; the journal has all. */
const MAX_KEPT = {decisions: 2_000, trades: 1_000, equity: 9_000};

/** The newest decisions, trades and equity samples of the journal, for the API. */
export class Memory {
  readonly decisions: DecisionReport[] = [];
  readonly trades: TradeReport[] = [];
  readonly equity: [number, string][] = [];
  /** the newest emergency stop, until trading resumes */
  emergency: {ts: number; source: string} | undefined;
  /** base URL of the venue at the journal's start */
  origin: string | undefined;

  /** Records a journal line. */
  record(line: JournalLine): void {
    const event = line.event as TradingEvent;
    push(this.decisions, decisionsOf(line), MAX_KEPT.decisions);
    if (event.type === "closed") {
      // a late settlement journals the same trade again
      const known = this.trades.findLastIndex(({id}) => id === event.trade.id);
      if (known >= 0) this.trades[known] = event.trade;
      else push(this.trades, [event.trade], MAX_KEPT.trades);
    } else if (event.type === "equity") push(this.equity, [[event.ts, event.equity]], MAX_KEPT.equity);
    else if (event.type === "emergency") this.emergency = {ts: event.ts, source: event.source};
    else if (event.type === "resumed") this.emergency = undefined;
    else if (event.type === "started") this.origin ??= event.origin;
  }
}

function push<T>(list: T[], items: readonly T[], max: number): void {
  list.push(...items);
  if (list.length > max * 1.2) list.splice(0, list.length - max);
}
