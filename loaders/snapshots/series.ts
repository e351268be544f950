import type {Instrument} from "../../src/lib/market/marketdata.js";
import {multiplierOf} from "../../src/lib/market/multiplier.js";
import {
  PAGE_TIMEFRAMES,
  type CandleFiles,
  type Catalogue,
  type CatalogueEntry,
  type SeriesFile
} from "../../src/lib/market/catalogue.js";
import {baseOf, pairSlug, quoteOf} from "../../src/lib/market/pair.js";
import {INSTRUMENT_SERIES} from "../lake/instruments.js";
import {readManifest, type Manifest, type SeriesEntry} from "../lake/manifest.js";
import {withLake, type Lake} from "../lake/reader.js";
import {FEATURE_SERIES} from "../lake/features.js";
import {literal} from "../store/key.js";
import {instrumentOf} from "./instrument.js";
import {toArrow, type Columns} from "./arrow.js";
import {RATE_8H_SQL} from "../store/schema.js";

const CANDLES = ["spot", "perp", "mark"];

const isShown = ({series, timeframe}: SeriesEntry): boolean =>
  series === "funding" || (CANDLES.includes(series) && (PAGE_TIMEFRAMES as readonly string[]).includes(timeframe));

const pathOf = ({venue, pair, series, timeframe}: SeriesEntry): string =>
  `${venue}/${pairSlug(pair)}/${timeframe ? `${series}-${timeframe}` : series}.arrow`;

/** Returns the paths of the members of {@link seriesFiles}, which the site's configuration publishes as files. */
export function seriesPaths(dataDir: string): string[] {
  return (readManifest(dataDir)?.series ?? []).filter(isShown).map(pathOf);
}

/** Returns the catalogue of what pages may load, with each pair's markets as last listed, by `venue|pair`. */
export function catalogueOf(
  manifest: Manifest | undefined,
  instruments: ReadonlyMap<string, Instrument> = new Map()
): Catalogue {
  const series = (manifest?.series ?? []).filter(isShown);
  const fileOf = (entry: SeriesEntry): SeriesFile => ({
    path: pathOf(entry),
    rows: entry.rows,
    from: entry.from,
    to: entry.to
  });
  const find = (venue: string, pair: string, name: string, timeframe: string) => {
    const entry = series.find(
      (s) => s.venue === venue && s.pair === pair && s.series === name && s.timeframe === timeframe
    );
    return entry ? fileOf(entry) : null;
  };
  const entries = series
    .filter((s) => s.series === "funding")
    .map((funding): CatalogueEntry => {
      const {venue, pair} = funding;
      const {coin, multiplier} = multiplierOf(baseOf(pair));
      const candles = PAGE_TIMEFRAMES.flatMap((timeframe): CandleFiles[] => {
        const spot = find(venue, `${coin}/${quoteOf(pair)}`, "spot", timeframe);
        const perp = find(venue, pair, "perp", timeframe);
        return spot && perp ? [{timeframe, spot, perp, mark: find(venue, pair, "mark", timeframe)}] : [];
      });
      return {
        pair,
        slug: pairSlug(pair),
        venue,
        perpMultiplier: multiplier,
        instrument: instruments.get(`${venue}|${pair}`) ?? null,
        funding: fileOf(funding),
        candles
      };
    })
    .sort((a, b) => (a.pair < b.pair ? -1 : a.pair > b.pair ? 1 : a.venue < b.venue ? -1 : 1));
  return {
    version: `${manifest?.generation ?? 0}-${manifest?.publishedTs ?? 0}`,
    simulated: manifest?.kind === "simulated",
    entries
  };
}

/**
 * Returns every history as an Arrow stream of its own, with `catalogue.json`. A page's backtest reads the same texts
 * and doubles as the command line, so both agree to the last digit.
 */
export async function seriesFiles(dataDir: string): Promise<Record<string, Uint8Array>> {
  const manifest = readManifest(dataDir);
  const files: Record<string, Uint8Array> = {
    "catalogue.json": new TextEncoder().encode(JSON.stringify(catalogueOf(manifest, await instruments(dataDir))))
  };
  const series = (manifest?.series ?? []).filter(isShown);
  const pairs = [...new Set(series.map(({pair}) => pair))];
  for (const pair of pairs) {
    await withLake(
      dataDir,
      async (lake) => {
        for (const entry of series) {
          if (entry.pair !== pair) continue;
          files[pathOf(entry)] = toArrow(
            entry.series === "funding" ? await settlements(lake, entry) : await candles(lake, entry)
          );
        }
      },
      {only: (part) => part.pair === pair && !FEATURE_SERIES.includes(part.series)}
    );
  }
  return files;
}

/** Returns the markets of every pair that has settlements and a stored listing, by `venue|pair`. */
const instruments = (dataDir: string): Promise<Map<string, Instrument>> =>
  withLake(
    dataDir,
    async (lake) => {
      const known = new Map<string, Instrument>();
      for (const {venue, pair, series} of lake.manifest.series) {
        const instrument = series === "funding" ? await instrumentOf(lake, venue, pair) : undefined;
        if (instrument) known.set(`${venue}|${pair}`, instrument);
      }
      return known;
    },
    {only: (part) => part.series === INSTRUMENT_SERIES}
  );

async function read({connection}: Lake, sql: string, names: readonly string[]): Promise<Columns> {
  const reader = await connection.runAndReadAll(sql);
  const columns = reader.getColumns();
  return Object.fromEntries(names.map((name, i) => [name, (columns[i] ?? []) as Columns[string]]));
}

/** Returns settled rates as exact text, with derived values as doubles. */
const settlements = (lake: Lake, {venue, pair}: SeriesEntry): Promise<Columns> =>
  read(
    lake,
    `select ts::double, boundary_ts::double, f.rate::varchar, interval_hours::double,
       interval_source, ${RATE_8H_SQL}
     from funding_exact f where venue = ${literal(venue)} and pair = ${literal(pair)} order by ts`,
    ["ts", "boundaryTs", "rate", "intervalHours", "intervalSource", "rate8h"]
  );

const PRICES = ["open", "high", "low", "close", "volume", "turnover"] as const;

/** Returns candles by way of text, because only parsing text gives the double nearest to a decimal. */
const candles = (lake: Lake, {venue, pair, series, timeframe}: SeriesEntry): Promise<Columns> =>
  read(
    lake,
    `select ts::double, ${PRICES.map((name) => `cast(cast(${name} as varchar) as double)`).join(", ")}
     from candles_exact where venue = ${literal(venue)} and pair = ${literal(pair)} and series = ${literal(series)}
       and timeframe = ${literal(timeframe)} order by ts`,
    ["ts", ...PRICES]
  );
