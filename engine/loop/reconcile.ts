import type {Reconciliation, ReconciliationRow} from "../../src/lib/wire/trading.js";
import {Decimal, text, ZERO} from "../../src/lib/money/decimal.js";
import {boundaryTs} from "../../src/lib/time/grid.js";
import {isReal, type Holdings, type VenueNews} from "../execution/venue.js";
import {fillOf} from "../journal/codec.js";
import type {Trader} from "../trader/trader.js";

interface ReconcileOptions {
  /** the venue's current time, UTC ms */
  venueMs: number;
  /** additional rows that are reported and block nothing */
  extraRows?: readonly ReconciliationRow[];
  /** waits between two attempts at a real venue, whose replies are not of one instant */
  pause: () => Promise<void>;
}

/** Consecutive mismatches that count at a real venue, whose replies are not of one instant. */
const ATTEMPTS = 3;

/**
 * Compares the ledger with the venue: coins and shorts of every pair, cash, open orders. Venue events since the last
 * step are included; the next step books them.
 */
export async function reconcile(trader: Trader, options: ReconcileOptions): Promise<Reconciliation> {
  const found = await compareWithVenue(trader, options);
  return {...found, rows: [...found.rows, ...(options.extraRows ?? [])]};
}

async function compareWithVenue(trader: Trader, {venueMs, pause}: ReconcileOptions): Promise<Reconciliation> {
  const {venue} = trader;
  if (!isReal(venue)) return compare(trader, await venue.holdings(), undefined, venueMs);
  for (let attempt = 1; ; attempt++) {
    const holdings = await venue.holdings();
    const found = compare(trader, holdings, await venue.news(venueMs, trader.lastTs), venueMs);
    if (found.agrees || attempt === ATTEMPTS) return found;
    await pause();
  }
}

/** Describes the mismatches; undefined when there are none. Fee rows are ignored. */
export const disagreement = ({rows}: Reconciliation): string | undefined =>
  rows.flatMap(({component, agrees, says}) => (agrees || component === "fees" ? [] : [says])).join("; ") || undefined;

function compare(
  trader: Trader,
  {cash, pairs, orders = []}: Holdings,
  news: VenueNews | undefined,
  ts: number
): Reconciliation {
  const held = new Map(pairs.map((holding) => [holding.pair, holding]));
  const pending = pendingOf(trader, news);
  const rows: ReconciliationRow[] = [];
  for (const pair of new Set([...held.keys(), ...pending.coins.keys(), ...open(trader)])) {
    const traded = trader.pairs.get(pair);
    const hedge = traded?.hedge;
    const known = pending.coins.get(pair) ?? {coins: ZERO, short: ZERO};
    const coins = (hedge?.spotQty ?? ZERO)
      .plus(traded?.dust ?? ZERO)
      .plus(traded?.outside.coins ?? ZERO)
      .plus(known.coins);
    const short = (hedge?.hedged ? hedge.perpQty : ZERO).plus(traded?.outside.short ?? ZERO).plus(known.short);
    const reported = held.get(pair);
    // a real wallet rounds
    const tolerance = trader.venue.real && traded ? traded.coinStep : ZERO;
    rows.push(
      row("coins", pair, coins, reported?.coins ?? ZERO, {
        tolerance,
        message: (a, b) => `the ledger has ${a} coins, the venue ${b}`
      })
    );
    rows.push(
      row("short", pair, short, reported?.short ?? ZERO, {
        tolerance: ZERO,
        message: (a, b) => `the ledger is short ${a}, the venue ${b}`
      })
    );
  }
  const booked = trader.open.reduce(
    (sum, hedge) => sum.plus(hedge.flow),
    trader.account.closedNet.plus(trader.outside).plus(pending.cash)
  );
  rows.push(
    row("cash", null, booked, cash, {
      tolerance: trader.venue.cashTolerance,
      message: (a, b) => `the ledger has changed it by ${a}, the venue by ${b}`
    })
  );
  if (trader.venue.real) {
    rows.push({
      component: "orders",
      pair: null,
      ledger: "0",
      venue: String(orders.length),
      residual: String(orders.length),
      agrees: orders.length === 0,
      says: orders.length === 0 ? "no order is open" : `orders are open that no step waits for: ${orders.join(", ")}`
    });
  }
  return {ts, agrees: rows.every(({agrees}) => agrees), pending: pending.what, rows};
}

const open = (trader: Trader): string[] => [
  ...[...trader.pairs.values()].flatMap(({pair, hedge, dust, outside}) =>
    hedge || !dust.isZero() || !outside.coins.isZero() || !outside.short.isZero() ? [pair] : []
  )
];

function row(
  component: ReconciliationRow["component"],
  pair: string | null,
  ledger: Decimal,
  venue: Decimal,
  {tolerance, message}: {tolerance: Decimal; message: (ledger: string, venue: string) => string}
): ReconciliationRow {
  const residual = venue.minus(ledger);
  const agrees = tolerance.isZero() ? residual.isZero() : residual.abs().lt(tolerance);
  return {
    component,
    pair,
    ledger: text(ledger),
    venue: text(venue),
    residual: text(residual),
    agrees,
    says: `${pair ?? component}: ${message(text(ledger), text(venue))}`
  };
}

interface Pending {
  cash: Decimal;
  coins: Map<string, {coins: Decimal; short: Decimal}>;
  /** descriptions */
  what: string[];
}

/** Sums the venue events that the ledger books at its next step. */
function pendingOf(trader: Trader, news: VenueNews | undefined): Pending {
  const pending: Pending = {cash: ZERO, coins: new Map(), what: []};
  if (!news) return pending;
  const add = (pair: string, coins: Decimal, short: Decimal) => {
    const known = pending.coins.get(pair) ?? {coins: ZERO, short: ZERO};
    pending.coins.set(pair, {coins: known.coins.plus(coins), short: known.short.plus(short)});
  };
  for (const {pair, tsMs, amount} of news.payments) {
    const traded = trader.pairs.get(pair);
    const t = boundaryTs(tsMs);
    const booked = [
      ...(traded?.hedge?.payments ?? []).filter((payment) => payment.t === t),
      ...(traded?.owed ?? []).flatMap(({report}) => report.settlements.filter(({ts}) => ts === t))
    ].reduce((sum, own) => sum.plus(own.amount), ZERO);
    if (booked.isZero() && traded && traded.rates.newestTs >= t) continue;
    const missing = new Decimal(amount).minus(booked);
    if (missing.isZero()) continue;
    pending.cash = pending.cash.plus(missing);
    pending.what.push(`funding of ${pair}: ${text(missing)}`);
  }
  for (const {pair, record} of news.foreign) {
    const {leg, side, quantity, price, fee} = fillOf(record.fill);
    const signed = side === "buy" ? quantity : quantity.neg();
    pending.cash = pending.cash.minus(price.times(signed)).minus(fee);
    add(pair, leg === "spot" ? signed : ZERO, leg === "perp" ? signed.neg() : ZERO);
    pending.what.push(`${record.cause} of ${pair}: ${side} ${text(quantity)} ${leg}`);
  }
  for (const {what, amount, pair} of news.account) {
    if (pair === undefined) pending.cash = pending.cash.plus(amount);
    else add(pair, new Decimal(amount), ZERO);
    pending.what.push(`${what}: ${amount}`);
  }
  return pending;
}
