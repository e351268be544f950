import type {HedgeOrder, Hedge} from "../../src/lib/ledger/hedge.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {ExecutionVenue, HedgeLegs, LegOrder} from "../execution/venue.js";
import type {Fill} from "../../src/lib/ledger/fills.js";
import type {Recorder} from "../journal/recorder.js";
import {fillOf, fillRecord} from "./codec.js";
import type {FilledEvent, OrderedEvent} from "./events.js";

/** Ids of a trade's orders: the venue knows a repeat by them. At most 36 characters, as Bybit allows. */
const clientId = (tradeId: string, act: HedgeLegs["act"], market: string): string => {
  const [slug, ts] = [tradeId.slice(0, tradeId.lastIndexOf("-")), Number(tradeId.slice(tradeId.lastIndexOf("-") + 1))];
  return `${slug.slice(0, 20)}-${ts.toString(36)}-${act[0]}${market[0]}`;
};

/** The two legs that open a hedge. */
export function openingLegs({id, pair, ts, quantities, spotReference, perpReference}: HedgeOrder): HedgeLegs {
  const leg = (market: LegOrder["market"], side: LegOrder["side"], quantity: Decimal, reference: Decimal) => ({
    clientId: clientId(id, "open", market),
    market,
    side,
    quantity,
    reference
  });
  return {
    ts,
    pair,
    tradeId: id,
    act: "open",
    legs: [
      leg("spot", "buy", quantities.ordered, spotReference),
      leg("perp", "sell", quantities.perpQty, perpReference)
    ]
  };
}

/** The legs that leave a hedge; of a liquidated one only its coin is left. */
export function closingLegs(
  hedge: Hedge,
  ts: number,
  {spotReference, perpReference}: {spotReference: Decimal; perpReference: Decimal | undefined}
): HedgeLegs {
  const {id, pair} = hedge.order;
  const act = hedge.hedged ? "close" : "sell-coin";
  const legs: LegOrder[] = [
    {
      clientId: clientId(id, act, "spot"),
      market: "spot",
      side: "sell",
      quantity: hedge.spotQty,
      reference: spotReference
    }
  ];
  if (hedge.hedged) {
    legs.push({
      clientId: clientId(id, act, "perp"),
      market: "perp",
      side: "buy",
      quantity: hedge.perpQty,
      reference: perpReference!
    });
  }
  return {ts, pair, tradeId: id, act, legs};
}

/**
 * Sends an order: written down first, then sent, then its outcome written down.
 * @returns its fills, or why the venue refused it
 */
export async function execute(
  recorder: Recorder,
  venue: ExecutionVenue,
  order: HedgeLegs
): Promise<readonly Fill[] | string> {
  const {ts, tradeId, pair, act, legs} = order;
  recorder.follow<OrderedEvent>({
    type: "ordered",
    ts,
    tradeId,
    pair,
    act,
    legs: legs.map((leg) => ({...leg, quantity: text(leg.quantity), reference: text(leg.reference)}))
  });
  const filled = await recorder.recallLater<FilledEvent>("filled", async () => {
    const execution = await venue.execute(order);
    if ("refused" in execution) return {type: "filled", ts, tradeId, fills: [], refused: execution.refused};
    return {type: "filled", ts, tradeId, fills: execution.fills.map(fillRecord)};
  });
  if (filled.refused !== undefined) return filled.refused;
  const fills = filled.fills.map(fillOf);
  venue.confirm(order, fills);
  return fills;
}
