import {z} from "zod";
import {Decimal, decimal, text as canonical} from "../../../src/lib/money/decimal.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {VenueError} from "../market/venue.js";
import {maybeMarket, type Market} from "../account/market.js";
import {valuedPositions, totals} from "../account/margin.js";
import {positionOf} from "../account/positions.js";
import {page, paging, read, spanOf, text, window} from "./query.js";
import {borrowRow, logRow, positionRow, walletRow} from "./rows.js";
import type {Context} from "./context.js";
import type {MarginMode} from "../account/types.js";

const category = z.enum(["spot", "linear"]);

const balanceQuery = z.strictObject({accountType: z.literal("UNIFIED"), coin: text});

/** `GET /v5/account/wallet-balance`. */
export function walletBalance({desk}: Context, query: unknown): unknown {
  const {coin} = read(balanceQuery, query);
  return {list: [walletRow(desk.account, desk, coin?.split(","))]};
}

/** `GET /v5/account/info`. */
export function accountInfo({desk: {account}}: Context, query: unknown): unknown {
  read(z.strictObject({}), query);
  return {
    marginMode: account.marginMode,
    updatedTime: String(account.createdMs),
    unifiedMarginStatus: 6,
    dcpStatus: "OFF",
    timeWindow: 10,
    smpGroup: 0,
    isMasterTrader: false,
    spotHedgingStatus: "OFF"
  };
}

const marginModeBody = z.strictObject({
  setMarginMode: z.enum(["ISOLATED_MARGIN", "REGULAR_MARGIN", "PORTFOLIO_MARGIN"])
});

/** `POST /v5/account/set-margin-mode`: only without positions and open orders. */
export function setMarginMode({desk: {account}}: Context, body: unknown): unknown {
  const {setMarginMode: mode} = read(marginModeBody, body);
  const failed = (code: string, message: string): never => {
    throw new VenueError(3400045, "Set margin mode failed", {reasons: [{reasonCode: code, reasonMsg: message}]});
  };
  if (mode === "PORTFOLIO_MARGIN") failed("3400000", "Equity needs to be equal to or greater than 1000 USDC");
  if (mode === account.marginMode) throw new VenueError(110026, "Cross/isolated margin mode is not modified");
  if (account.open.size > 0) failed("3400091", "Please cancel your open orders first");
  if ([...account.positions.values()].some(({net}) => !net.isZero()))
    failed("3400092", "Please close your positions first");
  account.marginMode = mode as MarginMode;
  return {reasons: []};
}

const feeQuery = z.strictObject({category, symbol: text, baseCoin: text});

/** `GET /v5/account/fee-rate`. */
export function feeRate({desk}: Context, query: unknown): unknown {
  const {category, symbol, baseCoin} = read(feeQuery, query);
  const {maker, taker} = desk.account.options.feeRates[category];
  const rates = {takerFeeRate: canonical(taker), makerFeeRate: canonical(maker)};
  if (symbol !== undefined) {
    if (!maybeMarket(desk.venue, category, symbol, desk.nowMs))
      throw new VenueError(10001, "params error: symbol invalid");
    return {list: [{symbol, ...rates}]};
  }
  const list = desk.venue
    .listed(category, desk.nowMs)
    .filter((coin) => baseCoin === undefined || coin.coin === baseCoin)
    .map((coin) => ({symbol: category === "spot" ? coin.spot : coin.perp, ...rates}));
  return {list};
}

const logQuery = z.strictObject({
  accountType: z.literal("UNIFIED").optional(),
  category: category.optional(),
  currency: text,
  baseCoin: text,
  type: text,
  ...window,
  ...paging(20, 50)
});

/** `GET /v5/account/transaction-log`: newest first; default span: one day. */
export function transactionLog({desk}: Context, query: unknown): unknown {
  const asked = read(logQuery, query);
  const {from, to} = spanOf(asked, desk.nowMs, DAY_MS);
  const rows = desk.account.log
    .filter(
      (row) =>
        row.ts >= from &&
        row.ts <= to &&
        (asked.category === undefined || row.category === asked.category) &&
        (asked.currency === undefined || row.currency === asked.currency) &&
        (asked.type === undefined || row.type === asked.type) &&
        (asked.baseCoin === undefined || row.symbol === `${asked.baseCoin}USDT`)
    )
    .reverse();
  const {list, nextPageCursor} = page(rows, ({id}) => id, asked);
  return {nextPageCursor, list: list.map(logRow)};
}

const borrowQuery = z.strictObject({currency: text, ...window, ...paging(20, 50)});

/** `GET /v5/account/borrow-history`: interest charged; default span: the last seven days. */
export function borrowHistory({desk}: Context, query: unknown): unknown {
  const asked = read(borrowQuery, query);
  const {from, to} = spanOf(asked, desk.nowMs, 7 * DAY_MS);
  const rows = desk.account.borrowed
    .filter(
      (row) => row.ts >= from && row.ts <= to && (asked.currency === undefined || row.currency === asked.currency)
    )
    .reverse();
  const {list, nextPageCursor} = page(rows, ({ts, currency}) => `${currency}:${ts}`, asked);
  return {nextPageCursor, list: list.map(borrowRow)};
}

const positionQuery = z.strictObject({
  category: z.literal("linear"),
  symbol: text,
  baseCoin: text,
  settleCoin: text,
  ...paging(20, 200)
});

/** `GET /v5/position/list`: a symbol's row, even when flat, or all open positions. */
export function positions({desk}: Context, query: unknown): unknown {
  const asked = read(positionQuery, query);
  const {account, ...valuation} = desk;
  if (!asked.symbol && !asked.settleCoin && !asked.baseCoin)
    throw new VenueError(10001, "params error: symbol or settleCoin is required");
  const markets = asked.symbol
    ? [linear(desk, asked.symbol)]
    : valuedPositions(account, valuation)
        .map(({market}) => market)
        .filter((market) => asked.baseCoin === undefined || market.base === asked.baseCoin)
        .filter(() => asked.settleCoin === undefined || asked.settleCoin === "USDT");
  const {list, nextPageCursor} = page(markets, ({symbol}) => symbol, asked);
  return {list: list.map((market) => positionRow(account, market, valuation)), nextPageCursor, category: "linear"};
}

function linear({venue, nowMs}: Context["desk"], symbol: string): Market {
  const market = maybeMarket(venue, "linear", symbol, nowMs);
  if (!market) throw new VenueError(10001, "params error: symbol invalid");
  return market;
}

const number = z.union([z.string(), z.number().transform(String)]);
const leverageBody = z.strictObject({
  category: z.literal("linear"),
  symbol: z.string(),
  buyLeverage: number,
  sellLeverage: number
});

/** `POST /v5/position/set-leverage`: the same for both sides, as in one-way mode. */
export function setLeverage({desk}: Context, body: unknown): unknown {
  const {symbol, buyLeverage, sellLeverage} = read(leverageBody, body);
  const {account, ...valuation} = desk;
  const market = linear(desk, symbol);
  if (!/^\d+(\.\d{1,2})?$/.test(buyLeverage) || buyLeverage !== sellLeverage)
    throw new VenueError(10001, "params error: leverage invalid");
  const leverage = decimal(buyLeverage, "leverage");
  if (leverage.lt(1)) throw new VenueError(10001, "params error: leverage invalid");
  if (leverage.gt(market.maxLeverage)) throw new VenueError(110013, "Cannot set leverage due to risk limit level");
  const before = account.leverage(symbol);
  if (leverage.eq(before)) throw new VenueError(110043, "Set leverage not modified");
  const {cost} = positionOf(account, symbol);
  const more = cost.div(leverage).minus(cost.div(before));
  if (more.gt(Decimal.max(totals(account, valuation).available, 0)))
    throw new VenueError(110044, "Available margin is insufficient");
  account.leverages.set(symbol, leverage);
  return {};
}

/** `POST /v5/position/switch-isolated`: always an error; unified accounts set the mode for the whole account. */
export function switchIsolated(): never {
  throw new VenueError(100028, "The API cannot be accessed by unified account users.");
}

/** `GET /v5/user/query-api`: the key's rights. The secret is empty, as on the venue. */
export function queryApi({desk: {account}}: Context, query: unknown): unknown {
  read(z.strictObject({}), query);
  const {readOnly, ContractTrade, Spot, Wallet, Derivatives} = account.options.permissions;
  return {
    id: String(account.uid),
    note: "simulated",
    apiKey: account.options.apiKey,
    readOnly: readOnly ? 1 : 0,
    secret: "",
    permissions: {
      ContractTrade,
      Spot,
      Wallet,
      Options: [],
      Derivatives,
      CopyTrading: [],
      BlockTrade: [],
      Exchange: [],
      NFT: [],
      Affiliate: []
    },
    ips: ["*"],
    type: 1,
    deadlineDay: 90,
    expiredAt: stamp(account.createdMs + 90 * DAY_MS),
    createdAt: stamp(account.createdMs),
    unified: 0,
    uta: 1,
    userID: account.uid,
    inviterID: 0,
    vipLevel: "No VIP",
    mktMakerLevel: "0",
    affiliateID: 0,
    rsaPublicKey: "",
    isMaster: true,
    parentUid: "0",
    kycLevel: "LEVEL_DEFAULT",
    kycRegion: ""
  };
}

const stamp = (ts: number): string => new Date(ts).toISOString().replace(/\.\d+Z$/, "Z");

/** `GET /v5/asset/coin/query-info`: clients request it before trading; one chain per coin. */
export function coinInfo({desk}: Context, query: unknown): unknown {
  const {coin} = read(z.strictObject({coin: text}), query);
  const names = ["USDT", ...desk.venue.listed("spot", desk.nowMs).map((c) => c.coin)];
  const rows = names
    .filter((name) => coin === undefined || name === coin)
    .map((name) => ({
      name,
      coin: name,
      remainAmount: "10000000",
      chains: [
        {
          chainType: name,
          confirmation: "10",
          withdrawFee: "0",
          depositMin: "0",
          withdrawMin: "0",
          chain: name,
          chainDeposit: "1",
          chainWithdraw: "1",
          minAccuracy: "8",
          withdrawPercentageFee: "0"
        }
      ]
    }));
  return {rows};
}
