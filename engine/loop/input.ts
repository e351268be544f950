import type {FundingRow} from "../../loaders/rows.js";
import {boundaryTs, HOUR_MS, floorTo} from "../../src/lib/time/grid.js";
import {Decimal, text, toNumber} from "../../src/lib/money/decimal.js";
import type {VenueNews} from "../execution/venue.js";
import type {LiveFeed} from "./feed.js";
import type {PairQuote} from "../trader/quotes.js";
import type {AccountRecord, InputEvent, PairInput} from "../journal/events.js";
import type {TradedPair} from "../trader/pair.js";
import type {Trader} from "../trader/trader.js";

/** Market input gathered for the next step. */
export interface Gathered {
  pairs: PairInput[];
  /** pairs whose due settlement is not yet published */
  waiting: string[];
  /** errors by pair; retried at the next cycle */
  failed: {pair: string; error: Error}[];
  account: AccountRecord[];
  corrections: NonNullable<InputEvent["corrections"]>;
}

interface GatherOptions {
  trader: Trader;
  feed: LiveFeed;
  quotes: ReadonlyMap<string, PairQuote>;
  /** next settlement of each pair as last announced by the venue, UTC ms */
  expected: ReadonlyMap<string, number>;
  /** time of each pair's last successful query for settlements, UTC ms; updated here */
  lastQueried: Map<string, number>;
  /** the venue's current time, UTC ms */
  venueMs: number;
  /** pairs that a risk rule exits */
  urgent: ReadonlySet<string>;
  /** events at a real venue; undefined on paper */
  news: VenueNews | undefined;
}

/** A payment missing this long after its settlement is reported, ms. */
const PAYMENT_TIMEOUT_MS = 60_000;

/**
 * Queries the venue for exactly what the next step needs: due settlements, ended bars of open hedges, and the volume
 * filter where it may decide. Pairs without news are omitted.
 */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const {trader, news} = options;
  const account = news?.account ?? [];
  const gathered: Gathered = {pairs: [], waiting: [], failed: [], account, corrections: correctionsOf(trader, news)};
  await Promise.all(
    [...trader.pairs.values()].map(async (traded) => {
      try {
        const {input, waits} = await gatherPair(traded, options);
        if (input) gathered.pairs.push(input);
        if (waits) gathered.waiting.push(traded.pair);
      } catch (error) {
        gathered.failed.push({pair: traded.pair, error: error as Error});
      }
    })
  );
  return gathered;
}

/** Venues publish a settlement within this time, ms; until then every cycle queries it. */
const LAG_MS = 120_000;
/** Interval between queries for an overdue settlement, ms. */
const OVERDUE_RETRY_MS = 900_000;

/**
 * Returns the time, UTC ms, from which a pair's next settlement is queried: the announced time or the end of the newest
 * known interval, whichever is first. A pair never queried is due at once.
 * @param expected next settlement announced by the venue, UTC ms
 * @param lastQueried time of the last query without news, UTC ms
 */
function dueTs({rates}: TradedPair, expected: number | undefined, lastQueried: number | undefined): number {
  const {newest} = rates;
  if (!newest || lastQueried === undefined) return -Infinity;
  const candidates = [newest.t + (newest.knownHours ?? 1) * HOUR_MS, expected ?? -Infinity].filter(
    (t) => t > newest.t && (lastQueried <= newest.t || t > lastQueried - LAG_MS)
  );
  return candidates.length > 0 ? Math.min(...candidates) : lastQueried + OVERDUE_RETRY_MS;
}

async function gatherPair(
  traded: TradedPair,
  {trader, feed, quotes, expected, lastQueried, venueMs, urgent, news}: GatherOptions
): Promise<{input: PairInput | undefined; waits: boolean}> {
  const {pair, hedge, desk, rates} = traded;
  const quote = quotes.get(pair);
  const first = !lastQueried.has(pair);
  const due = venueMs >= dueTs(traded, expected.get(pair), lastQueried.get(pair));
  const published = due ? await feed.settlements(pair, rates.newestTs, venueMs) : [];
  const rows = news ? untilPaid(traded, published, news, venueMs) : published;
  if (due && rows.length === published.length) lastQueried.set(pair, venueMs);
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
        ...(mark && {mark}),
        ...(mark && news && {paid: paidAt(news, pair, boundaryTs(tsMs)) ?? "0"})
      };
    })
  );
  // a real venue liquidates by its own rules and reports it
  const bars = hedge?.hedged && !news ? await feed.bars(traded, venueMs) : [];
  const fatal = !news && hedge?.hedged && quote?.perp && Number(quote.perp.last) >= toNumber(hedge.prices.liquidation);
  if (fatal) bars.push({openTs: venueMs, endTs: venueMs, high: Number(quote.perp!.last), source: "perp"});
  const {strategy, volumeFilter} = trader.config;
  const needsVolume = settlements.length > 0 && strategy === "composite" && volumeFilter && !hedge;
  const volume = needsVolume ? await feed.volume(pair, venueMs) : undefined;
  const foreign = (news?.foreign ?? []).flatMap((own) => (own.pair === pair ? [own.record] : []));
  const newHour = hedge !== undefined && floorTo(venueMs, HOUR_MS) > trader.sampledHour;
  const relevant =
    settlements.length > 0 ||
    bars.length > 0 ||
    desk.entry !== undefined ||
    desk.exit !== undefined ||
    (hedge !== undefined && !hedge.hedged) ||
    traded.overdue(venueMs) ||
    urgent.has(pair) ||
    foreign.length > 0 ||
    traded.uneven ||
    newHour;
  const waits = due && !first && settlements.length === 0;
  if (!relevant) return {input: undefined, waits};
  return {
    input: {
      pair,
      ...(settlements.length > 0 && {settlements}),
      ...(bars.length > 0 && {bars}),
      ...(foreign.length > 0 && {foreign}),
      ...(quote?.spot && {spot: quote.spot}),
      ...(quote?.perp && {perp: quote.perp}),
      ...(volume && {volume})
    },
    waits
  };
}

const paidAt = ({payments}: VenueNews, pair: string, t: number): string | undefined =>
  payments.find((payment) => payment.pair === pair && boundaryTs(payment.tsMs) === t)?.amount;

/**
 * Returns the settlements before the first one still awaiting its payment; after {@link PAYMENT_TIMEOUT_MS} it counts
 * as unpaid.
 */
function untilPaid(
  {pair, hedge}: TradedPair,
  rows: readonly FundingRow[],
  news: VenueNews,
  venueMs: number
): readonly FundingRow[] {
  const first = rows.findIndex(({tsMs}) => {
    const t = boundaryTs(tsMs);
    const pays = hedge?.hedged === true && t > hedge.order.ts;
    return pays && venueMs - t < PAYMENT_TIMEOUT_MS && paidAt(news, pair, t) === undefined;
  });
  return first < 0 ? rows : rows.slice(0, first);
}

/** Returns differences between the venue's payments and the ledger's, from late or reversed payments; in quote. */
function correctionsOf(trader: Trader, news: VenueNews | undefined): NonNullable<InputEvent["corrections"]> {
  return (news?.payments ?? []).flatMap(({pair, tsMs, amount}) => {
    const traded = trader.pairs.get(pair);
    const t = boundaryTs(tsMs);
    if (!traded || traded.rates.newestTs < t) return [];
    const booked = [
      ...(traded.hedge?.payments ?? []).filter((payment) => payment.t === t),
      ...traded.owed.flatMap(({report}) => report.settlements.filter(({ts}) => ts === t))
    ];
    if (booked.length === 0) return [];
    const missing = booked.reduce((left, payment) => left.minus(payment.amount), new Decimal(amount));
    return missing.isZero() ? [] : [{pair, settlementTs: t, amount: text(missing)}];
  });
}

/** Returns the mark price of a settlement's payment; without a candle, the newest known price. */
async function markOf(traded: TradedPair, feed: LiveFeed, tsMs: number) {
  const t = Math.round(tsMs / 60_000) * 60_000;
  const mark = await feed.mark(traded.pair, t);
  if (mark) return mark;
  return traded.marks && {price: traded.marks.perp.toFixed(), source: "perp-close" as const};
}
