import {describe, expect, it} from "vitest";
import {createExchange} from "../../../loaders/exchange/index.js";
import {ExchangeError, UsageError} from "../../../loaders/errors.js";
import {clientOf} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;
const date = {headers: {date: new Date(NOW).toUTCString()}};

describe("any other venue", () => {
  it("an error says what a venue lacks, and which names are valid", async () => {
    await expect(createExchange({venue: "nowhere"})).rejects.toThrow("unknown venue: nowhere");
    await expect(createExchange({venue: "bitvavo"})).rejects.toThrow("bitvavo serves no settled funding rates");
    await expect(createExchange({venue: "bitvavo"})).rejects.toBeInstanceOf(UsageError);
    await expect(createExchange({simulated: true})).rejects.toThrow("missing url");
    await expect(createExchange({url: "localhost"})).rejects.toThrow("invalid url: localhost");
  });

  it("gate through ccxt's unified methods keeps every digit and reports its own errors", async () => {
    const contract = (name: string) => ({
      name,
      type: "direct",
      quanto_multiplier: "0.0001",
      order_price_round: "0.1",
      order_size_min: 1,
      order_size_max: 1000000,
      in_delisting: false,
      funding_interval: 28800,
      create_time: 1546905600,
      mark_price_round: "0.01"
    });
    let fail = false;
    const {url, seen} = await serve(({pathname, searchParams: query}, reply) => {
      if (fail) return answer(reply, {label: "INVALID_PARAM_VALUE", message: "bad contract"}, {status: 400, ...date});
      if (pathname.endsWith("/futures/usdt/contracts")) return answer(reply, [contract("BTC_USDT")], date);
      if (pathname.endsWith("/funding_rate")) {
        return answer(
          reply,
          [{t: Math.floor(HOURS / 1000), r: "0.000100000000000000012"}].filter(
            ({t}) => t <= Number(query.get("to") ?? Infinity)
          ),
          date
        );
      }
      if (pathname.endsWith("/candlesticks")) {
        return answer(
          reply,
          [{t: HOURS / 1000 - 3600, o: "100", h: "102.123456789012345678", l: "99", c: "101", v: 5, sum: "1"}],
          date
        );
      }
      answer(reply, [], date);
    });
    const {exchange} = await clientOf(url, NOW, {venue: "gate"});
    expect(exchange.timeframes).toContain("1h");
    const {rows} = await exchange.settlements("BTC/USDT", NOW);
    expect(rows).toEqual([{tsMs: HOURS, rate: "0.000100000000000000012", reportedHours: undefined}]);
    const candles = await exchange.candles("BTC/USDT", "perp", "1h", {from: HOURS - HOUR, to: HOURS});
    expect(candles.rows[0]).toMatchObject({tsMs: HOURS - HOUR, high: "102.123456789012345678", volume: undefined});
    expect(seen.every(({pathname}) => pathname.startsWith("/api/v4/"))).toBe(true);
    fail = true;
    await expect(exchange.settlements("BTC/USDT", NOW)).rejects.toBeInstanceOf(ExchangeError);
  });
});
