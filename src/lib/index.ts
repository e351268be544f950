/**
 * The model's public API, for notes, scripts and other programs. Scripts import it as `carrybook/lib`, notes through
 * `../components/analysis.js`. Everything is pure: no clock, file or network access; callers pass seeded randomness.
 * Money is `Decimal`, statistics are `number`, instants are UTC milliseconds, and rates are fractions (0.0001 is one
 * basis point). `src/semantics.md` defines every number.
 */

// Time: instants, timeframes, the candle grid
export {
  boundaryTs,
  ceilTo,
  DAY_MS,
  floorTo,
  HOUR_MS,
  isTimeframe,
  MINUTE_MS,
  TIMEFRAMES,
  timeframeMs,
  YEAR_MS,
  type Timeframe
} from "./time/grid.js";
export {formatDay, formatInstant, parseInstant} from "./time/instant.js";

// Money: the project's Decimal type
export {Decimal, decimal, text, toNumber, type DecimalInput} from "./money/decimal.js";

// Statistics
export {bootstrapIntervals, type BootstrapOptions, type Interval} from "./stats/bootstrap.js";
export {deflate, deflatedSharpe, probabilisticSharpe, type Deflation, type SharpeSample} from "./stats/deflated.js";
export {autocorrelation, bucketCorrelation, bucketed, correlation, type Buckets} from "./stats/dependence.js";
export {ecdf, fiveNumbers, histogram, type Bin, type HistogramOptions} from "./stats/distribution.js";
export {groupBy, hourOf, weekdayOf, yearOf, type Group} from "./stats/groups.js";
export {overfitting, type CscvOptions, type Overfitting} from "./stats/pbo.js";
export {deviation, mean, percentileRank, quantile, sorted} from "./stats/quantile.js";
export {generator, normal, type Random} from "./stats/random.js";
export {
  drawdowns,
  INSUFFICIENT,
  maxDrawdown,
  moments,
  sharpe,
  sortino,
  type Insufficient,
  type Moments,
  type Statistic
} from "./stats/ratios.js";
export {halfLife, runPeriods, runsAtOrAbove, survival, type Run} from "./stats/runs.js";

export {CarrybookError, DataError} from "./errors.js";

// Market: pairs, rows, candles, instruments, coverage, costs
export {baseOf, pairSlug, parsePair, quoteOf, SERIES, type Series} from "./market/pair.js";
export {Observations, type Observation} from "./market/observations.js";
export {
  candlesOf,
  checkCandles,
  cutCandles,
  type Candle,
  type Candles,
  type FundingRow,
  type Instrument,
  type MarketData
} from "./market/marketdata.js";
export {
  apr,
  inferIntervals,
  rate8h,
  rate8hDecimal,
  type IntervalSource,
  type IntervalState,
  type RowInterval
} from "./market/funding.js";
export {markAt, type MarkSource} from "./market/marks.js";
export {idleStretches, jumpsOf, type Jump} from "./market/oddities.js";
export {inCoins, multiplierOf} from "./market/multiplier.js";
export {coverageShare, gridHoles, type Hole, type HoleState, type Span} from "./market/coverage.js";
export {
  breakEvenPeriods,
  DEFAULT_COSTS,
  EXPECTED_HOLD_PERIODS,
  netPerPeriod,
  parseCosts,
  PERIODS_PER_YEAR,
  roundTrip,
  slippageShare,
  type Costs
} from "./market/costs.js";
export {
  heldShare,
  summarise as summariseFunding,
  tierOf,
  type FundingColumns,
  type PairSummary,
  type SummaryOptions,
  type Tier
} from "./market/summary.js";

// Strategy: config and presets, signals, the decision function, the label of a pair
export {
  capitalPerNotional,
  CONFIG_KEYS,
  configEntries,
  parseConfig,
  PRESETS,
  STRATEGY_NAMES,
  strategyEntries,
  type StrategyConfig,
  type StrategyName,
  type Weights
} from "./strategy/config.js";
export {
  basisOf,
  basisScore,
  compositeScore,
  levelScore,
  persistenceScore,
  trendDifference,
  trendOf,
  trendScore,
  type Trend,
  type VolumeCheck
} from "./strategy/signals.js";
export {PairHistory, type Signals} from "./strategy/history.js";
export type {Settlement} from "./strategy/settlement.js";
export {viewAt, type PairView, type View} from "./strategy/view.js";
export {
  byRank,
  decide,
  dynamicShare,
  netPerPeriodDecimal,
  type Book,
  type Decision,
  type EntryReason,
  type ExitReason,
  type Intent,
  type PairBook
} from "./strategy/decide.js";
export {entryConditions, exitConditions, type Condition} from "./strategy/conditions.js";
export {exclusionsOf, UNIVERSE, type Candidate, type Exclusion} from "./strategy/universe.js";
export {judge, LABELS, liquidationCost, type Judgement, type Label, type PairFacts} from "./strategy/label.js";
export {
  commandOf,
  configDocument,
  defaultsOf,
  entriesOf,
  paramsOf,
  withKey,
  parseRunRequest,
  readAddress,
  whyInvalid,
  type RunEntries,
  type RunRequest
} from "./strategy/request.js";

// Ledger: fills, instrument rules, margin, hedges and trades
export {fillPrice, type Fill, type Leg, type Side} from "./ledger/fills.js";
export {rulesOf, type Rules} from "./ledger/rules.js";
export {marginPrices, type MarginPrices} from "./ledger/margin.js";
export {budgetOf, type Budget, type BudgetLimit, type Quantities, type Refusal} from "./ledger/sizing.js";
export {netOf, type Components, type Liquidation, type Payment, type Trade} from "./ledger/trade.js";
export {Hedge, type HedgeOrder} from "./ledger/hedge.js";

// Backtest: a run, its report and statistics, its replay
export {runBacktest, type PairResult, type RunOptions, type RunResult} from "./backtest/run.js";
export type {PairWindow, Range} from "./backtest/window.js";
export type {Step, StepHedge} from "./backtest/steps.js";
export {backtestReport, notShown, tradeReport, type BacktestReport, type RunReport} from "./backtest/report.js";
export type {TradeReport} from "./wire/trade.js";
export {dailyReturns, equityCurve, pairCurve, type EquityCurve} from "./backtest/curve.js";
export {metricsOf, pairMetrics, type Metrics} from "./backtest/metrics.js";
export {qualityOf, type RunQuality} from "./backtest/quality.js";
export {totalsOf, type Totals} from "./backtest/totals.js";
export {regimeAt, REGIMES, splitByCalendar, splitByRegime, type Split} from "./backtest/splits.js";
export {sensitivities, type Variation} from "./backtest/sensitivity.js";
export {Replay, type ReplayEvent, type ReplayHistory, type ReplayStep} from "./backtest/replay.js";

// Sweep: parameter grids, walk-forward, baselines
export {gridOfCells, parseAxis, type Axis, type Cell, type Grid} from "./sweep/grid.js";
export {SweepRunner, type SweepPlan} from "./sweep/plan.js";
export type {RunTrial, Trial} from "./sweep/trials.js";
export type {Outcome} from "./sweep/outcome.js";
export {
  compareTrials,
  nameTrial,
  reportPair,
  type BestReport,
  type Ranking,
  type ReportOptions,
  type WalkForwardReport
} from "./sweep/report.js";
export {rowsToCsv, trialRow, type TrialRow} from "./sweep/rows.js";
export {walkForward, type Fold, type WalkForward, type WalkForwardOptions} from "./sweep/walkforward.js";
export {weigh, type TestStretch, type Weighed} from "./sweep/outofsample.js";
export {baselines, holdThroughConfig, type Baselines, type RandomEntries} from "./sweep/baselines.js";
