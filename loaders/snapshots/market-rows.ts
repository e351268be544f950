import type {Candles, MarketData} from "../../src/lib/market/marketdata.js";
import {multiplierOf} from "../../src/lib/market/multiplier.js";
import {baseOf, quoteOf} from "../../src/lib/market/pair.js";
import {didYouMean} from "../../src/lib/strategy/suggest.js";
import type {Timeframe} from "../../src/lib/time/grid.js";
import {DataError} from "../errors.js";
import {withLake, type Lake} from "../lake/reader.js";
import type {Part} from "../lake/manifest.js";
import {FEATURE_SERIES} from "../lake/features.js";
import {literal} from "../store/key.js";
import {readFunding} from "./funding-rows.js";
import {instrumentOf} from "./instrument.js";
import {requireManifest} from "./status.js";

interface MarketRequest {
  pair: string;
  /** required when several venues have the pair */
  venue?: string | undefined;
  timeframe: Timeframe;
  /** a finer series for the liquidation check */
  finerTimeframe?: Timeframe | undefined;
}

/**
 * Loads the rows of pairs for backtests, complete and exact: rates as text, prices as the doubles nearest to their
 * decimals.
 * @throws DataError that names what is missing and what is available
 */
export function loadMarkets(dataDir: string, requests: readonly MarketRequest[]): Promise<MarketData[]> {
  const manifest = requireManifest(dataDir);
  const pairs = [...new Set(manifest.parts.filter(({series}) => series === "funding").map(({pair}) => pair))];
  for (const {pair} of requests) {
    if (!pairs.includes(pair)) {
      throw new DataError(`missing data: ${pair}${didYouMean(pair, pairs)}`, {
        fix: pairs.length ? `available: ${pairs.slice(0, 8).join(", ")}` : "backfill or import data first"
      });
    }
  }
  const requested = new Set(requests.map(({pair}) => pair));
  for (const {pair} of requests) requested.add(`${multiplierOf(baseOf(pair)).coin}/${quoteOf(pair)}`);
  const only = (part: Part) =>
    part.series === "instruments" || (requested.has(part.pair) && !FEATURE_SERIES.includes(part.series));
  return withLake(
    dataDir,
    async (lake) => {
      const markets: MarketData[] = [];
      for (const request of requests) markets.push(await readMarket(lake, request));
      return markets;
    },
    {only}
  );
}

async function readMarket(lake: Lake, {pair, venue, timeframe, finerTimeframe}: MarketRequest): Promise<MarketData> {
  const chosen = venue ?? soleVenue(lake, pair);
  const candles = (series: string, frame: Timeframe, name = pair) =>
    readCandles(lake, {pair: name, venue: chosen, series, timeframe: frame});
  const {coin, multiplier} = multiplierOf(baseOf(pair));
  const [funding, spot, perp, mark] = [
    await readFunding(lake, pair, chosen),
    await candles("spot", timeframe, `${coin}/${quoteOf(pair)}`),
    await candles("perp", timeframe),
    await candles("mark", timeframe)
  ];
  const has = (frame: Timeframe) =>
    lake.manifest.series.filter((s) => s.pair === pair && s.timeframe === frame).length > 0;
  const hint = {fix: `import or backfill it${has("8h") && timeframe !== "8h" ? ", or try --timeframe 8h" : ""}`};
  if (funding.length === 0) throw new DataError(`missing funding: ${pair} on ${chosen}`, hint);
  if (spot.ts.length === 0) throw new DataError(`missing spot candles: ${pair} on ${chosen}, ${timeframe}`, hint);
  if (perp.ts.length === 0) throw new DataError(`missing perp candles: ${pair} on ${chosen}, ${timeframe}`, hint);
  const market: MarketData = {
    pair,
    venue: chosen,
    timeframe,
    funding,
    spot,
    perp,
    mark: mark.ts.length ? mark : undefined,
    perpMultiplier: multiplier,
    instrument: await instrumentOf(lake, chosen, pair)
  };
  if (!finerTimeframe || finerTimeframe === timeframe) return market;
  const [finerPerp, finerMark] = [await candles("perp", finerTimeframe), await candles("mark", finerTimeframe)];
  if (finerPerp.ts.length === 0)
    throw new DataError(`missing perp candles: ${pair} on ${chosen}, ${finerTimeframe}`, hint);
  return {...market, finer: {perp: finerPerp, mark: finerMark.ts.length ? finerMark : undefined}};
}

function soleVenue(lake: Lake, pair: string): string {
  const venues = [
    ...new Set(
      lake.manifest.parts.filter((part) => part.pair === pair && part.series === "funding").map(({venue}) => venue)
    )
  ];
  if (venues.length > 1) {
    throw new DataError(`ambiguous venue: ${pair} is available from ${venues.join(" and ")}`, {
      fix: `add --venue ${venues[0]}`
    });
  }
  return venues[0]!;
}

const PRICES = ["open", "high", "low", "close", "volume", "turnover"] as const;

/** Reads candles by way of text, because only parsing text gives the double nearest to a decimal. */
async function readCandles(
  {connection}: Lake,
  {pair, venue, series, timeframe}: {pair: string; venue: string; series: string; timeframe: Timeframe}
): Promise<Candles> {
  const columns = PRICES.map((name) => `cast(cast(${name} as varchar) as double)`).join(", ");
  const reader = await connection.runAndReadAll(
    `select ts::double, ${columns} from candles_exact
     where pair = ${literal(pair)} and venue = ${literal(venue)} and series = ${literal(series)} and timeframe = ${literal(timeframe)}
     order by ts`
  );
  const [ts, open, high, low, close, volume, turnover] = reader.getColumns();
  const floats = (values: readonly unknown[] | undefined) =>
    Float64Array.from(values ?? [], (value) => (value === null ? NaN : (value as number)));
  const hasTurnover = turnover?.some((value) => value !== null);
  return {
    timeframe,
    ts: floats(ts),
    open: floats(open),
    high: floats(high),
    low: floats(low),
    close: floats(close),
    volume: floats(volume),
    turnover: hasTurnover ? floats(turnover) : undefined
  };
}
