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

/** Longest time between two polls of a resting order, ms: its fills are unhedged until seen. */
const MAX_POLL_MS = 200;

/**
 * Rests one leg post-only at its own side of the book and hedges its fills immediately with the other leg, as a taker.
 * A partial fill or the deadline cancels the rest. A leg that cannot rest (it would cross, it was rejected) is reported
 * with code `maker`: the ladder then drops an entry, or exits with takers.
 * @returns one outcome per leg, in order
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

/** Returns true when the round has two legs, one of them the maker leg, and both have a limit price. */
export const canRest = (legs: readonly LegOrder[], makerLeg: LegOrder["market"]): boolean =>
  legs.length === 2 &&
  legs.some(({market}) => market === makerLeg) &&
  legs.some(({market}) => market !== makerLeg) &&
  legs.every(({limit}) => limit !== undefined);

/** Rests a leg until a fill, even a partial one, or the deadline. */
async function rest(market: OrderMarket, leg: LegOrder, options: MakerOptions): Promise<LegOutcome> {
  const {account, clock, signal, cut = signal, deadlineMs} = options;
  const limit = await restingPrice(market, leg, options);
  if (typeof limit === "string") return unfilled("maker", limit);
  const resting = {...leg, limit};
  const why = await refusalOf(() => account.create(orderFields(market, resting, true), cut), options);
  if (why !== undefined) return unfilled("maker", why);
  const began = clock.monotonic();
  const onEnd = () => void account.cancel(market.category, market.symbol, leg.clientId).catch(() => undefined);
  // An ending process leaves no unwatched order; recovery queries its status.
  signal.addEventListener("abort", onEnd, {once: true});
  try {
    const outcome = await track(market, resting, options, {
      restMs: deadlineMs,
      cancelWhen: (order) => filledOf(order).gt(0),
      maxPollMs: MAX_POLL_MS
    });
    if (outcome.unfilled === undefined || outcome.unfilled.code === "lost") return outcome;
    const expired = outcome.fills.length === 0 && clock.monotonic() - began >= deadlineMs;
    const why = expired ? `not taken within ${deadlineMs} ms` : outcome.unfilled.message;
    return {...outcome, unfilled: {code: "maker", message: why}};
  } finally {
    signal.removeEventListener("abort", onEnd);
  }
}

/**
 * Returns the touch on the leg's own side of the book, per coin, never worse than its limit.
 * @returns the reason when the book could not be read
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

/** Sends the other leg for the resting leg's fills, or returns why not. */
async function hedge(
  market: OrderMarket,
  leg: LegOrder,
  {maker, rested}: {maker: LegOrder; rested: LegOutcome},
  options: MakerOptions
): Promise<LegOutcome> {
  // the lost order may still fill: send neither leg until that is known
  if (rested.unfilled?.code === "lost") return unfilled("withheld", `the ${maker.market} leg is lost`);
  if (rested.fills.length === 0)
    return unfilled("maker", `not sent: the ${maker.market} leg did not fill (${rested.unfilled?.message ?? ""})`);
  const quantity = hedgeQuantity(market, leg, maker, rested);
  if (quantity.lte(0)) return unfilled("cut", `the ${maker.market} leg filled too little to be hedged`);
  const outcome = await place(market, {...leg, quantity}, options);
  if (outcome.unfilled !== undefined || quantity.eq(leg.quantity)) return outcome;
  const why = `cut to ${text(quantity)} of ${text(leg.quantity)}: what the ${maker.market} leg filled`;
  return {...outcome, unfilled: {code: "cut", message: why}};
}

/**
 * Returns the quantity, in coins, that hedges the resting leg's fills: pro rata, in whole steps. Against a spot
 * purchase it is at most the coins received net of the fee.
 */
function hedgeQuantity(market: OrderMarket, leg: LegOrder, maker: LegOrder, {fills}: LegOutcome): Decimal {
  const filled = fills.reduce((sum, {quantity}) => sum.plus(quantity), ZERO);
  if (maker.market === "spot" && maker.side === "buy") return wholeSteps(market, Decimal.min(leg.quantity, filled));
  if (filled.gte(maker.quantity)) return leg.quantity;
  return wholeSteps(market, leg.quantity.times(filled).div(maker.quantity));
}
