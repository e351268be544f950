import {readJournal} from "../journal/journal.js";
import type {JournalLine} from "../journal/line.js";
import {Decimal, ZERO} from "../../src/lib/money/decimal.js";
import type {FillRecord, ForeignRecord, LegRecord, TradingEvent} from "../journal/events.js";

/** What a live journal says of the account it trades on; read without its lock, also while an engine hangs on it. */
interface Held {
  /** the address of the venue, ccxt id or `sim`; undefined before it was begun */
  origin: string | undefined;
  venue: string | undefined;
  /** the venue's number of the account */
  account: string | undefined;
  /** wallet balances from before the engine, by coin */
  before: Record<string, string>;
  /** coins that its orders hold by now, and what purchases without an outcome may have brought, by pair */
  coins: Map<string, Decimal>;
  /** why it cannot be trusted from some line on: coins are not told then */
  damage: string | undefined;
}

/**
 * Adds up what a journal's own orders hold: every spot fill of its trades, late ones and those that others made on them
 * included. A journal that is damaged still tells the venue it was begun at.
 */
export function heldByJournal(dir: string): Held {
  const held: Held = {
    origin: undefined,
    venue: undefined,
    account: undefined,
    before: {},
    coins: new Map(),
    damage: undefined
  };
  const pairs = new Map<string, string>();
  const inFlight = new Map<string, LegRecord[]>();
  let told = new Map<string, ForeignRecord>();
  const add = (pair: string, coins: Decimal) => held.coins.set(pair, (held.coins.get(pair) ?? ZERO).plus(coins));
  const book = (pair: string, {leg, side, quantity}: FillRecord) => {
    if (leg === "spot") add(pair, side === "buy" ? new Decimal(quantity) : new Decimal(quantity).neg());
  };
  const visit = ({event}: JournalLine): void => {
    const e = event as TradingEvent;
    switch (e.type) {
      case "started":
        held.origin ??= e.origin;
        held.venue ??= e.venue;
        break;
      case "baseline":
        held.account = e.account;
        held.before = e.balances;
        break;
      case "ordered":
        pairs.set(e.tradeId, e.pair);
        inFlight.set(e.tradeId, e.legs);
        break;
      case "filled":
        inFlight.delete(e.tradeId);
        for (const fill of e.fills) book(pairs.get(e.tradeId)!, fill);
        break;
      case "input":
      case "emergency":
        told = new Map(e.pairs.flatMap(({foreign = []}) => foreign.map((record) => [record.id, record])));
        break;
      case "foreign": {
        const record = told.get(e.id);
        // what others bought for themselves is theirs
        if (record && (e.tradeId !== null || e.cause !== "outside")) book(e.pair, record.fill);
        break;
      }
    }
  };
  try {
    readJournal(dir, visit);
  } catch (error) {
    return {...held, coins: new Map(), damage: (error as Error).message};
  }
  for (const [tradeId, legs] of inFlight)
    for (const {market, side, quantity} of legs)
      if (market === "spot" && side === "buy") add(pairs.get(tradeId)!, new Decimal(quantity));
  for (const [pair, coins] of held.coins) if (!coins.gt(0)) held.coins.delete(pair);
  return held;
}
