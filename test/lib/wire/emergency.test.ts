import {expect, it} from "vitest";
import {legsText, mayBeOpen, remainingTexts, type Remainder} from "../../../src/lib/wire/emergency.js";

const short: Remainder = {code: "short", pair: "BTC/USDT", symbol: "BTCUSDT", quantity: "0.5", failure: null};
const coins: Remainder = {
  code: "coins",
  pair: "BTC/USDT",
  coin: "BTC",
  quantity: "0.5",
  failure: {code: "refused", message: "no way", venueCode: "110007"}
};

it("remainder's texts put a pair's legs into one sentence, before what is of no pair", () => {
  const unknown: Remainder = {
    code: "short",
    pair: null,
    symbol: "ABCUSDT",
    quantity: "2",
    failure: {code: "unanswered"}
  };
  const remaining: Remainder[] = [short, {code: "orders-open"}, coins, unknown];
  expect(remainingTexts(remaining)).toEqual([
    "ABCUSDT: a short of 2 ABCUSDT left (the venue did not answer in time)",
    "BTC/USDT: a short of 0.5 BTCUSDT left; 0.5 BTC left (no way (code 110007))",
    "orders could not be cancelled"
  ]);
  expect(legsText("BTC/USDT", remaining)).toBe("a short of 0.5 BTCUSDT left; 0.5 BTC left (no way (code 110007))");
  expect(legsText("ETH/USDT", remaining)).toBeNull();
});

it("pair counts as closed only where nothing unread may concern it", () => {
  const open = (...remaining: Remainder[]) => [mayBeOpen("BTC/USDT", remaining), mayBeOpen("ETH/USDT", remaining)];
  expect(open()).toEqual([false, false]);
  expect(open(short)).toEqual([true, false]);
  expect(open({code: "hedge", pair: "ETH/USDT"})).toEqual([false, true]);
  expect(open({code: "orders-open"}, {code: "foreign-long", symbol: "BTCUSDT", quantity: "1"})).toEqual([false, false]);
  const everything: Remainder[] = [
    {code: "account-unread"},
    {code: "markets-unread"},
    {code: "account-unknown"},
    {code: "other-account", account: "1", expected: "2"},
    {code: "journal-damaged", message: "line 3"},
    {code: "not-attempted", message: "missing keys", fix: null},
    {...short, pair: null}
  ];
  for (const rest of everything) expect([rest.code, ...open(rest)]).toEqual([rest.code, true, true]);
});
