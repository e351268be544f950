import {text} from "../../../src/lib/money/decimal.js";
import {VenueError, type Category, type Venue} from "../market/venue.js";
import {bandOf, maybeMarket, priceText, type Market} from "../account/market.js";
import {MAINTENANCE} from "../account/positions.js";

type Query = URLSearchParams;

function marketOf(venue: Venue, query: Query, nowMs: number, fallback: Category): Market {
  const category = query.get("category") ?? fallback;
  const market =
    category === "spot" || category === "linear"
      ? maybeMarket(venue, category, query.get("symbol") ?? "", nowMs)
      : undefined;
  if (!market) throw new VenueError(10001, "params error: symbol invalid");
  return market;
}

/** `GET /v5/market/price-limit`: the highest buy and lowest sell price allowed now. */
export function priceLimit(venue: Venue, query: Query, nowMs: number): unknown {
  const market = marketOf(venue, query, nowMs, "linear");
  const {highest, lowest} = bandOf(market, nowMs);
  return {
    symbol: market.symbol,
    buyLmt: priceText(market, highest),
    sellLmt: priceText(market, lowest),
    ts: String(nowMs)
  };
}

/** `GET /v5/market/risk-limit`: a single tier. */
export function riskLimit(venue: Venue, query: Query, nowMs: number): unknown {
  if (query.get("category") !== "linear") throw new VenueError(10001, "params error: category invalid");
  const {symbol, maxLeverage} = marketOf(venue, query, nowMs, "linear");
  return {
    category: "linear",
    list: [
      {
        id: 1,
        symbol,
        riskLimitValue: "2000000",
        maintenanceMargin: text(MAINTENANCE),
        initialMargin: text(maxLeverage.pow(-1)),
        isLowestRisk: 1,
        maxLeverage: maxLeverage.toFixed(2)
      }
    ]
  };
}
