import {describe, expect, it} from "vitest";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {
  commandOf,
  configDocument,
  defaultsOf,
  entriesOf,
  paramsOf,
  stateOf,
  whyInvalid,
  withKey,
  type RunState
} from "../../../src/lib/strategy/request.js";

const base: RunState = {
  pairs: ["BTC/USDT"],
  venue: "",
  timeframe: "1h",
  strategy: "simple",
  set: {},
  fromMs: Date.UTC(2024, 0, 1),
  toMs: undefined
};
const read = (params: Record<string, string | null>) => stateOf((name) => params[name] ?? null, base);

describe("a run's state", () => {
  it("survives a round trip through an address", () => {
    const states: RunState[] = [
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
    for (const state of states) expect(read(paramsOf(state))).toEqual({state, problems: []});
  });

  it("drops a key that equals the strategy's own value", () => {
    expect(withKey(base, "minRate", "0.0004").set).toEqual({minRate: "0.0004"});
    expect(withKey(withKey(base, "minRate", "0.0004"), "minRate", "0.0003").set).toEqual({});
    expect(withKey({...base, strategy: "balanced"}, "entry", "0.35").set).toEqual({});
    expect(defaultsOf("conservative")["minRate"]).toBe("0.0005");
  });

  it("tolerates an address typed by hand, and reports what it ignored", () => {
    const {state, problems} = read({
      strategy: "<b>",
      minRate: "lots",
      exitRate: "0.5",
      from: "2024-13-01",
      timeframe: "7h",
      leverage: "2"
    });
    expect(problems).toHaveLength(5);
    expect(problems.join()).toMatch(/minRate: lots.*exitRate|exitRate.*minRate/);
    expect(state).toEqual({...base, set: {}});
    expect(whyInvalid(state)).toBeUndefined();
    expect(read({from: "2024-05-01", to: "2024-04-01"}).problems).toEqual(["invalid range: from is not before to"]);
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
