import {createHash} from "node:crypto";
import {Refusal} from "../../../loaders/exchange/classify.js";
import {listOf, maybeTs, objectOf, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {CallOptions} from "../../../loaders/exchange/types.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {AccountLine, type AccountOptions} from "./line.js";

/** Account, rights and expiry of the API keys. */
export interface KeyFacts {
  /** the venue's account id */
  account: string;
  readOnly: boolean;
  /** rights by the venue's category names; undefined when not reported */
  permissions: Record<string, string[]> | undefined;
  /** UTC ms; undefined for keys that do not expire */
  expiresTs: number | undefined;
}

type Category = "spot" | "linear";

/** Rows per page of executions and of the transaction log: the venue's maximum. */
const EXECUTIONS = 100;
const LOG_ROWS = 50;
/** Rows per page of spread instruments, and of spread orders or fills. */
const SPREADS = 500;
const SPREAD_ROWS = 50;
const WEEK_MS = 7 * DAY_MS;

/**
 * Client of Bybit v5's private API for one account; rows keep the venue's field names. Sets every request parameter
 * explicitly, so no ccxt default applies. Reads are retried; writes are sent once, whatever the reply.
 */
export class BybitAccount extends AccountLine {
  /** Opens the connection, which {@link syncClock} must then synchronise. Loads ccxt lazily. */
  static async open(options: AccountOptions): Promise<BybitAccount> {
    const {default: ccxt} = await import("ccxt");
    return new BybitAccount(new ccxt.bybit(), options);
  }

  /** Sends an order. @throws Refusal for anything but an acknowledgement */
  async create(order: Fields, signal?: AbortSignal): Promise<void> {
    await this.post("v5/order/create", order, {...(signal && {signal})});
  }

  /** Cancels an order by its client id; an unknown or ended order is not an error. @throws Refusal */
  async cancel(category: Category, symbol: string, orderLinkId: string): Promise<void> {
    try {
      await this.post("v5/order/cancel", {category, symbol, orderLinkId});
    } catch (error) {
      // 110001 and 170213: unknown or ended order
      if (!(error instanceof Refusal) || !["110001", "170213"].includes(error.code ?? "")) throw error;
    }
  }

  /**
   * Cancels every order on the account, whoever sent it, bypassing all request queues.
   * @param spreads true when the engine sends spread orders; otherwise a rejected spread cancel is not an error
   */
  async cancelAll({spreads = false}: {spreads?: boolean} = {}): Promise<void> {
    const refused = (error: unknown) => {
      if (spreads || !(error instanceof Refusal) || error.kind !== "answer") throw error;
    };
    await Promise.all([
      this.post("v5/order/cancel-all", {category: "linear", settleCoin: "USDT"}, {atOnce: true}),
      this.post("v5/order/cancel-all", {category: "spot"}, {atOnce: true}),
      this.post("v5/spread/order/cancel-all", {cancelAll: true}, {atOnce: true}).catch(refused)
    ]);
  }

  /** Returns an open or ended order by its client id; undefined when unknown to the venue. */
  async order(category: Category, symbol: string, orderLinkId: string, options?: CallOptions) {
    const found = (result: Fields) => listOf(result["list"]).map(objectOf)[0];
    const query = {category, symbol, orderLinkId};
    return (
      (await this.get("v5/order/realtime", query, found, options)) ??
      (await this.get("v5/order/history", query, found, options))
    );
  }

  /** Returns the open orders of every symbol. */
  async openOrders(category: Category): Promise<Fields[]> {
    const scope = category === "linear" ? {settleCoin: "USDT"} : {};
    return this.pages("v5/order/realtime", {category, ...scope, openOnly: 0, limit: 50});
  }

  /** Returns the executions of one order. */
  executionsOf(category: Category, symbol: string, orderLinkId: string, options?: CallOptions): Promise<Fields[]> {
    return this.pages("v5/execution/list", {category, symbol, orderLinkId, limit: EXECUTIONS}, options);
  }

  /** Returns all executions on the account since `startTime` (UTC ms), manual and forced ones included. */
  executionsSince(category: Category, startTime: number, nowMs: number, options?: CallOptions): Promise<Fields[]> {
    return this.windows(
      "v5/execution/list",
      {category, limit: EXECUTIONS},
      {startTime, nowMs, longestMs: WEEK_MS},
      options
    );
  }

  /** Returns the transaction log since `startTime`, UTC ms. */
  logSince(startTime: number, nowMs: number, options?: CallOptions): Promise<Fields[]> {
    const query = {accountType: "UNIFIED", limit: LOG_ROWS};
    return this.windows("v5/account/transaction-log", query, {startTime, nowMs, longestMs: DAY_MS}, options);
  }

  /** Returns every listed native spread; a public endpoint. */
  spreads(options?: CallOptions): Promise<Fields[]> {
    return this.pages("v5/spread/instrument", {limit: SPREADS}, options);
  }

  /** Sends one order for both legs of a spread. @throws Refusal for anything but an acknowledgement */
  async createSpread(order: Fields, signal?: AbortSignal): Promise<void> {
    await this.post("v5/spread/order/create", order, {...(signal && {signal})});
  }

  /** Cancels a spread order by its client id; an unknown or ended order is not an error. @throws Refusal */
  async cancelSpread(orderLinkId: string): Promise<void> {
    try {
      await this.post("v5/spread/order/cancel", {orderLinkId});
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "110001") throw error;
    }
  }

  /** Returns an open or ended spread order by its client id; undefined when unknown to the venue. */
  async spreadOrder(orderLinkId: string, options?: CallOptions): Promise<Fields | undefined> {
    const found = (result: Fields) => listOf(result["list"]).map(objectOf)[0];
    return (
      (await this.get("v5/spread/order/realtime", {orderLinkId}, found, options)) ??
      (await this.get("v5/spread/order/history", {orderLinkId}, found, options))
    );
  }

  /** Returns the open spread orders. */
  openSpreads(options?: CallOptions): Promise<Fields[]> {
    return this.pages("v5/spread/order/realtime", {limit: SPREAD_ROWS}, options);
  }

  /** Returns the fills of one spread order, each with its leg fills. */
  spreadExecutionsOf(orderLinkId: string, options?: CallOptions): Promise<Fields[]> {
    return this.pages("v5/spread/execution/list", {orderLinkId, limit: SPREAD_ROWS}, options);
  }

  /** Returns the fills of every spread order since `startTime`, UTC ms. */
  spreadExecutionsSince(startTime: number, options?: CallOptions): Promise<Fields[]> {
    return this.pages("v5/spread/execution/list", {startTime, limit: SPREAD_ROWS}, options);
  }

  /** Returns a market's best bid and ask, in the venue's unit. @throws Refusal for an empty side */
  touch(category: Category, symbol: string, options?: CallOptions): Promise<{bid: string; ask: string}> {
    return this.get(
      "v5/market/orderbook",
      {category, symbol, limit: 1},
      (result) => {
        const best = (side: unknown) => textOf(listOf(listOf(side)[0], "level")[0]);
        const [bid, ask] = [best(result["b"]), best(result["a"])];
        if (!(Number(bid) > 0) || !(Number(ask) > 0))
          throw new Refusal("content", `the book of ${symbol} has one side`);
        return {bid: bid!, ask: ask!};
      },
      options
    );
  }

  /** Returns the non-zero linear positions. */
  async positions(options?: CallOptions): Promise<Fields[]> {
    const rows = await this.pages("v5/position/list", {category: "linear", settleCoin: "USDT", limit: 200}, options);
    return rows.filter((row) => Number(row["size"]) !== 0);
  }

  /** Returns one symbol's position, even when flat, because it carries the leverage. */
  position(symbol: string): Promise<Fields | undefined> {
    return this.get("v5/position/list", {category: "linear", symbol}, (result) => objectOf(listOf(result["list"])[0]));
  }

  /** Returns the wallet balances by coin, decimals as text. */
  balances(options?: CallOptions): Promise<Map<string, string>> {
    return this.get(
      "v5/account/wallet-balance",
      {accountType: "UNIFIED"},
      (result) => {
        const [wallet] = listOf(result["list"]).map(objectOf);
        if (!wallet) throw new Refusal("content", "the reply has no wallet");
        return new Map(
          listOf(wallet["coin"], "coin").map((raw) => {
            const row = objectOf(raw);
            const balance = textOf(row["walletBalance"]);
            if (!balance || !Number.isFinite(Number(balance)))
              throw new Refusal("content", `no balance of ${textOf(row["coin"])}`);
            return [textOf(row["coin"]) ?? "", balance];
          })
        );
      },
      options
    );
  }

  marginMode(): Promise<string> {
    return this.get("v5/account/info", {}, (result) => textOf(result["marginMode"]) ?? "");
  }

  /** Sets `ISOLATED_MARGIN` or `REGULAR_MARGIN`. @throws Refusal */
  async setMarginMode(setMarginMode: string): Promise<void> {
    await this.post("v5/account/set-margin-mode", {setMarginMode});
  }

  /** Sets a symbol's leverage; an unchanged leverage is not an error. @throws Refusal */
  async setLeverage(symbol: string, leverage: string): Promise<void> {
    try {
      await this.post("v5/position/set-leverage", {
        category: "linear",
        symbol,
        buyLeverage: leverage,
        sellLeverage: leverage
      });
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "110043") throw error;
    }
  }

  /** Returns the taker and maker fee of a symbol, shares as text. */
  feeRate(category: Category, symbol: string): Promise<{taker: string; maker: string}> {
    return this.get("v5/account/fee-rate", {category, symbol}, (result) => {
      const row = objectOf(listOf(result["list"])[0]);
      const [taker, maker] = [textOf(row["takerFeeRate"]), textOf(row["makerFeeRate"])];
      if (!taker || !maker) throw new Refusal("content", `the reply has no fee of ${symbol}`);
      return {taker, maker};
    });
  }

  /** Returns the taker fee of every symbol in a category, shares as text. */
  takerFees(category: Category, options?: CallOptions): Promise<Map<string, string>> {
    return this.get(
      "v5/account/fee-rate",
      {category},
      (result) =>
        new Map(
          listOf(result["list"])
            .map(objectOf)
            .flatMap((row): [string, string][] => {
              const [symbol, taker] = [textOf(row["symbol"]), textOf(row["takerFeeRate"])];
              return symbol && taker ? [[symbol, taker]] : [];
            })
        ),
      options
    );
  }

  /**
   * Returns the keys' account and rights. A demo account does not report them (code 10032): the rights are then unknown
   * and a digest of the key serves as the account id.
   */
  async key(options?: CallOptions): Promise<KeyFacts> {
    try {
      return await this.get("v5/user/query-api", {}, keyFacts, options);
    } catch (error) {
      const {cause} = error as {cause?: unknown};
      if (!(cause instanceof Refusal) || cause.code !== "10032") throw error;
      const digest = createHash("sha256").update(this.apiKey).digest("hex").slice(0, 12);
      return {account: `key ${digest}`, readOnly: false, permissions: undefined, expiresTs: undefined};
    }
  }
}

const keyFacts = (result: Fields): KeyFacts => ({
  account: textOf(result["userID"]) ?? "",
  readOnly: Number(result["readOnly"]) === 1,
  permissions: Object.fromEntries(
    Object.entries(objectOf(result["permissions"])).map(([name, list]) => [
      name,
      Array.isArray(list) ? list.map(String) : []
    ])
  ),
  expiresTs: maybeTs(Date.parse(textOf(result["expiredAt"]) ?? ""))
});
