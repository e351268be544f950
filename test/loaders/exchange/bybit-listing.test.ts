import {expect, it} from "vitest";
import {envelope} from "../../helpers/bybit-venue.js";
import {clientOf} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";
import {quoteFor} from "../../../engine/data/plan.js";
import {topPairs} from "../../../loaders/ingest/universe.js";
import type {ListedInstrument} from "../../../loaders/store/instruments.js";

const NOW = Date.UTC(2026, 9, 1, 12);

const spot = ["BTC|USDT", "币安人生|USDT", "BTC|USDC", "W|USDT", "BTC|BRZ"];
const linear = [
  ["BTCUSDT", "BTC", "USDT", "LinearPerpetual"],
  ["BTCPERP", "BTC", "USDC", "LinearPerpetual"],
  ["BTC-26DEC25", "BTC", "USDC", "LinearFutures"],
  ["币安人生USDT", "币安人生", "USDT", "LinearPerpetual"],
  ["WUSDT", "W", "USDT", "LinearPerpetual"]
];

async function open() {
  const {url} = await serve(({pathname, searchParams}, reply) => {
    const category = searchParams.get("category");
    const spots = spot.map((name) => ({
      symbol: name.replace("|", ""),
      baseCoin: name.split("|")[0],
      quoteCoin: name.split("|")[1],
      status: "Trading"
    }));
    const perps = linear.map(([symbol, baseCoin, quoteCoin, contractType]) => ({
      symbol,
      baseCoin,
      quoteCoin,
      contractType,
      status: "Trading"
    }));
    const list = category === "spot" ? spots : perps;
    answer(
      reply,
      envelope(NOW, {
        category,
        list: pathname.endsWith("tickers") ? list.map(({symbol}) => ({symbol, turnover24h: "5000000"})) : list,
        nextPageCursor: ""
      })
    );
  });
  return (await clientOf(url, NOW)).exchange;
}

it("markets are read by the venue's own record; what is left out is listed with its reason", async () => {
  const exchange = await open();
  const markets = await exchange.instruments();
  expect(markets.map(({market, pair, symbol}) => `${market} ${pair} ${symbol}`)).toEqual([
    "spot BTC/USDT BTCUSDT",
    "spot 币安人生/USDT 币安人生USDT",
    "spot BTC/USDC BTCUSDC",
    "spot W/USDT WUSDT",
    "perp BTC/USDT BTCUSDT",
    "perp BTC/USDC BTCPERP",
    "perp 币安人生/USDT 币安人生USDT",
    "perp W/USDT WUSDT"
  ]);
  expect(exchange.leftOut).toEqual([
    {symbol: "BTCBRZ", market: "spot", reason: "quoted in BRZ"},
    {symbol: "BTC-26DEC25", market: "perp", reason: "a dated contract"}
  ]);
  const tickers = await exchange.tickers("perp");
  expect(tickers.map(({pair}) => pair)).toEqual(["BTC/USDT", "BTC/USDC", "币安人生/USDT", "W/USDT"]);
});

it("the quote chooses among the top pairs; without one it is USDT, or USDC where nothing else is listed", async () => {
  const markets = (await (await open()).instruments()).map((own): ListedInstrument => ({
    ...own,
    venue: "bybit",
    dayTs: 0,
    turnover24h: "5000000"
  }));
  expect(topPairs(markets, 10, {quote: "USDC"})).toEqual(["BTC/USDC"]);
  expect(topPairs(markets, 10)).toEqual(["BTC/USDT", "W/USDT", "币安人生/USDT"]);
  expect(quoteFor(markets)).toBe("USDT");
  expect(quoteFor(markets.filter(({quote}) => quote === "USDC"))).toBe("USDC");
});
