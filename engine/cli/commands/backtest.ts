import {readFileSync} from "node:fs";
import {DataError, UsageError} from "../../../loaders/errors.js";
import {qualityWords, totalQuality} from "../../../src/lib/backtest/quality.js";
import type {BacktestReport} from "../../../src/lib/backtest/report.js";
import type {TradeReport} from "../../../src/lib/wire/trade.js";
import type {RunRequest} from "../../../src/lib/strategy/request.js";
import {isTimeframe} from "../../../src/lib/time/grid.js";
import {formatInstant} from "../../../src/lib/time/instant.js";
import {drawTable, percent, type Column} from "../output.js";
import type {Define} from "../define.js";
import {backtestDocument, runRequest, type Manifest} from "../../runs/backtest.js";
import {readRequest} from "../../runs/request.js";

interface Flags {
  pairs?: string;
  strategy?: string;
  set?: string[];
  from?: string;
  to?: string;
  timeframe?: string;
  venue?: string;
  manifest?: string;
}

/** Adds `carrybook backtest`. */
export function backtestCommand(define: Define): void {
  define("backtest", "run a strategy over the stored history", (command, run) =>
    command
      .option("--pairs <pairs>", "pairs, comma-separated, sharing one capital")
      .option("--strategy <name>", "simple, composite, or a preset: conservative, balanced, aggressive")
      .option("--set <key=value...>", "strategy parameters, e.g. --set minRate=0.0002 exitRate=0")
      .option("--from <instant>", "start, ISO 8601, UTC")
      .option("--to <instant>", "end, ISO 8601, UTC, exclusive")
      .option("--timeframe <timeframe>", "candle timeframe (default: 1h)")
      .option("--venue <venue>", "venue, where several have the pair")
      .option("--manifest <file>", "repeat an earlier run from its JSON result, or from the `manifest` in it")
      .addHelpText(
        "after",
        `
Examples:
  carrybook backtest --pairs BTC/USDT --strategy simple
  carrybook backtest --pairs BTC/USDT,ETH/USDT --strategy balanced --set leverage=2 --json > run.json
  carrybook backtest --manifest run.json`
      )
      .action((flags: Flags) =>
        run(async ({dataDir, output, pathOf}) => {
          const before =
            flags.manifest === undefined ? undefined : readManifest(flags.manifest, pathOf(flags.manifest));
          if (before && (flags.pairs || flags.strategy || flags.set || flags.from || flags.to || flags.timeframe)) {
            throw new UsageError("invalid flags: --manifest already sets the pairs, strategy, parameters and range");
          }
          const request = before ? requestOf(before) : readRequest(flags);
          const ran = await runRequest(dataDir, request);
          const {report, manifest, lastLine} = ran;
          for (const {name, metrics, trades} of report.sensitivities) {
            output.note(`${name}: ${percentOf(metrics.totalReturn)} on capital, ${trades} trades`);
          }
          if (before) compare(before, manifest);
          const result = backtestDocument(ran);
          if (output.json) output.document(result, () => "");
          else if (!output.terminal)
            output.table(
              report.runs.flatMap(({trades}) => trades),
              TRADE_COLUMNS
            );
          else output.document(result, () => drawReport(report));
          if (before) output.note(`same result as before: ${manifest.resultHash}`);
          output.note(lastLine);
        })
      )
  );
}

/** Reads a manifest from `path`; messages name `file`, as typed. */
function readManifest(file: string, path: string): Manifest {
  let parsed: {manifest?: unknown} & Partial<Manifest>;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`invalid manifest: ${file} (${(error as Error).message})`);
  }
  const manifest = (parsed?.manifest ?? parsed) as Partial<Manifest>;
  if (
    manifest?.version !== 1 ||
    manifest.command !== "backtest" ||
    !Array.isArray(manifest.pairs) ||
    !manifest.config
  ) {
    throw new UsageError(`invalid manifest: ${file} (not a manifest of a backtest)`);
  }
  if (!manifest.timeframe || !isTimeframe(manifest.timeframe))
    throw new UsageError(`invalid manifest: ${file} (no timeframe)`);
  return manifest as Manifest;
}

function requestOf({pairs, venue, timeframe, config, fromMs, toMs}: Manifest): RunRequest {
  return readRequest({pairs, venue, timeframe, set: config, from: fromMs, to: toMs});
}

function compare(before: Manifest, now: Manifest): void {
  if (before.dataHash !== now.dataHash) {
    throw new DataError(
      `changed data: the rows differ from the manifest's (${now.dataHash.slice(0, 12)} instead of ${before.dataHash.slice(0, 12)})`,
      {
        fix: "run without --manifest for the result on the current rows"
      }
    );
  }
  if (before.resultHash !== now.resultHash) {
    throw new DataError(
      `changed result: the same rows gave a different result; the manifest is from version ${before.versions?.carrybook}`
    );
  }
}

const percentOf = (share: number): string => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
const money = (value: string): string => Number(value).toFixed(2);

const TRADE_COLUMNS: readonly Column<TradeReport>[] = [
  {title: "pair", value: ({pair}) => pair},
  {title: "entry", value: ({entryTs}) => formatInstant(entryTs)},
  {title: "exit", value: ({exitTs}) => formatInstant(exitTs)},
  {title: "reason", value: ({exitReason}) => exitReason},
  {title: "payments", value: ({payments}) => String(payments), align: "right"},
  {title: "funding", value: ({funding}) => money(funding), align: "right"},
  {title: "basis", value: ({basis}) => money(basis), align: "right"},
  {title: "fees", value: ({fees}) => money(fees), align: "right"},
  {title: "slippage", value: ({slippage}) => money(slippage), align: "right"},
  {
    title: "liquidation",
    value: (trade) =>
      trade.liquidation ? money(String(Number(trade.liquidationDrift) - Number(trade.liquidationLoss))) : "–",
    align: "right"
  },
  {title: "net", value: ({net}) => money(net), align: "right"}
];

function drawReport({runs, portfolio}: BacktestReport): string {
  const {totals, metrics} = portfolio;
  const statistic = (value: number | string | undefined) =>
    typeof value === "number" ? value.toFixed(2) : (value ?? "no trades");
  const trades = runs.flatMap((run) => run.trades).sort((a, b) => a.exitTs - b.exitTs);
  const counted = runs.map(
    ({pair, counts, instrument}) =>
      `${pair}: ${counts.noPrice} entries without a price, ${counts.cannotOpen} rejected, ${counts.ambiguous} ambiguous rows, instrument ${instrument}`
  );
  const warning = qualityWords(totalQuality(runs.map(({quality}) => quality)));
  return [
    ...(trades.length ? [drawTable(trades, TRADE_COLUMNS), ""] : []),
    ...(warning ? [warning] : []),
    `net ${money(totals.net)} of equity ${money(totals.equity)}: ${percentOf(metrics.totalReturn)} on capital, ${percentOf(metrics.annualReturn)} a year`,
    `${totals.trades} trades, ${totals.wins} won, ${totals.liquidated} liquidated; funding ${money(totals.funding)}, basis ${money(totals.basis)}, fees ${money(totals.fees)}, slippage ${money(totals.slippage)}`,
    `Sharpe ${statistic(metrics.sharpe)}, Sortino ${statistic(metrics.sortino)}, worst drawdown ${percent(metrics.maxDrawdown)}, in the market ${percent(metrics.exposure, 0)} of the time, turnover ${metrics.turnover.toFixed(1)} × capital`,
    ...counted
  ].join("\n");
}
