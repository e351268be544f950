// @vitest-environment jsdom
import {beforeEach, describe, expect, it, vi} from "vitest";
import {KNOBS, positionOf, stepsOf, valueAt, valuesAround} from "../../../src/components/run/knobs.js";
import {KnobSlider} from "../../../src/components/run/knobSlider.js";
import {Lamp} from "../../../src/components/ui/lamp.js";
import {PairPicker} from "../../../src/components/run/pairPicker.js";
import {setParams} from "../../../src/components/ui/query.js";
import {defaultState, StrategyControls, valueOf} from "../../../src/components/run/strategyControls.js";
import {variantFrom, variantText} from "../../../src/components/builder/variants.js";
import {VisitLog, visitAnswer} from "../../../src/components/builder/visitLog.js";
import type {Catalogue} from "../../../src/lib/market/catalogue.js";
import type {RunRequest} from "../../../src/lib/strategy/request.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {backtest} from "../../../src/components/analysis.js";
import {labRun} from "../../../src/lib/workers/lab.js";
import {windowOf} from "../../../src/lib/backtest/window.js";
import {planMarket} from "../../helpers/market.js";

const DAY = 864e5;
const END = Date.UTC(2024, 11, 31);
const file = (path: string) => ({path, rows: 10, from: END - 900 * DAY, to: END});
const entry = (pair: string, frames: readonly ("1h" | "8h")[]) => ({
  pair,
  slug: pair.replace("/", "-"),
  venue: "binance",
  perpMultiplier: 1,
  instrument: null,
  funding: file("f"),
  candles: frames.map((timeframe) => ({timeframe, spot: file("s"), perp: file("p"), mark: null}))
});
const catalogue: Catalogue = {
  version: "1",
  simulated: false,
  entries: [entry("ADA/USDT", ["8h"]), entry("BTC/USDT", ["1h", "8h"]), entry("SOL/USDT", ["1h", "8h"])]
};

beforeEach(() => {
  history.replaceState(null, "", "/");
  document.body.replaceChildren();
});

describe("knobs", () => {
  it("have exact values at every step, all valid in a config", () => {
    for (const knob of Object.values(KNOBS)) {
      for (let i = 0; i <= stepsOf(knob); ++i) {
        const value = valueAt(knob, i);
        expect(positionOf(knob, value)).toBe(i);
        expect(value).not.toMatch(/e|\d{9}$/);
      }
      expect(() =>
        parseConfig({[knob.key]: valueAt(knob, 1), ...(knob.key === "minRate" && {exitRate: "-1"})})
      ).not.toThrow();
      expect(valuesAround(knob, valueAt(knob, 5))).toContain(valueAt(knob, 5));
    }
  });
  it("keep a value between two steps until moved", () => {
    const onChange = vi.fn();
    const slider = KnobSlider(KNOBS["minRate"]!, onChange);
    document.body.append(slider.element);
    slider.show("0.000234");
    const input = slider.element.querySelector("input")!;
    expect(slider.element.querySelector("output")!.textContent).toBe("2.34 bp per 8 h");
    input.value = "30";
    input.dispatchEvent(new Event("input"));
    expect(onChange).toHaveBeenCalledWith("0.0003");
    expect(input.getAttribute("aria-valuetext")).toBe("3.00 bp per 8 h");
    expect(input.labels!.length).toBeGreaterThan(0);
  });
});

describe("the strategy's controls", () => {
  const make = (state: RunRequest = defaultState(catalogue)) => {
    const onChange = vi.fn<(state: RunRequest) => void>();
    const controls = StrategyControls(catalogue, state, {onChange});
    document.body.replaceChildren(controls.element);
    const slider = (key: string) => controls.element.querySelector<HTMLInputElement>(`input[data-key=${key}]`)!;
    const move = (key: string, position: number) => {
      slider(key).value = String(position);
      slider(key).dispatchEvent(new Event("input"));
    };
    return {controls, onChange, slider, move};
  };
  it("open with the best-known pair that has hourly candles and its newest year", () => {
    expect(defaultState(catalogue)).toMatchObject({
      pairs: ["BTC/USDT"],
      timeframe: "1h",
      strategy: "simple",
      fromMs: END - 365 * DAY
    });
    expect(defaultState({version: "", simulated: false, entries: []}).pairs).toEqual([]);
  });
  it("move the exit along, so that it is never above the entry", () => {
    const {controls, onChange, move} = make();
    move("minRate", 5);
    expect(valueOf(controls.state, "exitRate")).toBe("0.00005");
    move("exitRate", 100);
    expect(valueOf(controls.state, "minRate")).toBe("0.0005");
    expect(onChange).toHaveBeenCalledTimes(2);
    for (const [state] of onChange.mock.calls)
      expect(() => parseConfig({strategy: "simple", ...state.set})).not.toThrow();
  });
  it("reject an invalid value with its reason and keep the state", () => {
    const {controls, onChange, slider} = make();
    const capital = slider("capital");
    capital.value = "-5";
    capital.dispatchEvent(new Event("change"));
    expect(controls.element.querySelector(".strategy > .problem, :scope > .problem")!.textContent).toContain(
      "invalid capital: -5 (must be above 0)"
    );
    expect(capital.getAttribute("aria-invalid")).toBe("true");
    expect(onChange).not.toHaveBeenCalled();
    expect(controls.state.set).toEqual({});
  });
  it("offer only pairs with candles of the timeframe", () => {
    const {controls} = make();
    const frame = [...controls.element.querySelectorAll("select")].find((d) => d.textContent!.includes("8h"))!;
    expect([...controls.element.querySelectorAll("datalist option")].map((d) => d.getAttribute("value"))).toEqual([
      "SOL/USDT"
    ]);
    frame.value = "8h";
    frame.dispatchEvent(new Event("input"));
    expect([...controls.element.querySelectorAll("datalist option")].map((d) => d.getAttribute("value"))).toEqual([
      "ADA/USDT",
      "SOL/USDT"
    ]);
  });
  it("label every input, and list keys of the URL that have no input", () => {
    const {controls} = make({...defaultState(catalogue), set: {spotStep: "0.001"}});
    for (const input of controls.element.querySelectorAll<HTMLInputElement>("input, select")) {
      expect(input.labels!.length, input.outerHTML).toBeGreaterThan(0);
    }
    expect(controls.element.textContent).toContain("spotStep = 0.001");
  });
});

it("pair picker adds by name, rejects unknown pairs and too many, and removes", () => {
  const onChange = vi.fn<(pairs: string[]) => void>();
  const picker = PairPicker({most: 2, onChange});
  document.body.append(picker.element);
  picker.show(["BTC/USDT"], ["BTC/USDT", "ETH/USDT", "SOL/USDT"]);
  const input = picker.element.querySelector("input")!;
  const add = (text: string) => {
    input.value = text;
    input.dispatchEvent(new Event("change"));
  };
  const problem = () => picker.element.querySelector(".problem")!.textContent;
  add("doge");
  expect(problem()).toContain("no history of DOGE");
  add("eth");
  expect(onChange).toHaveBeenLastCalledWith(["BTC/USDT", "ETH/USDT"]);
  add("SOL-USDT");
  expect(problem()).toBe("at most 2 pairs at once");
  picker.element.querySelector<HTMLButtonElement>("[aria-label='remove BTC/USDT']")!.click();
  expect(onChange).toHaveBeenLastCalledWith(["ETH/USDT"]);
});

it("variants are restored from the URL, invalid ones are dropped", () => {
  const fallback = defaultState(catalogue);
  const variant = {strategy: "balanced", set: {entry: "0.4", leverage: "2"}};
  expect(variantText(variant)).toBe("balanced;entry:0.4;leverage:2");
  expect(variantFrom(variantText(variant), fallback)).toEqual(variant);
  expect(variantFrom("simple", {...fallback, strategy: "simple", set: {minRate: "0.0009"}})).toEqual({
    strategy: "simple",
    set: {}
  });
  expect(variantFrom("simple;minRate:many", fallback)).toBeUndefined();
  expect(variantFrom("bold", fallback)).toBeUndefined();
});

it("many parameters change the URL once", () => {
  const replace = vi.spyOn(history, "replaceState");
  setParams({pairs: "BTC/USDT,ETH/USDT", from: "2024-01-01", to: null});
  expect(replace).toHaveBeenCalledTimes(1);
  expect(location.search).toBe("?pairs=BTC/USDT,ETH/USDT&from=2024-01-01");
  setParams({pairs: "", from: null});
  expect(location.search).toBe("");
  replace.mockRestore();
});

it("lamp is readable without its colour", () => {
  expect(["green", "yellow", "red"].map((light) => Lamp(light as "red").textContent)).toEqual([
    "✓Green",
    "!Yellow",
    "✗Red"
  ]);
});

describe("the log of a visit", () => {
  const market = planMarket({
    seed: 3,
    bars: 2000,
    timeframe: "1h",
    intervals: [8, 4, 8],
    holes: 0,
    volatility: 0.006,
    mark: false,
    pair: "MADE/USDT",
    delay: 0
  });
  const run = (minRate: string) =>
    labRun([windowOf(market, {}, true)], {strategy: "simple", minRate, exitRate: "0", expectedHoldPeriods: "60"});
  it("counts each variant once and deflates by all of them", () => {
    const log = new VisitLog();
    expect(log.add("a", "a", run("0.0002"))).toBe(0);
    expect(log.add("a", "a", run("0.0002"))).toBe(0);
    expect(visitAnswer(log, 0)).toContain("one variant");
    const alone = log.deflation(0).deflatedSharpe;
    for (const [i, rate] of ["0.0001", "0.00025", "0.0003", "0.00035"].entries()) log.add(`b${i}`, "b", run(rate));
    expect(log.trials).toHaveLength(5);
    expect(log.deflation(0).deflatedSharpe).toBeLessThan(alone as number);
    expect(visitAnswer(log, 0)).toMatch(/tried 5 variants.*\d+ %/);
  });
  it("a note's backtest is the same run", () => {
    const report = backtest(market, {minRate: "0.0002", exitRate: "0", expectedHoldPeriods: "60"});
    expect(report.portfolio.totals).toEqual(run("0.0002").report.portfolio.totals);
    expect(() => backtest(market, {minRte: "1"})).toThrow("did you mean minRate");
  });
});
