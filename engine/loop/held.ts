import {readJournal} from "../journal/journal.js";
import type {JournalLine} from "../journal/line.js";
import {Decimal, ZERO} from "../../src/lib/money/decimal.js";
import type {FillRecord, ForeignRecord, LegRecord, TradingEvent} from "../journal/events.js";

/** Account data from a live journal, read without its lock, even while a hung engine owns it. */
interface Held {
  /** base URL of the venue; undefined for an empty journal */
  origin: string | undefined;
  /** ccxt id or `sim`; undefined for an empty journal */
  venue: string | undefined;
  /** the venue's account id */
  account: string | undefined;
  /** wallet balances before the engine's first order, by coin */
  before: Record<string, string>;
  /** coins bought by its orders, including purchases still in flight, by pair */
  coins: Map<string, Decimal>;
  /** description of the damage, if any; `coins` is then empty */
  damage: string | undefined;
}

/**
 * Sums the spot fills of a journal's trades, including late and manual ones. A damaged journal still yields its venue.
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
  let foreign = new Map<string, ForeignRecord>();
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
        foreign = new Map(e.pairs.flatMap(({foreign = []}) => foreign.map((record) => [record.id, record])));
        break;
      case "foreign": {
        const record = foreign.get(e.id);
        // manual trades outside a hedge are not the engine's
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
