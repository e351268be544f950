import {text} from "../../../src/lib/money/decimal.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "../account/account.js";
import {advance} from "../account/advance.js";
import {closedRow} from "./spread-routes.js";
import {borrowRow, executionRow, logRow, marketOf, orderRow, positionRow} from "./rows.js";

/** The venue's full record of an account, hidden orders included; oldest first, decimals as text. */
export interface Ledger {
  apiKey: string;
  uid: number;
  now: number;
  marginMode: string;
  /** wallet balances by coin */
  balances: Record<string, string>;
  /** open positions, as rows of `/v5/position/list` */
  positions: Record<string, unknown>[];
  /** rows of `/v5/order/realtime` with their category */
  orders: Record<string, unknown>[];
  /** rows of `/v5/spread/order/history`, open orders included */
  spreadOrders: Record<string, unknown>[];
  executions: Record<string, unknown>[];
  transactionLog: Record<string, unknown>[];
  borrowed: Record<string, unknown>[];
  signedRequests: number;
}

/** Executions and log rows are immutable, so each is formatted once. */
const rows = new WeakMap<object, Record<string, unknown>>();

function formatted(record: object, write: () => Record<string, unknown>): Record<string, unknown> {
  let row = rows.get(record);
  if (!row) rows.set(record, (row = write()));
  return {...row};
}

/** Returns an account's full record at `nowMs`, UTC ms. */
export function ledger(venue: Venue, account: Account, nowMs: number): Ledger {
  advance(venue, account, nowMs);
  const valuation = {venue, nowMs};
  return {
    apiKey: account.options.apiKey,
    uid: account.uid,
    now: nowMs,
    marginMode: account.marginMode,
    balances: Object.fromEntries([...account.wallets].map(([coin, amount]) => [coin, text(amount)])),
    positions: [...account.positions.values()]
      .filter(({net}) => !net.isZero())
      .map(({symbol}) => positionRow(account, marketOf({category: "linear", symbol}, valuation), valuation)),
    orders: account.orders.map((order) => ({category: order.category, ...orderRow(order, marketOf(order, valuation))})),
    spreadOrders: account.spreads.map(closedRow),
    executions: account.executions.map((row) =>
      formatted(row, () => ({category: row.category, ...executionRow(row, marketOf(row, valuation))}))
    ),
    transactionLog: account.log.map((row) => formatted(row, () => logRow(row))),
    borrowed: account.borrowed.map(borrowRow),
    signedRequests: account.signedRequests
  };
}
