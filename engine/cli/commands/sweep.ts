import {UsageError} from "../../../loaders/errors.js";
import {dataHash} from "../../../loaders/snapshots/hash.js";
import {loadMarkets} from "../../../loaders/snapshots/market-rows.js";
import {checkTrialsFile, writeTrials} from "../../../loaders/snapshots/trials.js";
import {gridOfCells, parseAxis} from "../../../src/lib/sweep/grid.js";
import {SweepRunner, type SweepPlan} from "../../../src/lib/sweep/plan.js";
import {compareTrials, nameTrial, reportPair, type BestReport, type Ranking} from "../../../src/lib/sweep/report.js";
import {trialRow} from "../../../src/lib/sweep/rows.js";
import type {Trial} from "../../../src/lib/sweep/trials.js";
import type {Statistic} from "../../../src/lib/stats/ratios.js";
import {configEntries, parseConfig} from "../../../src/lib/strategy/config.js";
import {entriesOf} from "../../../src/lib/strategy/request.js";
import {sweepInThreads} from "../../runs/sweep-threads.js";
import {count, drawTable, percent, type Column} from "../output.js";
import type {Define} from "../define.js";
import {asUsage, readRequest} from "../../runs/request.js";
import {VERSION} from "../../version.js";

interface Flags {
  pairs?: string;
  strategy?: string;
  set?: string[];
  grid?: string[];
  from?: string;
  to?: string;
  timeframe?: string;
  venue?: string;
  by: string;
  top: string;
  threads?: string;
  seed: string;
  out?: string;
}

/** Number of trials verified against the exact ledger before a sweep starts. */
const CHECKED = 8;

/** Adds `carrybook sweep`: every combination of a grid on every pair, with statistics for multiple testing. */
export function sweepCommand(define: Define): void {
  define("sweep", "run every combination of a grid, with statistics for multiple testing", (command, run) =>
    command
      .option("--pairs <pairs>", "pairs, comma-separated, each with its own capital")
      .option("--strategy <name>", "simple, composite, or a preset: conservative, balanced, aggressive")
      .option("--grid <key=a:b:step...>", "a parameter and its values, as from:to:step or a,b,c; several are combined")
      .option("--set <key=value...>", "other strategy parameters")
      .option("--from <instant>", "start, ISO 8601, UTC")
      .option("--to <instant>", "end, ISO 8601, UTC, exclusive")
      .option("--timeframe <timeframe>", "candle timeframe (default: 1h)")
      .option("--venue <venue>", "venue, where several have a pair")
      .option("--by <statistic>", "statistic that ranks the trials: sharpe or net", "sharpe")
      .option("--top <n>", "number of trials in the table", "20")
      .option("--threads <n>", "worker threads (default: one per core)")
      .option("--seed <n>", "seed of the bootstrap and the random entries", "7")
      .option("--out <file>", "write all trials to a .csv, .json or .parquet file")
      .addHelpText(
        "after",
        `
Examples:
  carrybook sweep --pairs BTC/USDT --strategy simple --grid minRate=0.0001:0.0006:0.00005 --grid exitRate=0,0.00005,0.0001
  carrybook sweep --pairs BTC/USDT,ETH/USDT --strategy balanced --grid entry=0.3:0.5:0.02 exit=0.1:0.25:0.05 --out trials.parquet`
      )
      .action((flags: Flags) =>
        run(async ({dataDir, output, signal, pathOf}) => {
          const request = readRequest(flags);
          const {pairs, timeframe, fromMs, toMs} = request;
          const venue = request.venue || undefined;
          const given = entriesOf(request);
          const config = asUsage(() => parseConfig(given));
          const by = flags.by;
          if (by !== "sharpe" && by !== "net") throw new UsageError(`invalid by: ${by}`, {fix: "use sharpe or net"});
          const [top, seed] = [wholeNumber(flags.top, "top"), wholeNumber(flags.seed, "seed")];
          const threads = flags.threads === undefined ? undefined : wholeNumber(flags.threads, "threads");
          if (flags.out !== undefined) checkTrialsFile(flags.out);
          const axes = asUsage(() => (flags.grid ?? []).map(parseAxis));
          // reject an invalid grid before reading any row
          asUsage(() => gridOfCells(given, axes));
          const markets = await loadMarkets(
            dataDir,
            pairs.map((pair) => ({pair, venue, timeframe, finerTimeframe: config.liquidationTimeframe}))
          );
          const plan: SweepPlan = {markets, range: {fromMs, toMs}, base: given, axes};
          const runner = asUsage(() => new SweepRunner(plan));
          asUsage(() => runner.check(CHECKED));
          output.note(`sweep of ${count(runner.length)} trials over ${pairs.join(", ")}; Ctrl-C cancels it`);
          const {trials, complete} = await sweepInThreads(plan, {
            signal,
            ...(threads !== undefined && {threads}),
            onProgress: (done, total) =>
              output.progress({label: "sweep", done, total, detail: `${count(done)} of ${count(total)} trials`})
          });
          output.progress(undefined);
          if (!complete) {
            output.note(
              `interrupted after ${count(trials.length)} of ${count(runner.length)} trials; nothing was written`
            );
            return 130;
          }
          const named = trials.map((trial) => nameTrial(runner, trial));
          const best = markets.map((market) => reportPair(runner, market, trials, {by: by as Ranking, seed}));
          const ranked = [...named].sort(compareTrials(by));
          if (flags.out !== undefined) await writeTrials(pathOf(flags.out), named.map(trialRow));
          const {leftOut} = runner.grid;
          if (output.json) {
            const entries = configEntries(config);
            const manifest = {
              version: 1,
              command: "sweep",
              pairs,
              venue,
              timeframe,
              entries,
              given,
              range: plan.range,
              axes,
              seed,
              by,
              dataHash: dataHash(markets),
              versions: {carrybook: VERSION}
            };
            output.document({config: entries, axes, trials: named.map(trialRow), leftOut, best, manifest}, () => "");
          } else if (!output.terminal) output.table(named.map(trialRow), []);
          else
            output.document({}, () =>
              [drawTable(ranked.slice(0, top), columnsOf(axes.map(({key}) => key))), ...best.map(drawBest)].join("\n\n")
            );
          if (flags.out !== undefined) output.note(`${count(named.length)} trials in ${flags.out}`);
          if (leftOut.length) output.note(`${count(leftOut.length)} combinations skipped: ${leftOut[0]!.why}`);
          output.note(lastLine(best));
          return 0;
        })
      )
  );
}

function wholeNumber(value: string, name: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1)
    throw new UsageError(`invalid ${name}: ${value}`, {fix: "give a whole number of at least 1"});
  return n;
}

const figure = (value: Statistic | undefined, digits = 2): string =>
  typeof value === "number" ? value.toFixed(digits) : (value ?? "–");
const signed = (share: number): string => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;

function columnsOf(keys: readonly string[]): Column<Trial>[] {
  return [
    {title: "pair", value: ({pair}) => pair},
    ...keys.map((key): Column<Trial> => ({title: key, value: ({params}) => params[key] ?? "", align: "right"})),
    {title: "net", value: ({outcome}) => outcome.net.toFixed(2), align: "right"},
    {title: "return", value: ({outcome}) => signed(outcome.totalReturn), align: "right"},
    {title: "Sharpe", value: ({outcome}) => figure(outcome.sharpe), align: "right"},
    {title: "drawdown", value: ({outcome}) => percent(outcome.maxDrawdown), align: "right"},
    {title: "at work", value: ({outcome}) => percent(outcome.exposure, 0), align: "right"},
    {title: "trades", value: ({outcome}) => String(outcome.trades), align: "right"},
    {title: "liquidated", value: ({outcome}) => String(outcome.liquidated), align: "right"}
  ];
}

function drawBest(report: BestReport): string {
  const {pair, best, deflation, overfitting, intervals, baselines, sensitivities, walkForward, splits} = report;
  const interval = ({low, high}: {low: Statistic; high: Statistic}, digits = 2) =>
    `${figure(low, digits)} to ${figure(high, digits)}`;
  const lostMonths = splits.month.filter(({net}) => net < 0).length;
  return [
    `best of ${count(report.trials)} on ${pair}: ${Object.entries(best.params)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ")}`,
    `  net ${Number(report.totals.net).toFixed(2)}, ${signed(report.metrics.totalReturn)} on capital, Sharpe ${figure(report.metrics.sharpe)} (90 % ${interval(intervals.sharpe)})`,
    `  deflated Sharpe ratio ${figure(deflation.deflatedSharpe, 3)} after ${count(deflation.trials)} trials (expected from luck alone: ${figure(deflation.expectedMaxSharpe)})`,
    `  probability of backtest overfitting ${figure(overfitting.pbo)} over ${count(overfitting.splits)} splits`,
    `  hold-through ${baselines.holdThrough.net.toFixed(2)}; random entries ${figure(baselines.randomEntry.low)} to ${figure(baselines.randomEntry.high)}, ${baselines.randomEntry.beaten === undefined ? "none drawn" : `${percent(baselines.randomEntry.beaten, 0)} of them beaten`}`,
    ...sensitivities.map(({name, metrics}) => `  ${name}: ${signed(metrics.totalReturn)}`),
    ...(walkForward.length === 0 ? ["  walk-forward: the window is too short"] : []),
    ...walkForward.map(
      ({mode, net, sharpe, folds}) =>
        `  walk-forward ${mode}: net ${net.toFixed(2)} out of sample over ${folds.length} folds, Sharpe ${figure(sharpe)}`
    ),
    `  ${lostMonths} of ${splits.month.length} months lost`
  ].join("\n");
}

function lastLine(best: readonly BestReport[]): string {
  const trials = best.reduce((n, report) => n + report.trials, 0);
  return `not shown: the best of ${count(trials)} trials is also the luckiest; each pair had the full capital; fills worse than the assumed slippage and venue failures are not modelled`;
}
