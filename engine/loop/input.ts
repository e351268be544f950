import type {FundingRow} from "../../loaders/rows.js";
import {boundaryTs, HOUR_MS, floorTo} from "../../src/lib/time/grid.js";
import {Decimal, text, toNumber} from "../../src/lib/money/decimal.js";
import type {VenueNews} from "../execution/venue.js";
import type {LiveFeed} from "./feed.js";
import type {PairQuote} from "../trader/quotes.js";
import type {AccountRecord, InputEvent, PairInput} from "../journal/events.js";
import type {TradedPair} from "../trader/pair.js";
import type {Trader} from "../trader/trader.js";

/** What a look at the market gives the trading loop. */
export interface Gathered {
  pairs: PairInput[];
  /** pairs whose settlement should be there and is not yet */
  waiting: string[];
  /** what failed, by pair; those pairs are asked again at the next cycle */
  failed: {pair: string; error: Error}[];
  account: AccountRecord[];
  corrections: NonNullable<InputEvent["corrections"]>;
}

interface GatherOptions {
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
  /** what a real venue has done; undefined on paper */
  news: VenueNews | undefined;
}

/** A venue has paid a settlement within this long of it, ms; then what is missing is told. */
const PAID_MS = 60_000;

/**
 * Asks the venue for everything that the next step needs and nothing else: settlements that are due, bars that have ended
 * for what is open, the volume filter where it may decide. Pairs of which nothing is new are left out.
 */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const {trader, venueMs} = options;
  const {news} = options;
  const account = news?.account ?? [];
  const gathered: Gathered = {pairs: [], waiting: [], failed: [], account, corrections: correctionsOf(trader, news)};
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
function dueTs({rates}: TradedPair, expected: number | undefined, asked: number | undefined): number {
  const {newest} = rates;
  if (!newest || asked === undefined) return -Infinity;
  const candidates = [newest.t + (newest.knownHours ?? 1) * HOUR_MS, expected ?? -Infinity].filter(
    (t) => t > newest.t && (asked <= newest.t || t > asked - LAG_MS)
  );
  return candidates.length > 0 ? Math.min(...candidates) : asked + LOOK_MS;
}

async function ofPair(
  traded: TradedPair,
  {trader, feed, quotes, expected, asked, venueMs, urgent, news}: GatherOptions
): Promise<{input: PairInput | undefined; waits: boolean}> {
  const {pair, hedge, desk, rates} = traded;
  const quote = quotes.get(pair);
  const first = !asked.has(pair);
  const due = venueMs >= dueTs(traded, expected.get(pair), asked.get(pair));
  const published = due ? await feed.settlements(pair, rates.newestTs, venueMs) : [];
  const rows = news ? untilPaid(traded, published, news, venueMs) : published;
  if (due && rows.length === published.length) asked.set(pair, venueMs);
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
  // a real venue liquidates by its own rules, and says so
  const bars = hedge?.hedged && !news ? await feed.bars(traded, venueMs) : [];
  const fatal = !news && hedge?.hedged && quote?.perp && Number(quote.perp.last) >= toNumber(hedge.prices.liquidation);
  if (fatal) bars.push({openTs: venueMs, endTs: venueMs, high: Number(quote.perp!.last), source: "perp"});
  const {strategy, volumeFilter} = trader.config;
  const wantsVolume = settlements.length > 0 && strategy === "composite" && volumeFilter && !hedge;
  const volume = wantsVolume ? await feed.volume(pair, venueMs) : undefined;
  const foreign = (news?.foreign ?? []).flatMap((own) => (own.pair === pair ? [own.record] : []));
  const newHour = hedge !== undefined && floorTo(venueMs, HOUR_MS) > trader.sampledHour;
  const matters =
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
  if (!matters) return {input: undefined, waits};
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

/** The settlements up to the first that should have been paid and is not yet; after a while what is missing is believed. */
function untilPaid(
  {pair, hedge}: TradedPair,
  rows: readonly FundingRow[],
  news: VenueNews,
  venueMs: number
): readonly FundingRow[] {
  const first = rows.findIndex(({tsMs}) => {
    const t = boundaryTs(tsMs);
    const pays = hedge?.hedged === true && t > hedge.order.ts;
    return pays && venueMs - t < PAID_MS && paidAt(news, pair, t) === undefined;
  });
  return first < 0 ? rows : rows.slice(0, first);
}

/** Payments that differ from what the ledger has for their settlement: the venue paid late, or took something back. */
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

/** What a settlement is paid on; where no candle tells it, the newest price that was seen. */
async function markOf(traded: TradedPair, feed: LiveFeed, tsMs: number) {
  const t = Math.round(tsMs / 60_000) * 60_000;
  const mark = await feed.mark(traded.pair, t);
  if (mark) return mark;
  return traded.marks && {price: traded.marks.perp.toFixed(), source: "perp-close" as const};
}
