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

/** The legs that go out at once, and where. */
export interface Round {
  act: Act;
  legs: readonly LegOrder[];
  markets: PairMarkets;
  /** it may take a while or come to nothing */
  patient: boolean;
}

export interface RoundOptions extends TrackOptions {
  execution: ExecutionConfig;
  spreads: SpreadMarkets;
  /** share of a spot purchase that the venue keeps in the coin */
  coinFee: Decimal;
}

/**
 * How a round goes out. The style of the settings holds for the first round of an opening or a calm leaving; whatever has
 * to be mended, brought up or left in a hurry goes as orders of one leg each, as takers.
 */
type Way = {way: "orders"} | {way: "spread"; order: SpreadOrder} | {way: "maker"} | {way: "none"; why: string};

async function wayOf({act, legs, markets, patient}: Round, options: RoundOptions): Promise<Way> {
  const {execution, spreads, coinFee, signal} = options;
  if (!patient) return {way: "orders"};
  if (execution.style === "maker-first" && canRest(legs, execution.makerLeg)) return {way: "maker"};
  if (execution.style !== "spread") return {way: "orders"};
  try {
    const market = await spreads.of(markets, signal);
    const order = market && spreadOrderOf({legs, markets, market, coinFee});
    return order ? {way: "spread", order} : {way: "orders"};
  } catch (error) {
    signal.throwIfAborted();
    // an entry can wait until the venue says which spreads it has, a leaving cannot
    const why = `the list of spreads could not be read: ${(error as Error).message}`;
    return act === "open" ? {way: "none", why} : {way: "orders"};
  }
}

/** Sends a round and waits until it is known what became of it; an outcome for each leg, in order. */
export async function sendRound(round: Round, options: RoundOptions): Promise<LegOutcome[]> {
  const {legs, markets} = round;
  const {makerLeg, makerDeadlineMs: deadlineMs} = options.execution;
  const chosen = await wayOf(round, options);
  switch (chosen.way) {
    case "none":
      return legs.map(() => unfilled("spread", chosen.why));
    case "spread":
      return placeSpread(chosen.order, legs, markets, options);
    case "maker":
      return placeMakerFirst(legs, markets, {...options, makerLeg, deadlineMs});
    case "orders":
      return Promise.all(legs.map((leg) => place(markets[leg.market], leg, options)));
  }
}

/** Looks for what a process that died may have sent of a round; nothing is sent. */
export function resumeRound({legs, markets}: Round, options: RoundOptions): Promise<LegOutcome[]> {
  if (options.execution.style === "spread" && legs.length === 2) return resumeSpread(legs, markets, options);
  return Promise.all(legs.map((leg) => track(markets[leg.market], leg, options)));
}

/** What would be sent, in words, one line an order. */
export async function shownRound(round: Round, options: RoundOptions): Promise<string[]> {
  const {legs, markets} = round;
  const chosen = await wayOf(round, options);
  if (chosen.way === "spread") {
    const {symbol, side, qty, price} = spreadFields(chosen.order) as Record<string, string>;
    const at = price === undefined ? "at any price" : `at ${price} or better`;
    return [`${side!.toLowerCase()} ${qty} coins of ${symbol} (spread) ${at} as ${chosen.order.clientId}`];
  }
  const {makerLeg} = options.execution;
  return legs.map((leg) => {
    const rests = chosen.way === "maker" && leg.market === makerLeg;
    const follows = chosen.way === "maker" && !rests;
    return `${shown(markets[leg.market], leg)}${rests ? ", resting at the touch" : follows ? ", for what the other fills" : ""}`;
  });
}

const shown = (market: OrderMarket, {side, quantity, limit, reduceOnly, clientId}: LegOrder): string =>
  `${side} ${text(quantity)} coins of ${market.symbol} (${market.category}) ${limit ? `at ${text(limit)} or better` : "at any price"}${reduceOnly ? ", reduce-only" : ""} as ${clientId}`;
