import {Decimal, text, ZERO} from "../../../src/lib/money/decimal.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {LegOrder} from "../venue.js";
import {wholeSteps, type OrderMarket, type PairMarkets} from "./markets.js";
import {orderFields, place, refusalOf, track, unfilled, type LegOutcome} from "./orders.js";
import {filledOf, reasonOf, type TrackOptions} from "./track.js";

interface MakerOptions extends TrackOptions {
  makerLeg: LegOrder["market"];
  deadlineMs: number;
}

/** A resting order is looked at this often at least, ms: what fills of it stands alone until it is seen. */
const LONGEST_LOOK_MS = 200;

/**
 * One leg rests at its own side of the book, post-only; whatever fills of it is hedged by the other at once, as a taker. A
 * part that fills takes the rest back, and so does the deadline. What does not rest (it would have taken, it was refused)
 * is not sent otherwise: the reason says that it was the patient way, and the ladder refuses an entry and leaves with takers.
 * @returns an outcome for each leg, in order
 */
export async function placeMakerFirst(
  legs: readonly LegOrder[],
  markets: PairMarkets,
  options: MakerOptions
): Promise<LegOutcome[]> {
  const maker = legs.find(({market}) => market === options.makerLeg)!;
  const other = legs.find((leg) => leg !== maker)!;
  const rested = await rest(markets[maker.market], maker, options);
  const taken = await hedge(markets[other.market], other, {maker, rested}, options);
  return legs.map((leg) => (leg === maker ? rested : taken));
}

/** Whether a round has a leg that can rest and one that can follow: two, each with a worst price. */
export const canRest = (legs: readonly LegOrder[], makerLeg: LegOrder["market"]): boolean =>
  legs.length === 2 &&
  legs.some(({market}) => market === makerLeg) &&
  legs.some(({market}) => market !== makerLeg) &&
  legs.every(({limit}) => limit !== undefined);

/** Lets a leg rest until it is filled, in part or whole, or its deadline has come. */
async function rest(market: OrderMarket, leg: LegOrder, options: MakerOptions): Promise<LegOutcome> {
  const {account, clock, signal, cut = signal, deadlineMs} = options;
  const limit = await restingPrice(market, leg, options);
  if (typeof limit === "string") return unfilled("maker", limit);
  const resting = {...leg, limit};
  const why = await refusalOf(() => account.create(orderFields(market, resting, true), cut), options);
  if (why !== undefined) return unfilled("maker", why);
  const began = clock.monotonic();
  const onEnd = () => void account.cancel(market.category, market.symbol, leg.clientId).catch(() => undefined);
  // A process that ends leaves no order behind that nobody watches; a new one finds what became of it.
  signal.addEventListener("abort", onEnd, {once: true});
  try {
    const outcome = await track(market, resting, options, {
      restMs: deadlineMs,
      takeBack: (order) => filledOf(order).gt(0),
      longestLookMs: LONGEST_LOOK_MS
    });
    if (outcome.unfilled === undefined || outcome.unfilled.code === "lost") return outcome;
    const untaken = outcome.fills.length === 0 && clock.monotonic() - began >= deadlineMs;
    const why = untaken ? `not taken within ${deadlineMs} ms` : outcome.unfilled.why;
    return {...outcome, unfilled: {code: "maker", why}};
  } finally {
    signal.removeEventListener("abort", onEnd);
  }
}

/**
 * The touch on the leg's own side of the book now, per coin; not beyond its worst price.
 * @returns why there is none
 */
async function restingPrice(
  {category, symbol, unit}: OrderMarket,
  {side, limit}: LegOrder,
  {account, signal}: MakerOptions
): Promise<Decimal | string> {
  try {
    const {bid, ask} = await account.touch(category, symbol, {signal});
    const own = new Decimal(side === "buy" ? bid : ask).div(unit);
    return side === "buy" ? Decimal.min(own, limit!) : Decimal.max(own, limit!);
  } catch (error) {
    signal.throwIfAborted();
    return `the book could not be read: ${error instanceof Refusal ? reasonOf(error) : (error as Error).message}`;
  }
}

/** Sends the other leg for what the resting one has filled, or says why not. */
async function hedge(
  market: OrderMarket,
  leg: LegOrder,
  {maker, rested}: {maker: LegOrder; rested: LegOutcome},
  options: MakerOptions
): Promise<LegOutcome> {
  // it may still turn up: neither leg is had in another way before that is known
  if (rested.unfilled?.code === "lost") return unfilled("withheld", `the ${maker.market} leg is lost`);
  if (rested.fills.length === 0)
    return unfilled("maker", `not sent: the ${maker.market} leg did not fill (${rested.unfilled?.why ?? ""})`);
  const quantity = hedgeQuantity(market, leg, maker, rested);
  if (quantity.lte(0)) return unfilled("cut", `the ${maker.market} leg filled too little to be hedged`);
  const outcome = await place(market, {...leg, quantity}, options);
  if (outcome.unfilled !== undefined || quantity.eq(leg.quantity)) return outcome;
  const why = `cut to ${text(quantity)} of ${text(leg.quantity)}: what the ${maker.market} leg filled`;
  return {...outcome, unfilled: {code: "cut", why}};
}

/**
 * How much of the other leg belongs to what has filled: its share of the whole, in whole steps. Against a purchase of coin,
 * no more than has arrived net of its fee.
 */
function hedgeQuantity(market: OrderMarket, leg: LegOrder, maker: LegOrder, {fills}: LegOutcome): Decimal {
  const got = fills.reduce((sum, {quantity}) => sum.plus(quantity), ZERO);
  if (maker.market === "spot" && maker.side === "buy") return wholeSteps(market, Decimal.min(leg.quantity, got));
  if (got.gte(maker.quantity)) return leg.quantity;
  return wholeSteps(market, leg.quantity.times(got).div(maker.quantity));
}
