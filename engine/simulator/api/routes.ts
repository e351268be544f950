import {VenueError} from "../market/venue.js";
import type {Handling} from "../account/handling.js";
import * as accounts from "./account-routes.js";
import type {Account} from "../account/account.js";
import * as spreads from "./spread-routes.js";
import * as trade from "./trade-routes.js";
import type {Context} from "./context.js";

/** Permission that an endpoint requires. */
type Grant = "read" | "order" | "spread" | "position" | "account";

interface PrivateRoute {
  method: "GET" | "POST";
  grant: Grant;
  answer: (context: Context, input: unknown, handling?: Handling) => unknown;
}

const get = (answer: PrivateRoute["answer"]): PrivateRoute => ({method: "GET", grant: "read", answer});
const post = (grant: Grant, answer: PrivateRoute["answer"]): PrivateRoute => ({method: "POST", grant, answer});

export const PRIVATE_ROUTES: Readonly<Record<string, PrivateRoute>> = {
  "/v5/order/create": post("order", trade.createOrder),
  "/v5/order/cancel": post("order", trade.cancelOrder),
  "/v5/order/cancel-all": post("order", trade.cancelAll),
  "/v5/order/realtime": get(trade.openOrders),
  "/v5/order/history": get(trade.orderHistory),
  "/v5/execution/list": get(trade.executions),
  "/v5/spread/order/create": post("spread", spreads.createSpreadOrder),
  "/v5/spread/order/cancel": post("spread", spreads.cancelSpreadOrder),
  "/v5/spread/order/cancel-all": post("spread", spreads.cancelAllSpreads),
  "/v5/spread/order/realtime": get(spreads.openSpreads),
  "/v5/spread/order/history": get(spreads.spreadHistory),
  "/v5/spread/execution/list": get(spreads.spreadExecutions),
  "/v5/position/list": get(accounts.positions),
  "/v5/position/set-leverage": post("position", accounts.setLeverage),
  "/v5/position/switch-isolated": post("position", accounts.switchIsolated),
  "/v5/account/wallet-balance": get(accounts.walletBalance),
  "/v5/account/info": get(accounts.accountInfo),
  "/v5/account/set-margin-mode": post("account", accounts.setMarginMode),
  "/v5/account/fee-rate": get(accounts.feeRate),
  "/v5/account/transaction-log": get(accounts.transactionLog),
  "/v5/account/borrow-history": get(accounts.borrowHistory),
  "/v5/user/query-api": get(accounts.queryApi),
  "/v5/asset/coin/query-info": get(accounts.coinInfo)
};

/**
 * Checks a key's permission.
 * @throws VenueError 10005 when it is missing
 */
export function permit(account: Account, grant: Grant, input: unknown): void {
  if (grant === "read") return;
  const {readOnly, ContractTrade, Spot} = account.options.permissions;
  const spot = (input as {category?: unknown} | null)?.category === "spot";
  const granted =
    grant === "account"
      ? ContractTrade.length > 0
      : grant === "position"
        ? ContractTrade.includes("Position")
        : grant === "spread"
          ? ContractTrade.includes("Order") && Spot.includes("SpotTrade")
          : spot
            ? Spot.includes("SpotTrade")
            : ContractTrade.includes("Order");
  if (readOnly || !granted) throw new VenueError(10005, "Permission denied, please check your API key permissions.");
}
