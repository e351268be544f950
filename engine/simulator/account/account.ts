import {createHash} from "node:crypto";
import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {isOpen} from "./types.js";
import type {
  BorrowRow,
  Execution,
  FeeRates,
  LogRow,
  MarginMode,
  Order,
  Position,
  SpreadOrder,
  SpreadTrade
} from "./types.js";

/** Rights of a key, by the venue's permission names. */
interface Permissions {
  readOnly: boolean;
  ContractTrade: readonly string[];
  Spot: readonly string[];
  Wallet: readonly string[];
  Derivatives: readonly string[];
}

/** Options of an account; fixed at opening, except margin mode and leverage. */
interface AccountOptions {
  apiKey: string;
  secret: string;
  permissions: Permissions;
  feeRates: FeeRates;
  /** lets spot orders overdraw the quote wallet, at an hourly rate (a share) */
  borrow: {allowed: boolean; hourlyRate: Decimal};
  marginMode: MarginMode;
  /** `touch` fills completely at the best price, `book` walks the public order book */
  liquidity: "touch" | "book";
  /** leverage of symbols without their own */
  leverage: Decimal;
}

/** A wallet change before its balance is computed. */
type Posting = Pick<LogRow, "ts" | "type" | "currency" | "cashFlow"> &
  Partial<Omit<LogRow, "change" | "cashBalance" | "id">>;

/** A unified account: wallets, orders, executions, positions and the transaction log. */
export class Account {
  readonly uid: number;
  readonly wallets = new Map<string, Decimal>();
  readonly positions = new Map<string, Position>();
  readonly orders: Order[] = [];
  readonly executions: Execution[] = [];
  readonly log: LogRow[] = [];
  readonly borrowed: BorrowRow[] = [];
  readonly leverages = new Map<string, Decimal>();
  /** number of coming settlements that the venue will skip, by symbol */
  readonly withheld = new Map<string, number>();
  readonly open = new Set<Order>();
  readonly spreads: SpreadOrder[] = [];
  readonly openSpreads = new Set<SpreadOrder>();
  readonly spreadTrades: SpreadTrade[] = [];
  marginMode: MarginMode;
  /** the account is advanced to this time, UTC ms */
  advancedMs: number;
  signedRequests = 0;
  private readonly byId = new Map<string, Order>();
  private readonly byLink = new Map<string, Order>();
  private readonly ranks = new Map<Order, number>();
  private sequence = 0;

  constructor(
    readonly options: AccountOptions,
    readonly createdMs: number
  ) {
    this.marginMode = options.marginMode;
    this.advancedMs = createdMs;
    this.uid = 10_000_000 + (parseInt(this.digest("uid").slice(0, 6), 16) % 80_000_000);
  }

  wallet(coin: string): Decimal {
    return this.wallets.get(coin) ?? ZERO;
  }

  leverage(symbol: string): Decimal {
    return this.leverages.get(symbol) ?? this.options.leverage;
  }

  /** Books a change in both log and wallet, so that the two never differ. */
  post(posting: Posting): LogRow {
    const {cashFlow, funding, fee = ZERO, currency} = posting;
    const change = cashFlow.plus(funding ?? ZERO).minus(fee);
    const cashBalance = this.wallet(currency).plus(change);
    const row: LogRow = {
      category: "",
      symbol: "",
      side: "None",
      qty: ZERO,
      size: ZERO,
      tradePrice: undefined,
      feeRate: undefined,
      orderId: "",
      orderLinkId: "",
      tradeId: "",
      ...posting,
      funding,
      fee,
      id: `${this.uid}_${posting.symbol || currency}_${this.next()}`,
      change,
      cashBalance
    };
    this.wallets.set(currency, cashBalance);
    this.log.push(row);
    return row;
  }

  addOrder(order: Order): void {
    this.ranks.set(order, this.orders.push(order));
    this.byId.set(order.orderId, order);
    if (order.orderLinkId) this.byLink.set(`${order.category}|${order.orderLinkId}`, order);
    if (isOpen(order)) this.open.add(order);
  }

  /** Returns an order's position in the account's order sequence, from 1. */
  rank(order: Order): number {
    return this.ranks.get(order) ?? 0;
  }

  /** Removes an order in a final state from the open orders. */
  dropEnded(order: Order): void {
    if (!isOpen(order)) this.open.delete(order);
  }

  orderById(orderId: string): Order | undefined {
    return this.byId.get(orderId);
  }

  orderByLink(category: string, orderLinkId: string): Order | undefined {
    return this.byLink.get(`${category}|${orderLinkId}`);
  }

  next(): number {
    return ++this.sequence;
  }

  /** Returns a deterministic id: numeric for spot orders, else shaped like a UUID. */
  id(numeric = false): string {
    const n = this.next();
    if (numeric) return String(1_900_000_000_000_000_000n + BigInt(this.uid) * 1_000_000n + BigInt(n));
    const hex = this.digest(String(n));
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `5${hex.slice(13, 16)}`,
      `b${hex.slice(17, 20)}`,
      hex.slice(20, 32)
    ].join("-");
  }

  private digest(word: string): string {
    return createHash("sha256").update(`${this.options.apiKey}|${word}`).digest("hex");
  }
}
