import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {runBacktest} from "../../../src/lib/backtest/run.js";
import {totalsOf} from "../../../src/lib/backtest/totals.js";
import {metricsOf} from "../../../src/lib/backtest/metrics.js";
import {generator} from "../../../src/lib/stats/random.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {baselines} from "../../../src/lib/sweep/baselines.js";
import {gridOfCells, parseAxis} from "../../../src/lib/sweep/grid.js";
import {firstReaching, maxTree} from "../../../src/lib/sweep/maxtree.js";
import {SweepRunner, type SweepPlan} from "../../../src/lib/sweep/plan.js";
import {runPool, type PoolWorker} from "../../../src/lib/workers/pool.js";
import {reportPair} from "../../../src/lib/sweep/report.js";
import {rowsToCsv, trialRow} from "../../../src/lib/sweep/rows.js";
import {nameTrial} from "../../../src/lib/sweep/report.js";
import {sweepWorker, type SweepAnswer} from "../../../src/lib/workers/sweep.js";
import {madeMarket} from "../../bench/market.js";

describe("a grid", () => {
  it("counts in exact decimals, both ends included", () => {
    expect(parseAxis("minRate=0.0001:0.0005:0.0001").values).toEqual([
      "0.0001",
      "0.0002",
      "0.0003",
      "0.0004",
      "0.0005"
    ]);
    expect(parseAxis("minRate=0.1:0.4:0.1").values).toHaveLength(4);
    expect(parseAxis("spotFeeIn=quote,base").values).toEqual(["quote", "base"]);
    expect(parseAxis("exitRate=-0.0002:0:0.0001").values).toEqual(["-0.0002", "-0.0001", "0"]);
  });

  it.each([
    ["minrate=0:1:0.1", "invalid grid key: minrate (did you mean minRate?)"],
    ["minRate=0:1:0", "the step must be above zero"],
    ["minRate=1:0:0.1", "it ends before it starts"],
    ["minRate=0:1", "write from:to:step"],
    ["minRate=a:b:c", "not numbers"],
    ["minRate=", "no value"],
    ["minRate", "write key=from:to:step"],
    ["minRate=0.1,0.1", "a value twice"],
    ["minRate=0:1:0.000001", "at most 100000"]
  ])("refuses %s", (spec, message) => {
    expect(() => parseAxis(spec)).toThrow(message);
  });

  it("rejects a grid of no cells, of a million cells, and with a repeated key before anything runs", () => {
    expect(() => gridOfCells({}, [])).toThrow("missing grid");
    const axis = (key: string) => parseAxis(`${key}=0.0001:0.01:0.0001`);
    expect(() => gridOfCells({}, [axis("minRate"), axis("spotFee"), axis("perpFee")])).toThrow(
      "1,000,000 combinations, at most 100,000"
    );
    expect(() => gridOfCells({}, [axis("minRate"), axis("minRate")])).toThrow("minRate twice");
    expect(() => gridOfCells({}, [parseAxis("maxPositionUsd=-5,1000")])).toThrow("invalid maxPositionUsd: -5");
  });

  it("skips contradictory combinations with a reason; if none is left, it is an error", () => {
    const grid = gridOfCells({}, [parseAxis("minRate=0.0001,0.0003"), parseAxis("exitRate=0,0.0002")]);
    expect(grid.cells.map(({params}) => params)).toEqual([
      {minRate: "0.0001", exitRate: "0"},
      {minRate: "0.0003", exitRate: "0"},
      {minRate: "0.0003", exitRate: "0.0002"}
    ]);
    expect(grid.leftOut).toEqual([
      {params: {minRate: "0.0001", exitRate: "0.0002"}, why: expect.stringContaining("above minRate")}
    ]);
    expect(() => gridOfCells({}, [parseAxis("minRate=0.0001"), parseAxis("exitRate=0.0002")])).toThrow(
      "no combination can run"
    );
  });

  it("a preset may be an axis, and a cell's own values override it", () => {
    const {cells} = gridOfCells({}, [parseAxis("strategy=simple,composite")]);
    expect(cells.map(({config}) => config.strategy)).toEqual(["simple", "composite"]);
  });
});

describe("the tree of maxima", () => {
  it("finds the first value that reaches a limit, as a scan does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({min: 0, max: 20}), {minLength: 1, maxLength: 70}),
        fc.nat(75),
        fc.integer({min: 0, max: 22}),
        (values, start, limit) => {
          const found = values.findIndex((value, i) => i >= start && value >= limit);
          const reached = firstReaching(maxTree(values), start, limit);
          expect(reached).toBe(found);
        }
      )
    );
  });
});

const markets = [madeMarket({hours: 24 * 60}), madeMarket({pair: "TOO/USDT", seed: 12, hours: 24 * 60})];
const plan: SweepPlan = {
  markets,
  range: {},
  base: {strategy: "simple"},
  axes: [parseAxis("minRate=0.0001:0.0003:0.00005"), parseAxis("exitRate=0,0.00005,0.0001"), parseAxis("leverage=1,4")]
};

/** A worker in this thread that replies asynchronously. */
function localWorker(): PoolWorker & {chunks: number} {
  let onAnswer: (answer: SweepAnswer) => void = () => undefined;
  const handle = sweepWorker((answer) => queueMicrotask(() => onAnswer(structuredClone(answer))));
  const worker = {
    chunks: 0,
    post: (order: Parameters<typeof handle>[0]) => {
      if (order.type === "run") ++worker.chunks;
      handle(structuredClone(order));
    },
    listen: (listener: typeof onAnswer) => void (onAnswer = listener),
    close: () => undefined
  };
  return worker;
}

describe("a sweep", () => {
  const runner = new SweepRunner(plan);
  const all = runner.run(0, runner.length);

  it("keeps every trial: all cells on all pairs, in order", () => {
    expect(runner.length).toBe(2 * 30);
    expect(all.map(({index}) => index)).toEqual(Array.from({length: 60}, (_, i) => i));
    expect(nameTrial(runner, all[31]!)).toMatchObject({
      pair: "TOO/USDT",
      params: {minRate: "0.0001", exitRate: "0", leverage: "4"}
    });
  });

  it("passes the gate on every one of them", () => {
    expect(() => runner.check(runner.length)).not.toThrow();
  });

  it("its best row equals its own backtest", () => {
    const report = reportPair(runner, markets[0]!, all);
    const result = runBacktest([markets[0]!], parseConfig(report.config));
    expect(report.totals).toEqual(totalsOf(result.trades, result.config.capital));
    expect(report.metrics).toEqual(metricsOf(result));
    expect(report.best.outcome.net).toBeCloseTo(Number(report.totals.net), 9);
    const sharpes = all.slice(0, 30).map(({outcome}) => outcome.sharpe as number);
    expect(report.best.outcome.sharpe).toBe(Math.max(...sharpes));
    expect(report.trials).toBe(30);
    expect(report.walkForward.map(({mode}) => mode)).toEqual(["anchored", "rolling"]);
  });

  it("gives the same trials whatever the number of workers, with progress up to all of them", async () => {
    const progress: number[] = [];
    const pooled = await runPool(plan, [localWorker(), localWorker(), localWorker()], {
      chunk: 7,
      onProgress: (done) => progress.push(done)
    });
    expect(pooled.complete).toBe(true);
    expect(pooled.trials).toEqual(all);
    expect(progress.at(-1)).toBe(60);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
  });

  it("stops assigning work when cancelled, keeps the finished trials and reports that they are partial", async () => {
    const controller = new AbortController();
    const pooled = await runPool(plan, [localWorker()], {
      chunk: 5,
      signal: controller.signal,
      onProgress: (done) => done >= 20 && controller.abort()
    });
    expect(pooled.complete).toBe(false);
    expect(pooled.trials).toEqual(all.slice(0, 20));
  });

  it("a worker's error is the sweep's", async () => {
    const broken = {...plan, axes: [parseAxis("minRate=0.0001:0.01:0.0001"), {key: "nope", values: ["1"]}]};
    await expect(runPool(broken, [localWorker()])).rejects.toThrow("invalid key: nope");
    const empty = {...plan, range: {fromMs: Date.UTC(2031, 0, 1)}};
    await expect(runPool(empty, [localWorker()])).rejects.toMatchObject({name: "DataError"});
  });

  it("exports every trial as one row with its parameters", () => {
    const rows = all.map((trial) => trialRow(nameTrial(runner, trial)));
    const csv = rowsToCsv(rows).trim().split("\n");
    expect(csv).toHaveLength(61);
    expect(csv[0]).toMatch(/^trial,pair,minRate,exitRate,leverage,engine,net,/);
    const net = csv[0]!.split(",").indexOf("net");
    expect(Number(csv[32]!.split(",")[net])).toBe(all[31]!.outcome.net);
  });
});

describe("baselines", () => {
  const [market] = markets;
  const config = parseConfig({minRate: "0.00015", exitRate: "0.00005"});

  it("hold-through stays in: one trade to the end where nothing liquidates it", () => {
    const {holdThrough} = baselines(market!, config, {random: generator(1), draws: 1});
    expect(holdThrough.trades - holdThrough.liquidated).toBe(1);
    expect(holdThrough.exposure).toBeGreaterThan(0.9);
  });

  it("random entries are seeded, as many as the strategy's, and beaten by perfect foresight", () => {
    const draw = (seed: number) => baselines(market!, config, {random: generator(seed), draws: 50}).randomEntry;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).nets).not.toEqual(draw(2).nets);
    expect(draw(1).nets.length).toBe(50);
    expect(draw(1).beaten).toBeGreaterThanOrEqual(0);
    // with constant funding, entering on it must beat random entries
    const waves = {
      ...market!,
      funding: market!.funding.map((row, i) => ({...row, rate: Math.floor(i / 30) % 2 ? "0.001" : "-0.001"}))
    };
    expect(
      baselines(waves, parseConfig({minRate: "0.0005", exitRate: "0"}), {random: generator(3), draws: 100}).randomEntry
        .beaten
    ).toBeGreaterThan(0.95);
  });
});
