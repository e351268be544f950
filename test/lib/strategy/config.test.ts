import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {roundTrip} from "../../../src/lib/market/costs.js";
import {text} from "../../../src/lib/money/decimal.js";
import {
  capitalPerNotional,
  CONFIG_KEYS,
  configEntries,
  parseConfig,
  PRESETS,
  strategyEntries
} from "../../../src/lib/strategy/config.js";
import {editDistance, suggest} from "../../../src/lib/strategy/suggest.js";
import {arbitraryEntries} from "../../helpers/market.js";

describe("parseConfig", () => {
  it("SEMANTICS §§3–5: the defaults are the documented ones", () => {
    expect(configEntries(parseConfig())).toEqual({
      strategy: "simple",
      minRate: "0.0003",
      exitRate: "0.0001",
      entry: "0.5",
      exit: "0.3",
      weightLevel: "0.35",
      weightTrend: "0.25",
      weightPersistence: "0.25",
      weightBasis: "0.15",
      expectedHoldPeriods: "30",
      volumeFilter: "true",
      sizing: "fixed",
      spotFee: "0.001",
      perpFee: "0.00055",
      slippageBps: "5",
      spotFeeIn: "quote",
      capital: "10000",
      maxPositionUsd: "1000",
      pairCapUsd: "1000",
      portfolioCapUsd: "5000",
      maxHedges: "5",
      leverage: "1",
      maxWaitBars: "3",
      decisionDelayBars: "0",
      warmup: "true"
    });
  });

  it("SEMANTICS §4: the default round trip is 0.31 % + 0.2 % = 0.51 %; capital is twice the notional at leverage 1", () => {
    expect(text(roundTrip(parseConfig()))).toBe("0.0051");
    expect(text(capitalPerNotional(parseConfig()))).toBe("2");
    expect(text(capitalPerNotional(parseConfig({leverage: 4})))).toBe("1.25");
  });

  it("SEMANTICS §5: the presets have the documented values, and each can be run", () => {
    expect(Object.keys(PRESETS)).toEqual(["conservative", "balanced", "aggressive"]);
    const shown = (name: string) => configEntries(parseConfig(strategyEntries(name)));
    expect(shown("conservative")).toMatchObject({strategy: "simple", minRate: "0.0005", exitRate: "0.0002"});
    expect(shown("balanced")).toMatchObject({strategy: "composite", entry: "0.35", exit: "0.2", weightLevel: "0.35"});
    expect(shown("aggressive")).toMatchObject({
      entry: "0.25",
      exit: "0.15",
      weightLevel: "0.4",
      weightTrend: "0.2",
      weightPersistence: "0.25",
      weightBasis: "0.15"
    });
  });

  it("reads back what it writes: entries and configs are the same thing", () => {
    fc.assert(
      fc.property(arbitraryEntries, (entries) => {
        const once = configEntries(parseConfig(entries));
        expect(configEntries(parseConfig(once))).toEqual(once);
        expect(Object.keys(once).every((key) => CONFIG_KEYS.includes(key))).toBe(true);
      })
    );
  });

  it.each([
    [{minrate: "1"}, "invalid key: minrate (did you mean minRate?)"],
    [{exitrate: "1"}, "invalid key: exitrate (did you mean exitRate?)"],
    [{levarage: "1"}, "invalid key: levarage (did you mean leverage?)"],
    [{zzzzzzzzzzzz: "1"}, "invalid key: zzzzzzzzzzzz"],
    [{constructor: "1"}, "invalid key: constructor"],
    [{maxPositionUsd: "-5"}, "invalid maxPositionUsd: -5 (must be above 0)"],
    [{maxPositionUsd: "0"}, "invalid maxPositionUsd: 0 (must be above 0)"],
    [{capital: "NaN"}, "invalid capital: NaN (not a number)"],
    [{capital: ""}, "invalid capital:  (not a number)"],
    [{leverage: "0"}, "invalid leverage: 0 (must be above 0)"],
    [{slippageBps: "10000"}, "invalid slippageBps: 10000 (must be below 10000)"],
    [{maxWaitBars: "1.5"}, "invalid maxWaitBars: 1.5 (must be a whole number)"],
    [{decisionDelayBars: "-1"}, "invalid decisionDelayBars: -1 (must be at least 0)"],
    [{volumeFilter: "yes"}, "invalid volumeFilter: yes (true or false)"],
    [{spotFeeIn: "bnb"}, "invalid spotFeeIn: bnb (one of quote, base)"],
    [{expectedHoldPeriods: "0"}, "invalid expectedHoldPeriods: 0 (must be above 0)"],
    [{liquidationTimeframe: "7m"}, "invalid liquidationTimeframe: 7m (not a timeframe)"],
    [{minRate: "0.0001", exitRate: "0.0002"}, "invalid exitRate: 0.0002 is above minRate 0.0001"],
    [{strategy: "composite", entry: "0.2", exit: "0.3"}, "invalid exit: 0.3 is above entry 0.2"]
  ])("refuses %j", (entries, message) => {
    expect(() => parseConfig(entries)).toThrow(message);
  });

  it("an unknown strategy is answered with the nearest one", () => {
    expect(() => strategyEntries("balancd")).toThrow("invalid strategy: balancd (did you mean balanced?)");
  });
});

describe("suggestions", () => {
  it("the distance of a name to itself is zero, symmetric, and a metric", () => {
    const word = fc.string({maxLength: 8});
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      })
    );
  });

  it("no name is suggested for one that is near none", () => {
    expect(suggest("qqqqqqqqqq", CONFIG_KEYS)).toBeUndefined();
    expect(suggest("XYZ/USDT", ["XRP/USDT", "BTC/USDT"])).toBeUndefined();
    expect(suggest("BTX/USDT", ["XRP/USDT", "BTC/USDT"])).toBe("BTC/USDT");
    expect(suggest("unit", ["wait", "data"])).toBeUndefined();
  });
});
