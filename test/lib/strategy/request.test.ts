import {describe, expect, it} from "vitest";
import {parseConfig, type SettingError} from "../../../src/lib/strategy/config.js";
import {
  commandOf,
  configDocument,
  defaultsOf,
  entriesOf,
  paramsOf,
  parseRunRequest,
  readAddress,
  whyInvalid,
  withKey,
  type RunEntries,
  type RunRequest
} from "../../../src/lib/strategy/request.js";

const base: RunRequest = {
  pairs: ["BTC/USDT"],
  venue: "",
  timeframe: "1h",
  strategy: "simple",
  set: {},
  fromMs: Date.UTC(2024, 0, 1),
  toMs: undefined
};
const read = (params: Record<string, string | null>) => readAddress((name) => params[name] ?? null, base);

describe("the request of a run", () => {
  it("goes into an address and comes back the same", () => {
    const states: RunRequest[] = [
      base,
      {
        ...base,
        pairs: ["BTC/USDT", "SOL/USDT"],
        strategy: "balanced",
        set: {entry: "0.41", leverage: "2.5"},
        venue: "binance"
      },
      {
        ...base,
        timeframe: "8h",
        toMs: Date.UTC(2024, 5, 1, 8),
        set: {minRate: "0.00025", exitRate: "-0.0001", warmup: "false"}
      },
      {...base, strategy: "composite", set: {expectedHoldPeriods: "auto", spotStep: "0.001"}},
      {...base, set: {minRate: "0.00005", exitRate: "0.00002"}}
    ];
    for (const state of states) expect(read(paramsOf(state))).toEqual({request: state, problems: []});
  });

  it("drops a key that equals the strategy's own value", () => {
    expect(withKey(base, "minRate", "0.0004").set).toEqual({minRate: "0.0004"});
    expect(withKey(withKey(base, "minRate", "0.0004"), "minRate", "0.0003").set).toEqual({});
    expect(withKey({...base, strategy: "balanced"}, "entry", "0.35").set).toEqual({});
    expect(defaultsOf("conservative")["minRate"]).toBe("0.0005");
  });

  it("keeps its footing with an address typed by hand, and says what it left out", () => {
    const {request, problems} = read({
      strategy: "<b>",
      minRate: "lots",
      exitRate: "0.5",
      from: "2024-13-01",
      timeframe: "7h",
      leverage: "2"
    });
    expect(problems).toHaveLength(5);
    expect(problems.join()).toMatch(/minRate: lots.*exitRate|exitRate.*minRate/);
    expect(request).toEqual({...base, set: {}});
    expect(whyInvalid(request)).toBeUndefined();
    expect(read({from: "2024-05-01", to: "2024-04-01"}).problems).toEqual([
      "invalid range: from 2024-05-01 is not before to 2024-04-01"
    ]);
  });

  it("is the same from flags, an address and a body", () => {
    const request = {
      ...base,
      pairs: ["BTC/USDT", "ETH/USDT"],
      strategy: "balanced",
      set: {entry: "0.4", leverage: "2"}
    };
    const spoken = {timeframe: "1h", strategy: "balanced", from: "2024-01-01"};
    expect(parseRunRequest({...spoken, pairs: "btc-usdt,ETH/USDT", set: ["entry=0.4", "leverage=2"]})).toEqual(request);
    const body = {...spoken, pairs: ["BTC/USDT", "ETH/USDT"], set: {entry: "0.4", leverage: "2"}};
    expect(parseRunRequest({...body, from: base.fromMs})).toEqual(request);
    expect(read(paramsOf(request)).request).toEqual(request);
  });

  it.each<[RunEntries, string, string]>([
    [{timeframe: "7h"}, "invalid timeframe: 7h", "timeframes are"],
    [{pairs: "BTC"}, "invalid pair: BTC", ""],
    [{pairs: ["BTC/USDT", "btc-usdt"]}, "invalid pairs: BTC/USDT twice", ""],
    [{strategy: "balancd"}, "invalid strategy: balancd (did you mean balanced?)", ""],
    [{set: ["minRate"]}, "invalid set: minRate", "write --set key=value"],
    [{set: ["minRate=1e-4", "minRate=2e-4"]}, "invalid set: minRate twice", ""],
    [{set: {minrate: "1"}}, "invalid key: minrate (did you mean minRate?)", "keys are"],
    [{set: {exitRate: "0.0009"}}, "invalid exitRate: 0.0009 is above minRate 0.0003", ""],
    [{from: "yesterday"}, "invalid from: yesterday", ""],
    [{from: Date.UTC(2024, 4), to: Date.UTC(2024, 3)}, "invalid range: from 2024-05-01 is not before to 2024-04-01", ""]
  ])("%j is refused at its first mistake", (entries, message, fix) => {
    let refused: unknown;
    try {
      parseRunRequest({pairs: ["BTC/USDT"], ...entries});
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(RangeError);
    expect((refused as RangeError).message).toContain(message);
    expect((refused as Partial<SettingError>).fix ?? "").toContain(fix);
    expect((refused as Partial<SettingError>).fix === undefined).toBe(fix === "");
  });

  it("says why a config cannot run", () => {
    expect(whyInvalid({strategy: "simple", set: {exitRate: "0.0009"}})).toContain("above minRate");
    expect(whyInvalid({strategy: "simple", set: {}})).toBeUndefined();
  });

  it("is a command and a document for the command line", () => {
    const state = {...base, pairs: ["BTC/USDT", "ETH/USDT"], strategy: "balanced", set: {leverage: "2", entry: "0.4"}};
    expect(commandOf({...state, venue: "binance", toMs: Date.UTC(2024, 2, 1, 8)})).toBe(
      "npx carrybook backtest --pairs BTC/USDT,ETH/USDT --strategy balanced --set entry=0.4 leverage=2 " +
        "--from 2024-01-01 --to 2024-03-01T08:00:00.000Z --timeframe 1h --venue binance"
    );
    expect(commandOf(base, {verb: "sweep", grid: ["minRate=0:0.001:0.0001"]})).toContain(
      "sweep --pairs BTC/USDT --strategy simple --grid minRate=0:0.001:0.0001"
    );
    expect(commandOf({...base, pairs: ["BTC/USDT; rm -rf /"]})).toContain(`--pairs 'BTC/USDT; rm -rf /'`);
    const {config} = configDocument(state) as {config: Record<string, string>};
    expect(parseConfig(config)).toEqual(parseConfig(entriesOf(state)));
  });
});
