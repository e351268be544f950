import {describe, expect, it} from "vitest";
import {runBacktest} from "../../src/lib/backtest/run.js";
import {totalsOf} from "../../src/lib/backtest/totals.js";
import {text} from "../../src/lib/money/decimal.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {parseInstant} from "../../src/lib/time/instant.js";
import {marketDataFromCsv, realMarketData} from "../helpers/market-data.js";
import {referenceCases, type ReferenceCase} from "../helpers/reference-cases.js";
import {fixture, realDataDir} from "../helpers/shared.js";

const cases = referenceCases();

const TRADE_TEXT = [
  "spotQty",
  "perpQty",
  "spotEntry",
  "perpEntry",
  "spotExit",
  "perpExit",
  "funding",
  "basis",
  "fees",
  "slippage",
  "liquidationDrift",
  "liquidationLoss",
  "net"
] as const;

async function run({files, symbol, timeframe, from, to, strategy, config}: ReferenceCase) {
  const data = files
    ? marketDataFromCsv(fixture("reference", files), "MADE/USDT", timeframe)
    : await realMarketData(realDataDir!, symbol!, timeframe);
  const parsed = parseConfig({strategy, ...config});
  const result = runBacktest([data], parsed, {
    fromMs: from === undefined ? undefined : parseInstant(from),
    toMs: to === undefined ? undefined : parseInstant(to)
  });
  const {borrow, ...totals} = totalsOf(result.trades, parsed.capital);
  return {
    borrow,
    actual: {
      ...totals,
      ...result.pairs[0]!.counts,
      list: result.trades.map((trade) => ({
        entryTs: trade.entryTs,
        exitTs: trade.exitTs,
        perpExitTs: trade.perpExitTs,
        reason: trade.exitReason,
        payments: trade.payments.length,
        ...Object.fromEntries(TRADE_TEXT.map((name) => [name, text(trade[name])]))
      }))
    }
  };
}

describe("reference backtests, to the last digit", () => {
  it("the set has 7 real and 17 made cases", () => {
    expect(cases.filter(({symbol}) => symbol)).toHaveLength(7);
    expect(cases.filter(({files}) => files)).toHaveLength(17);
  });

  for (const reference of cases) {
    const missing = reference.symbol !== undefined && !realDataDir;
    if (missing) console.log(`skipped ${reference.name}: ../shared/data/binance is absent`);
    it.skipIf(missing)(
      `SEMANTICS §§2–5: ${reference.name}${reference.note ? ` (${reference.note})` : ""}`,
      async () => {
        const {actual, borrow} = await run(reference);
        expect(borrow).toBe("0");
        expect(actual).toEqual(reference.expect);
      }
    );
  }
});
