import {Decimal, text} from "../../../src/lib/money/decimal.js";
import type {ExecutionConfig} from "../../config/execution.js";
import type {LegOrder} from "../venue.js";
import type {Act} from "../../journal/events.js";
import {canRest, placeMakerFirst} from "./maker.js";
import type {OrderMarket, PairMarkets} from "./markets.js";
import {place, track, unfilled, type LegOutcome} from "./orders.js";
import {placeSpread, resumeSpread, spreadFields, spreadOrderOf, type SpreadOrder} from "./spread.js";
import type {SpreadMarkets} from "./spread-market.js";
import type {TrackOptions} from "./track.js";

/** The legs sent simultaneously, and their markets. */
export interface Round {
  act: Act;
  legs: readonly LegOrder[];
  markets: PairMarkets;
  /** true when the round may take time or stay unfilled */
  patient: boolean;
}

export interface RoundOptions extends TrackOptions {
  execution: ExecutionConfig;
  spreads: SpreadMarkets;
  /** fee of a spot purchase charged in the coin, a share */
  coinFee: Decimal;
}

/**
 * The route of a round. The configured style applies to the first round of an entry or a non-urgent exit; retries,
 * unwinds and urgent exits use one taker order per leg.
 */
type Route =
  {kind: "orders"} | {kind: "spread"; order: SpreadOrder} | {kind: "maker"} | {kind: "none"; message: string};

async function routeOf({act, legs, markets, patient}: Round, options: RoundOptions): Promise<Route> {
  const {execution, spreads, coinFee, signal} = options;
  if (!patient) return {kind: "orders"};
  if (execution.style === "maker-first" && canRest(legs, execution.makerLeg)) return {kind: "maker"};
  if (execution.style !== "spread") return {kind: "orders"};
  try {
    const market = await spreads.of(markets, signal);
    const order = market && spreadOrderOf({legs, markets, market, coinFee});
    return order ? {kind: "spread", order} : {kind: "orders"};
  } catch (error) {
    signal.throwIfAborted();
    // an entry can wait for the list of spreads, an exit cannot
    const why = `the list of spreads could not be read: ${(error as Error).message}`;
    return act === "open" ? {kind: "none", message: why} : {kind: "orders"};
  }
}

/** Sends a round and waits for its final status. Returns one outcome per leg, in order. */
export async function sendRound(round: Round, options: RoundOptions): Promise<LegOutcome[]> {
  const {legs, markets} = round;
  const {makerLeg, makerDeadlineMs: deadlineMs} = options.execution;
  const chosen = await routeOf(round, options);
  switch (chosen.kind) {
    case "none":
      return legs.map(() => unfilled("spread", chosen.message));
    case "spread":
      return placeSpread(chosen.order, legs, markets, options);
    case "maker":
      return placeMakerFirst(legs, markets, {...options, makerLeg, deadlineMs});
    case "orders":
      return Promise.all(legs.map((leg) => place(markets[leg.market], leg, options)));
  }
}

/** Queries the orders that an earlier process may have sent for a round; nothing is sent. */
export function resumeRound({legs, markets}: Round, options: RoundOptions): Promise<LegOutcome[]> {
  if (options.execution.style === "spread" && legs.length === 2) return resumeSpread(legs, markets, options);
  return Promise.all(legs.map((leg) => track(markets[leg.market], leg, options)));
}

/** Describes the orders a round would send, one line per order. */
export async function describeRound(round: Round, options: RoundOptions): Promise<string[]> {
  const {legs, markets} = round;
  const chosen = await routeOf(round, options);
  if (chosen.kind === "spread") {
    const {symbol, side, qty, price} = spreadFields(chosen.order) as Record<string, string>;
    const at = price === undefined ? "at any price" : `at ${price} or better`;
    return [`${side!.toLowerCase()} ${qty} coins of ${symbol} (spread) ${at} as ${chosen.order.clientId}`];
  }
  const {makerLeg} = options.execution;
  return legs.map((leg) => {
    const rests = chosen.kind === "maker" && leg.market === makerLeg;
    const follows = chosen.kind === "maker" && !rests;
    return `${describeOrder(markets[leg.market], leg)}${rests ? ", resting at the touch" : follows ? ", for what the other fills" : ""}`;
  });
}

const describeOrder = (market: OrderMarket, {side, quantity, limit, reduceOnly, clientId}: LegOrder): string =>
  `${side} ${text(quantity)} coins of ${market.symbol} (${market.category}) ${limit ? `at ${text(limit)} or better` : "at any price"}${reduceOnly ? ", reduce-only" : ""} as ${clientId}`;
