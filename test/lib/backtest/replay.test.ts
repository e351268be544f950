import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {entryConditions, exitConditions} from "../../../src/lib/strategy/conditions.js";
import {labWorker, type LabAnswer} from "../../../src/lib/workers/lab.js";
import {Replay} from "../../../src/lib/backtest/replay.js";
import {replayWorker, type ReplayAnswer} from "../../../src/lib/workers/replay.js";
import {backtestReport} from "../../../src/lib/backtest/report.js";
import {runBacktest} from "../../../src/lib/backtest/run.js";
import {cutData} from "../../../src/lib/backtest/window.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {weigh} from "../../../src/lib/sweep/outofsample.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {decide, type PairBook} from "../../../src/lib/strategy/decide.js";
import {PairHistory} from "../../../src/lib/strategy/history.js";
import {viewAt} from "../../../src/lib/strategy/view.js";
import {arbitraryEntries, arbitraryPlan, planMarket} from "../../helpers/market.js";

const made = (seed: number, bars = 900) =>
  planMarket({
    seed,
    bars,
    timeframe: "1h",
    intervals: [8, 4, 8],
    holes: 0.01,
    volatility: 0.006,
    mark: true,
    pair: "MADE/USDT",
    delay: 0
  });
const entries = {strategy: "simple", minRate: "0.0002", exitRate: "0.00005", expectedHoldPeriods: "60"};

describe("a replay", () => {
  it("has no look-ahead: cutting all later data leaves every earlier step unchanged", () => {
    fc.assert(
      fc.property(
        arbitraryPlan({timeframe: "1h", holes: 0.02}),
        fc.constantFrom(entries, {strategy: "composite", entry: "0.3", exit: "0.2"}),
        fc.double({min: 0.4, max: 0.9, noNaN: true}),
        (plan, rules, share) => {
          const market = planMarket(plan);
          const whole = new Replay([market], rules);
          const at = whole.ts[Math.floor(whole.ts.length * share)]!;
          const cut = new Replay([cutData(market, -Infinity, at)], rules);
          // the end of the cut data closes open hedges, so only what is before it can be compared
          const end = cut.result.endMs;
          for (let i = 0; i < cut.ts.length && cut.ts[i]! < end; i += 7) {
            const j = whole.indexAt(cut.ts[i]!);
            expect(whole.ts[j]).toBe(cut.ts[i]);
            expect({...cut.at(i), index: 0}).toEqual({...whole.at(j), index: 0});
            expect(cut.historyAt(i, market.pair)).toEqual(whole.historyAt(j, market.pair));
          }
        }
      ),
      {numRuns: 12}
    );
  });

  it("ends with the run's own net, and its events pay what the trades received", () => {
    const market = made(3);
    const replay = new Replay([market], entries);
    const report = backtestReport(runBacktest([market], parseConfig(entries)));
    expect(replay.trades).toEqual(report.runs[0]!.trades);
    expect(replay.trades.length).toBeGreaterThan(1);
    expect(replay.at(replay.ts.length - 1).equity).toBe(report.portfolio.totals.equity);
    const paid = replay.events
      .filter(({kind}) => kind === "settled")
      .reduce((sum, {amount}) => sum.plus(amount!), new Decimal(0));
    expect(paid.toFixed()).toBe(report.portfolio.totals.funding);
    const opened = replay.events.filter(({kind}) => kind === "opened").map(({ts}) => ts);
    expect(opened).toEqual(report.runs[0]!.trades.map(({entryTs}) => entryTs));
  });

  it("shows the book as it stood: a hedge from its entry to its exit and at no other step", () => {
    const market = made(3);
    const replay = new Replay([market], entries);
    const trade = replay.trades[0]!;
    const at = (ts: number) => replay.at(replay.indexAt(ts));
    expect(at(trade.entryTs - 1).hedges).toEqual([]);
    const open = at(trade.entryTs);
    expect(open.hedges).toHaveLength(1);
    expect(open.hedges[0]!.distance).toBeGreaterThan(0.9);
    expect(open.pairs[0]!.conditions.every(({met}) => met)).toBe(true);
    expect(at(trade.exitTs).hedges).toEqual([]);
    expect(() => replay.at(replay.ts.length)).toThrow("invalid step");
  });

  it("answers through its worker, errors included", () => {
    const answers: ReplayAnswer[] = [];
    const handle = replayWorker((answer) => answers.push(answer));
    handle({type: "at", id: 1, index: 0, pair: ""});
    handle({type: "open", id: 2, markets: [made(3)], range: {}, entries});
    handle({type: "at", id: 3, index: 5, pair: "MADE/USDT"});
    expect(answers.map(({type}) => type)).toEqual(["error", "opened", "step"]);
    expect(answers[2]).toMatchObject({step: {index: 5}, history: {pair: "MADE/USDT"}});
  });
});

const FLAT: PairBook = {position: "flat", waiting: undefined, barred: false};
const OPEN: PairBook = {position: "open", waiting: undefined, barred: false};

it("conditions are the rules themselves: all of an entry's are met exactly where a flat pair is entered", () => {
  fc.assert(
    fc.property(arbitraryPlan(), arbitraryEntries, (plan, rules) => {
      const market = planMarket(plan);
      const config = parseConfig(rules);
      const history = new PairHistory(market);
      for (const t of history.t) {
        const view = viewAt([history], t);
        const asked = (book: PairBook) => decide(view, new Map([[market.pair, book]]), config)[0];
        const entry = entryConditions(view.pairs[0]!, config);
        expect(entry.length > 0 && entry.every(({met}) => met)).toBe(asked(FLAT)?.type === "enter");
        const exit = exitConditions(view.pairs[0]!, config);
        const leaves =
          config.strategy === "simple"
            ? exit.some(({met}) => met)
            : exit.length > 0 && (exit[0]!.met || (exit[1]!.met && exit[2]!.met));
        const decided = asked(OPEN);
        if (decided?.type === "exit" && decided.reason === "rate-missing") continue;
        expect(leaves).toBe(decided?.type === "exit");
      }
    }),
    {numRuns: 20}
  );
});

describe("the worker behind the strategy pages", () => {
  const collect = () => {
    const answers: LabAnswer[] = [];
    return {answers, handle: labWorker((answer) => answers.push(answer))};
  };
  it("answers a run of one pair twice: at once in floats, and then exactly", () => {
    const {answers, handle} = collect();
    const market = made(3);
    handle({type: "data", markets: [market], range: {}});
    handle({type: "run", id: 1, entries});
    expect(answers.map(({type}) => type)).toEqual(["preview", "run"]);
    const [preview, run] = answers as [Extract<LabAnswer, {type: "preview"}>, Extract<LabAnswer, {type: "run"}>];
    const exact = backtestReport(runBacktest([market], parseConfig(entries)));
    const {equity, ...portfolio} = exact.portfolio;
    expect(run.run.report).toEqual({...exact, portfolio});
    expect(Array.from(run.run.equity.values)).toEqual(equity.map(([, value]) => value));
    expect(preview.preview.equity.startMs).toBe(run.run.equity.startMs);
    preview.preview.equity.values.forEach((value, i) =>
      expect(Math.abs(value / run.run.equity.values[i]! - 1)).toBeLessThan(1e-9)
    );
  });
  it("varies one parameter at a time, and skips an invalid value", () => {
    const {answers, handle} = collect();
    const market = made(3);
    handle({type: "data", markets: [market], range: {}});
    handle({type: "around", id: 2, entries, values: {minRate: ["0.00001", "0.0002", "0.0004"]}});
    const {points} = answers[0] as Extract<LabAnswer, {type: "around"}>;
    expect(points[0]).toEqual({key: "minRate", value: "0.00001", net: undefined, trades: undefined});
    expect(points[1]!.net).toBeCloseTo(
      Number(backtestReport(runBacktest([market], parseConfig(entries))).portfolio.totals.net),
      6
    );
    expect(points[2]!.trades).not.toBeUndefined();
  });
  it("reports an error with the id of its request", () => {
    const {answers, handle} = collect();
    handle({type: "data", markets: [made(3)], range: {}});
    handle({type: "run", id: 7, entries: {minRte: "1"}});
    expect(answers).toMatchObject([{type: "error", id: 7, name: "SettingError"}]);
  });
});

it("tests the settings only after the first half, and not on a history of a few days", () => {
  const market = made(9, 2400);
  const weighed = weigh(market, parseConfig(entries));
  const {stretches, net} = weighed.outOfSample!;
  expect(stretches).toHaveLength(4);
  const half = weighed.startMs + (weighed.endMs - weighed.startMs) / 2;
  expect(stretches[0]!.fromMs).toBeGreaterThanOrEqual(half - 86_400_000);
  stretches.slice(1).forEach(({fromMs}, i) => expect(fromMs).toBe(stretches[i]!.toMs));
  const again = stretches.reduce(
    (sum, {fromMs, toMs}) =>
      sum + Number(backtestReport(runBacktest([market], parseConfig(entries), {fromMs, toMs})).portfolio.totals.net),
    0
  );
  expect(net).toBeCloseTo(again, 6);
  expect(weighed.months.all).toBeGreaterThanOrEqual(3);
  expect(weigh(made(9, 300), parseConfig(entries)).outOfSample).toBeUndefined();
});
