import {netPerPeriod, breakEvenPeriods, PERIODS_PER_YEAR, roundTrip, type Costs} from "../../src/lib/market/costs.js";
import {freshness} from "../../src/lib/market/coverage.js";
import {RANGES, type ExplorerRow, type Range} from "../../src/lib/market/snapshot.js";
import {heldShare, summarise, tierOf, type FundingColumns} from "../../src/lib/market/summary.js";
import {toNumber} from "../../src/lib/money/decimal.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {UNIVERSE} from "../../src/lib/strategy/universe.js";
import {boundaryTs, HOUR_MS} from "../../src/lib/time/grid.js";
import {formatInstant} from "../../src/lib/time/instant.js";
import {pairSlug} from "../../src/lib/market/pair.js";
import type {Manifest, SeriesEntry} from "../lake/manifest.js";
import {withLake, type Lake} from "../lake/reader.js";
import {literal} from "../store/key.js";
import {queryColumns} from "./arrow.js";
import {rangeFrom} from "./ranges.js";

/** Default thresholds of the simple strategy, per 8 h (§5). */
const {minRate, exitRate} = parseConfig({strategy: "simple"});
const MIN_RATE = toNumber(minRate);
const EXIT_RATE = toNumber(exitRate);

/**
 * Returns every pair with funding over each range, ranked by annualised `netPerPeriod`, ties by symbol (§5).
 * Pairs with too few rows come last. Ranges end at the venue's newest settlement, so that old imports are not empty.
 */
export async function explorerRows(
  dataDir: string,
  costs: Costs,
  ranges: readonly Range[] = RANGES.map((range) => range.id),
  nowMs = Date.now()
): Promise<ExplorerRow[]> {
  return withLake(
    dataDir,
    async (lake) => {
      const funding = lake.manifest.series.filter((entry) => entry.series === "funding");
      const turnovers = await newestTurnovers(lake);
      const rows: ExplorerRow[] = [];
      for (const entry of funding) {
        const columns = await fundingColumns(lake, entry);
        const turnover = turnovers.get(`${entry.venue}|${entry.pair}`);
        for (const range of ranges) {
          rows.push(explorerRow(lake.manifest, entry, columns, {range, costs, turnover, nowMs}));
        }
      }
      return rows.sort(byRank);
    },
    {only: (part) => part.series === "funding" || part.series === "features-price"}
  );
}

function byRank(a: ExplorerRow, b: ExplorerRow): number {
  if (a.insufficient !== b.insufficient) return a.insufficient ? 1 : -1;
  return (b.netAnnual ?? -Infinity) - (a.netAnnual ?? -Infinity) || (a.pair < b.pair ? -1 : a.pair > b.pair ? 1 : 0);
}

interface NewestFunding extends FundingColumns {
  t: number[];
  rate: number[];
  rate8h: (number | undefined)[];
  intervalHours: (number | null)[];
}

async function fundingColumns({connection}: Lake, {venue, pair}: SeriesEntry): Promise<NewestFunding> {
  const {t, rate, rate8h, hours} = await queryColumns(
    connection,
    `select boundary_ts as t, rate, rate8h, interval_hours as hours from funding
     where venue = ${literal(venue)} and pair = ${literal(pair)} order by boundary_ts`
  );
  return {
    t: t as number[],
    rate: rate as number[],
    rate8h: rate8h!.map((value) => (value as number | null) ?? undefined),
    intervalHours: hours as (number | null)[]
  };
}

async function newestTurnovers({connection}: Lake): Promise<Map<string, number>> {
  const {id, turnover} = await queryColumns(
    connection,
    `select venue || '|' || pair as id, arg_max(turnover, ts) as turnover from features_price
     where turnover is not null group by 1`
  );
  return new Map((id as string[]).map((key, i) => [key, turnover![i] as number]));
}

function explorerRow(
  manifest: Manifest,
  entry: SeriesEntry,
  columns: NewestFunding,
  {range, costs, turnover, nowMs}: {range: Range; costs: Costs; turnover: number | undefined; nowMs: number}
): ExplorerRow {
  const {venue, pair} = entry;
  const asOfTs = Math.max(
    ...manifest.series.filter((s) => s.venue === venue && s.series === "funding").map((s) => boundaryTs(s.lastTs))
  );
  const trip = toNumber(roundTrip(costs));
  const fromTs = rangeFrom(range, asOfTs);
  const summary = summarise(columns, {fromTs, toTs: asOfTs, roundTrip: trip, threshold: MIN_RATE});
  const last = columns.t.length - 1;
  const newest = columns.rate8h[last];
  const periods = newest === undefined ? undefined : breakEvenPeriods(newest, trip);
  const held =
    periods === undefined
      ? {share: undefined, entries: 0}
      : heldShare(columns, {minRate: MIN_RATE, exitRate: EXIT_RATE, periods});
  const net = newest === undefined ? undefined : netPerPeriod(newest, trip);
  const own = manifest.series.filter((s) => s.venue === venue && s.pair === pair);
  const best = (series: string) => Math.max(-1, ...own.filter((s) => s.series === series).map((s) => s.coverage ?? -1));
  const coverage = Math.min(entry.coverage ?? 0, ...["spot", "perp"].map(best).filter((share) => share >= 0));
  return {
    venue,
    pair,
    slug: pairSlug(pair),
    range,
    fromTs: Number.isFinite(fromTs) ? fromTs : (summary.firstTs ?? null),
    toTs: asOfTs,
    count: summary.count,
    mean8h: summary.mean8h ?? null,
    median8h: summary.median8h ?? null,
    sd8h: summary.sd8h ?? null,
    min8h: summary.min8h ?? null,
    max8h: summary.max8h ?? null,
    q1: summary.q1 ?? null,
    q3: summary.q3 ?? null,
    sharePositive: summary.sharePositive ?? null,
    coverageShare: coverage,
    coverageDays: summary.coverageDays,
    firstTs: summary.firstTs ?? null,
    lastTs: summary.lastTs ?? null,
    aprGross: summary.aprGross ?? null,
    aprNet: summary.aprNet ?? null,
    streakNow: summary.streakNow,
    streakLongest: summary.streakLongest,
    halfLifePeriods: summary.halfLifePeriods ?? null,
    newestRate: columns.rate[last] ?? null,
    newestIntervalHours: columns.intervalHours[last] ?? null,
    newestRate8h: newest ?? null,
    newestTs: columns.t[last] ?? null,
    breakEvenPeriods: periods ?? null,
    heldShare: held.share ?? null,
    heldEntries: held.entries,
    netPerPeriod: net ?? null,
    netAnnual: net === undefined ? null : net * PERIODS_PER_YEAR,
    turnover24h: turnover ?? null,
    tier: tierOf(turnover),
    marketCap: null,
    freshness: freshness(Math.max(0, nowMs - entry.lastTs), entry.intervalMs ?? 8 * HOUR_MS),
    insufficient: summary.insufficient,
    reasons: reasonsAgainst({
      own,
      asOfTs,
      newestTs: columns.t[last]!,
      ambiguous: newest === undefined,
      coverage,
      turnover
    }).join("; ")
  };
}

/** Returns the reasons, as text, why the universe filter excludes a pair (§5). */
function reasonsAgainst({
  own,
  asOfTs,
  newestTs,
  ambiguous,
  coverage,
  turnover
}: {
  own: readonly SeriesEntry[];
  asOfTs: number;
  newestTs: number;
  ambiguous: boolean;
  coverage: number;
  turnover: number | undefined;
}): string[] {
  const reasons: string[] = [];
  const lives = (series: string) => own.filter((s) => s.series === series);
  for (const series of ["spot", "perp"]) {
    const entries = lives(series);
    const newest = Math.max(0, ...entries.map((s) => s.to));
    if (entries.length === 0) reasons.push(`no ${series} market in the data`);
    else if (newest < asOfTs - 12 * HOUR_MS) reasons.push(`${series} ended ${formatInstant(newest)}`);
  }
  if (newestTs < asOfTs - 12 * HOUR_MS) reasons.push(`no settlement since ${formatInstant(newestTs)}`);
  else if (ambiguous) reasons.push("the newest interval is ambiguous");
  if (coverage < UNIVERSE.minCoverage)
    reasons.push(`coverage ${(coverage * 100).toFixed(1)} % is under ${UNIVERSE.minCoverage * 100} %`);
  if (turnover === undefined) reasons.push("turnover is not known");
  else if (turnover < UNIVERSE.minTurnover24h)
    reasons.push(`turnover ${Math.round(turnover).toLocaleString("en-US")} is under 1,000,000`);
  return reasons;
}
