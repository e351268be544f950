import {candlesOf, type Candles, type MarketData} from "../../src/lib/market/marketdata.js";
import {inCoins, multiplierOf} from "../../src/lib/market/multiplier.js";
import {judge} from "../../src/lib/strategy/label.js";
import {PAGE_TIMEFRAMES} from "../../src/lib/market/catalogue.js";
import {roundTrip, type Costs} from "../../src/lib/market/costs.js";
import {baseOf, pairSlug, quoteOf} from "../../src/lib/market/pair.js";
import type {DecisionRow} from "../../src/lib/market/snapshot.js";
import {text, toNumber} from "../../src/lib/money/decimal.js";
import {parseConfig, PRESETS} from "../../src/lib/strategy/config.js";
import {CLOSES_MS, newestCloses} from "../../src/lib/strategy/closes.js";
import {decide} from "../../src/lib/strategy/decide.js";
import {PairHistory} from "../../src/lib/strategy/history.js";
import {VOLUME_WINDOW} from "../../src/lib/strategy/signals.js";
import {viewAt} from "../../src/lib/strategy/view.js";
import {boundaryTs, DAY_MS, timeframeMs, type Timeframe} from "../../src/lib/time/grid.js";
import type {SeriesEntry} from "../lake/manifest.js";
import {readManifest} from "../lake/manifest.js";
import {withLake, type Lake} from "../lake/reader.js";
import {FEATURE_SERIES} from "../lake/features.js";
import {readFunding} from "./funding-rows.js";
import {literal} from "../store/key.js";

/** Span of candles read before the newest settlement, in ms; the volume filter needs two weeks. */
const REACH_MS = 20 * DAY_MS;

/**
 * Returns every pair judged at its newest settlement (§7), and whether each preset would enter it there. The
 * entries come from `decide` itself, so page and strategy cannot differ.
 */
export async function decisionRows(dataDir: string, costs: Costs): Promise<DecisionRow[]> {
  const manifest = readManifest(dataDir);
  const rows: DecisionRow[] = [];
  for (const entry of (manifest?.series ?? []).filter((s) => s.series === "funding")) {
    const {coin} = multiplierOf(baseOf(entry.pair));
    const spotPair = `${coin}/${quoteOf(entry.pair)}`;
    rows.push(
      await withLake(dataDir, (lake) => decisionRow(lake, entry, costs, spotPair), {
        only: (part) =>
          (part.pair === entry.pair || part.pair === spotPair) &&
          !FEATURE_SERIES.includes(part.series) &&
          (part.series === "funding" || part.maxTs >= entry.lastTs - REACH_MS)
      })
    );
  }
  return rows;
}

async function decisionRow(lake: Lake, entry: SeriesEntry, costs: Costs, spotPair: string): Promise<DecisionRow> {
  const {venue, pair} = entry;
  const funding = await readFunding(lake, pair, venue);
  const t = boundaryTs(funding.at(-1)!.tsMs);
  const has = (series: string, name: string, timeframe: string, untilTs: number) =>
    lake.manifest.series.some(
      (s) =>
        s.venue === venue &&
        s.pair === name &&
        s.series === series &&
        s.timeframe === timeframe &&
        s.to > untilTs &&
        s.from <= t
    );
  const both = (untilTs: number) =>
    PAGE_TIMEFRAMES.find((frame) => has("spot", spotPair, frame, untilTs) && has("perp", pair, frame, untilTs));
  // The candle that opens at the settlement is stored once it has closed; until then the newest closes stand in.
  const settled = both(t);
  const timeframe = settled ?? both(t - CLOSES_MS);
  const candles = (series: string, name: string): Promise<Candles> =>
    timeframe ? newest(lake, {venue, pair: name, series, timeframe, t}) : Promise.resolve(candlesOf("1h", []));
  const market: MarketData = inCoins({
    pair,
    venue,
    timeframe: timeframe ?? "1h",
    funding,
    spot: await candles("spot", spotPair),
    perp: await candles("perp", pair),
    perpMultiplier: multiplierOf(baseOf(pair)).multiplier
  });
  const history = new PairHistory(market);
  const signals = history.signals(history.settlements.length - 1);
  const closes = signals && !settled ? newestCloses(market.spot, market.perp, t) : undefined;
  const basis = signals?.basis?.value ?? closes?.basis;
  const composite = signals?.composite(parseConfig().weights, basis);
  const judgement = judge({
    pair,
    venue,
    rates: history.settlements.map(({rate8h}) => rate8h && toNumber(rate8h)),
    intervalHours: history.settlements.map(({intervalHours}) => intervalHours),
    newest: signals && toNumber(signals.rate8h),
    trend: signals?.trend,
    composite: composite && toNumber(composite),
    closesTs: closes?.ts,
    roundTrip: toNumber(roundTrip(costs))
  });
  const view = viewAt([history], t);
  const own = {
    spotFee: text(costs.spotFee),
    perpFee: text(costs.perpFee),
    slippageBps: text(costs.slippageBps)
  };
  const enters = Object.fromEntries(
    Object.entries(PRESETS).map(([name, entries]) => [
      name,
      decide(view, new Map(), parseConfig({...entries, ...own})).some(({type}) => type === "enter")
    ])
  );
  return {
    venue,
    pair,
    slug: pairSlug(pair),
    newestTs: t,
    rate8h: signals ? toNumber(signals.rate8h) : null,
    rows: judgement.rows,
    percentile: judgement.percentile ?? null,
    z: judgement.z ?? null,
    trend: judgement.trend ?? null,
    composite: judgement.composite ?? null,
    basis: basis ? toNumber(basis) : null,
    closesTs: closes?.ts ?? null,
    streak: signals?.streak ?? null,
    breakEvenPeriods: judgement.breakEvenPeriods ?? null,
    label: judgement.label,
    reasons: judgement.reasons,
    enters
  };
}

/** Reads the candles that a decision at `t` needs: those the volume filter wants, and the one that opens at `t`. */
async function newest(
  {connection}: Lake,
  {venue, pair, series, timeframe, t}: {venue: string; pair: string; series: string; timeframe: Timeframe; t: number}
): Promise<Candles> {
  const from = t - (2 * VOLUME_WINDOW + 24) * timeframeMs(timeframe);
  const columns = ["open", "high", "low", "close", "volume", "turnover"];
  const reader = await connection.runAndReadAll(
    `select ts::double, ${columns.map((name) => `cast(cast(${name} as varchar) as double)`).join(", ")}
     from candles_exact where venue = ${literal(venue)} and pair = ${literal(pair)} and series = ${literal(series)}
       and timeframe = ${literal(timeframe)} and ts >= ${from} and ts <= ${t} order by ts`
  );
  const optional = (value: unknown) => (value === null ? undefined : (value as number));
  return candlesOf(
    timeframe,
    reader.getRows().map(([ts, open, high, low, close, volume, turnover]) => ({
      ts: ts as number,
      open: open as number,
      high: optional(high)!,
      low: optional(low)!,
      close: optional(close)!,
      volume: optional(volume)!,
      ...(turnover !== null && {turnover: turnover as number})
    }))
  );
}
