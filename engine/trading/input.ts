import {HOUR_MS, floorTo} from "../../src/lib/time/grid.js";
import {toNumber} from "../../src/lib/money/decimal.js";
import type {LiveFeed, PairQuote} from "../feed/live.js";
import type {PairInput} from "./events.js";
import type {TradedPair} from "./pair.js";
import type {Trader} from "./trader.js";

/** What a look at the market gives the trading loop. */
export interface Gathered {
  pairs: PairInput[];
  /** pairs whose settlement should be there and is not yet */
  waiting: string[];
  /** what failed, by pair; those pairs are asked again at the next cycle */
  failed: {pair: string; error: Error}[];
}

export interface GatherOptions {
  trader: Trader;
  feed: LiveFeed;
  quotes: ReadonlyMap<string, PairQuote>;
  /** the next settlement of each pair as the venue last told it before this instant */
  expected: ReadonlyMap<string, number>;
  /** the instant at which each pair's settlements were last asked for with success; kept up to date here */
  asked: Map<string, number>;
  venueMs: number;
  /** pairs that a risk rule wants left */
  urgent: ReadonlySet<string>;
}

/**
 * Asks the venue for everything that the next step needs and nothing else: settlements that are due, bars that have ended
 * for what is open, the volume filter where it may decide. Pairs of which nothing is new are left out.
 */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const {trader, venueMs} = options;
  const gathered: Gathered = {pairs: [], waiting: [], failed: []};
  await Promise.all(
    [...trader.pairs.values()].map(async (traded) => {
      try {
        const {input, waits} = await ofPair(traded, options);
        if (input) gathered.pairs.push(input);
        if (waits) gathered.waiting.push(traded.pair);
      } catch (error) {
        gathered.failed.push({pair: traded.pair, error: error as Error});
      }
    })
  );
  return gathered;
}

/** Venues publish a settlement within this long of its instant; until then it is asked for at every cycle. */
const LAG_MS = 120_000;
/** A settlement that did not come when it should is looked for this often. */
const LOOK_MS = 900_000;

/**
 * The instant from which the next settlement of a pair may be asked for: when the venue has announced it, or when the
 * newest known interval has passed, whichever is first; at once where it was never asked for.
 * @param expected the next settlement as the venue announced it
 * @param asked when the venue last said that there was nothing new
 */
export function dueTs({rates}: TradedPair, expected: number | undefined, asked: number | undefined): number {
  const {newest} = rates;
  if (!newest || asked === undefined) return -Infinity;
  const candidates = [newest.t + (newest.knownHours ?? 1) * HOUR_MS, expected ?? -Infinity].filter(
    (t) => t > newest.t && (asked <= newest.t || t > asked - LAG_MS)
  );
  return candidates.length > 0 ? Math.min(...candidates) : asked + LOOK_MS;
}

async function ofPair(
  traded: TradedPair,
  {trader, feed, quotes, expected, asked, venueMs, urgent}: GatherOptions
): Promise<{input: PairInput | undefined; waits: boolean}> {
  const {pair, hedge, desk, rates} = traded;
  const quote = quotes.get(pair);
  const first = !asked.has(pair);
  const due = venueMs >= dueTs(traded, expected.get(pair), asked.get(pair));
  const rows = due ? await feed.settlements(pair, rates.newestTs, venueMs) : [];
  if (due) asked.set(pair, venueMs);
  const settlements = await Promise.all(
    rows.map(async ({tsMs, rate, reportedHours}, i) => {
      const next = i === rows.length - 1 ? quote?.nextFundingTs : undefined;
      const paying = hedge !== undefined || traded.owed.some(({untilTs}) => untilTs >= tsMs);
      const mark = paying ? await markOf(traded, feed, tsMs) : undefined;
      return {
        tsMs,
        rate,
        ...(reportedHours !== undefined && {reportedHours}),
        ...(next !== undefined && next > tsMs && {nextSettlementMs: next}),
        ...(mark && {mark})
      };
    })
  );
  const bars = hedge?.hedged ? await feed.bars(traded, venueMs) : [];
  const fatal = hedge?.hedged && quote?.perp && Number(quote.perp.last) >= toNumber(hedge.prices.liquidation);
  if (fatal) bars.push({openTs: venueMs, endTs: venueMs, high: Number(quote.perp!.last), source: "perp"});
  const {strategy, volumeFilter} = trader.config;
  const wantsVolume = settlements.length > 0 && strategy === "composite" && volumeFilter && !hedge;
  const volume = wantsVolume ? await feed.volume(pair, venueMs) : undefined;
  const newHour = hedge !== undefined && floorTo(venueMs, HOUR_MS) > trader.sampledHour;
  const matters =
    settlements.length > 0 ||
    bars.length > 0 ||
    desk.entry !== undefined ||
    desk.exit !== undefined ||
    (hedge !== undefined && !hedge.hedged) ||
    traded.overdue(venueMs) ||
    urgent.has(pair) ||
    newHour;
  const waits = due && !first && settlements.length === 0;
  if (!matters) return {input: undefined, waits};
  return {
    input: {
      pair,
      ...(settlements.length > 0 && {settlements}),
      ...(bars.length > 0 && {bars}),
      ...(quote?.spot && {spot: quote.spot}),
      ...(quote?.perp && {perp: quote.perp}),
      ...(volume && {volume})
    },
    waits
  };
}

/** What a settlement is paid on; where no candle tells it, the newest price that was seen. */
async function markOf(traded: TradedPair, feed: LiveFeed, tsMs: number) {
  const t = Math.round(tsMs / 60_000) * 60_000;
  const mark = await feed.mark(traded.pair, t);
  if (mark) return mark;
  return traded.marks && {price: traded.marks.perp.toFixed(), source: "perp-close" as const};
}
