import {basename} from "node:path";
import {baseOf, quoteOf, type Series} from "../../../src/lib/market/pair.js";
import {isTimeframe} from "../../../src/lib/time/grid.js";
import {baseName, isCoin, isWord, isQuote, readingsOf} from "./symbols.js";

/** What a market is: only spot and linear perpetuals have histories here. */
export type Contract = "spot" | "perp" | "future" | "inverse" | "option";

/** Who wrote a file, where its name or its text gives that away: its stamps without a zone are then known to be UTC. */
export type Source =
  "binance" | "bybit" | "okx" | "freqtrade" | "cryptodatadownload" | "tardis" | "kraken" | "carrybook" | undefined;

/** What a file's name and folders say of its content. */
export interface NameFacts {
  source: Source;
  /** the venue that the name names, as a ccxt id; undefined where it names none */
  venue?: string | undefined;
  /** pairs that the name may mean; none where it names none, several where they must be asked about */
  pairs: readonly string[];
  contract?: Contract | undefined;
  series?: Series | undefined;
  timeframe?: string | undefined;
  /** the coin of a perpetual that is named without its quote: `BTCPERP`, `BTC-PERP` */
  perpOf?: string | undefined;
  /** the one coin that the name consists of, without a quote: `BTC.parquet` */
  coin?: string | undefined;
  /** the day behind the symbol, UTC ms: that of an archive or of a delivery (`NEARUSDT-20250328`) */
  dayTs?: number | undefined;
  /** what the file holds where that is no history at all: `trades`, `order book` */
  other?: string | undefined;
}

const EXTENSION = /(\.(csv|tsv|txt|json|jsonl|ndjson|gz|zip|parquet|feather|arrow))+$/i;
/** A name without its folders and its data endings. */
const stemOf = (path: string): string => basename(path.replaceAll("\\", "/")).replace(EXTENSION, "");

/**
 * Reads the names of a file: the venues' own archives by their grammars, anything else by whole words.
 * @param path the file's path; for a member of an archive its name within the archive
 */
export function readName(path: string): NameFacts {
  const folders = path.replaceAll("\\", "/").split("/").slice(-9, -1);
  const stem = stemOf(path);
  return (
    binanceDump(folders, stem) ??
    binanceMetrics(stem) ??
    tardisFile(stem) ??
    okxDownload(stem) ??
    bybitPublic(folders, stem) ??
    freqtradeFile(folders, stem) ??
    cryptoDataDownload(stem) ??
    krakenFutures(folders, stem) ??
    words(folders, stem)
  );
}

const KINDS: Readonly<Record<string, {series?: Series; timeframe?: string; other?: string}>> = {
  klines: {},
  markPriceKlines: {series: "mark"},
  indexPriceKlines: {series: "index"},
  premiumIndexKlines: {series: "premium"},
  fundingRate: {series: "funding"},
  metrics: {series: "open-interest", timeframe: "5m"},
  trades: {other: "trades"},
  aggTrades: {other: "trades"},
  bookTicker: {other: "order book"},
  bookDepth: {other: "order book"},
  liquidationSnapshot: {other: "liquidations"},
  BVOLIndex: {other: "volatility index"},
  EOHSummary: {other: "option summary"}
};

/** Reads names of data.binance.vision: `futures/um/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2025-01`. */
function binanceDump(folders: readonly string[], stem: string): NameFacts | undefined {
  const at = folders.findIndex((folder) => folder in KINDS);
  const market = at < 0 ? -1 : folders.findIndex((folder, i) => i < at && /^(um|cm|spot|option)$/.test(folder));
  if (at < 0 || market < 0) return undefined;
  const kind = KINDS[folders[at]!]!;
  const symbol = folders[at + 1] ?? stem.split("-")[0]!;
  const place = folders[market]!;
  const contract: Contract =
    place === "option"
      ? "option"
      : place === "cm"
        ? "inverse"
        : place === "spot"
          ? "spot"
          : /_\d{6}$/.test(symbol)
            ? "future"
            : "perp";
  const series = kind.other ? undefined : (kind.series ?? (place === "spot" ? "spot" : "perp"));
  const timeframe =
    kind.timeframe ?? [folders[at + 2], ...stem.split("-")].find((word) => word !== undefined && isTimeframe(word));
  return {
    source: "binance",
    venue: "binance",
    pairs: readingsOf(symbol.replace(/_(PERP|\d{6})$/, "")),
    contract,
    series,
    timeframe,
    other: kind.other
  };
}

/**
 * Reads names of Binance's metrics outside of their folders: `BTCUSDT-metrics-2025-01-01`. The one kind of its dumps whose
 * stamps are no epochs: who wrote it tells that they are UTC.
 */
function binanceMetrics(stem: string): NameFacts | undefined {
  const match = /^([A-Z0-9]+)(_PERP|_\d{6})?-metrics-\d{4}-\d{2}-\d{2}$/.exec(stem);
  if (!match) return undefined;
  const [symbol, mark] = [match[1]!, match[2]];
  return {
    source: "binance",
    venue: "binance",
    pairs: readingsOf(symbol),
    contract: symbol.endsWith("USD") ? "inverse" : mark === undefined ? "perp" : "future",
    ...KINDS.metrics
  };
}

/** Reads names of Tardis: `bybit_derivative_ticker_2025-01-01_BTCUSDT`. */
function tardisFile(stem: string): NameFacts | undefined {
  const match = /^([a-z0-9-]+)_([a-z_0-9]+?)_\d{4}-\d{2}-\d{2}_(.+)$/.exec(stem);
  if (!match) return undefined;
  const [exchange, kind, symbol] = [match[1]!, match[2]!, match[3]!];
  return {
    source: "tardis",
    venue: TARDIS_VENUES[exchange] ?? exchange,
    pairs: readingsOf(symbol.replace(/-(SWAP|PERPETUAL)$/i, "")),
    other: kind.replaceAll("_", " ")
  };
}
const TARDIS_VENUES: Readonly<Record<string, string>> = {
  "binance-futures": "binance",
  "binance-delivery": "binance",
  "bybit-spot": "bybit",
  "okex-swap": "okx",
  okex: "okx"
};

/** Reads names of OKX: `BTC-USDT-SWAP-candlesticks-2025-01-01`, `allswap-fundingrates-2025-01-01`. */
function okxDownload(stem: string): NameFacts | undefined {
  const match = /^(.+?)-(candlesticks|fundingrates|trades|orderbook|aggtrades)-\d{4}-\d{2}(?:-\d{2})?$/i.exec(stem);
  if (!match) return undefined;
  const [name, kind] = [match[1]!, match[2]!];
  const swap = /-SWAP$/i.test(name) || /^allswap$/i.test(name);
  const dated = /-\d{6}$/.test(name);
  const pairs = /^all/i.test(name) ? [] : readingsOf(name.replace(/-(SWAP|\d{6})$/i, ""));
  const inverse = (swap || dated) && pairs.some((pair) => pair.endsWith("/USD"));
  const contract: Contract = inverse ? "inverse" : dated ? "future" : swap ? "perp" : "spot";
  const series: Series | undefined = /^fundingrates$/i.test(kind)
    ? "funding"
    : /^candlesticks$/i.test(kind)
      ? contract === "spot"
        ? "spot"
        : "perp"
      : undefined;
  return {source: "okx", venue: "okx", pairs, contract, series, other: series ? undefined : kind.toLowerCase()};
}

/**
 * Reads names of public.bybit.com: `kline_for_metatrader4/BTCUSDT/2025/BTCUSDT_60_2025-01-01_2025-01-31`, minutes in
 * the name.
 */
function bybitPublic(folders: readonly string[], stem: string): NameFacts | undefined {
  const place = folders.find((folder) => /^(kline_for_metatrader4|premium_index|spot_index|trading)$/.test(folder));
  if (place === undefined) return undefined;
  const symbol = /^[A-Z0-9]+?(?=\d{4}-\d{2}-\d{2}|_|$)/.exec(stem)?.[0] ?? stem;
  const minutes = /_(\d+)_\d{4}-\d{2}-\d{2}/.exec(stem)?.[1];
  const pairs = readingsOf(symbol);
  const series: Series | undefined =
    place === "kline_for_metatrader4"
      ? "perp"
      : place === "premium_index"
        ? "premium"
        : place === "spot_index"
          ? "index"
          : undefined;
  return {
    source: "bybit",
    venue: "bybit",
    pairs,
    contract: pairs.some((pair) => pair.endsWith("/USD")) ? "inverse" : "perp",
    series,
    timeframe: minutes && timeframeOfMinutes(Number(minutes)),
    other: series ? undefined : "trades"
  };
}

const timeframeOfMinutes = (minutes: number): string | undefined =>
  [`${minutes}m`, `${minutes / 60}h`, `${minutes / 1_440}d`].find((text) => isTimeframe(text));

const FREQTRADE: Readonly<Record<string, Series>> = {
  futures: "perp",
  mark: "mark",
  index: "index",
  spot: "spot",
  premiumIndex: "premium",
  funding_rate: "funding"
};

/** Reads names of freqtrade's `user_data/data`: `BTC_USDT-1h`, `futures/BTC_USDT_USDT-8h-funding_rate`. */
function freqtradeFile(folders: readonly string[], stem: string): NameFacts | undefined {
  const match = /^([A-Za-z0-9]+)_([A-Z]+)(?:_([A-Z]+))?-(\d+[mhdwM])(?:-([a-zA-Z_]+))?$/.exec(stem);
  if (!match) return undefined;
  const [base, quote] = [match[1]!, match[2]!];
  const [margin, timeframe, type] = match.slice(3);
  if (!isQuote(quote) || (type !== undefined && !(type in FREQTRADE))) return undefined;
  if (type === undefined && margin !== undefined) return undefined;
  const series = type === undefined ? "spot" : FREQTRADE[type]!;
  // A coin that margins its own contract makes it inverse.
  const inverse = margin !== undefined && margin !== quote;
  return {
    source: "freqtrade",
    venue:
      folders.at(-1) === "futures" ? folders.at(-2) && plainVenue(folders.at(-2)!) : plainVenue(folders.at(-1) ?? ""),
    pairs: readingsOf(`${base}_${quote}`),
    contract: inverse ? "inverse" : series === "spot" ? "spot" : "perp",
    series,
    timeframe: series === "funding" ? undefined : isTimeframe(timeframe!) ? timeframe : undefined
  };
}

/** A folder of freqtrade is named after its exchange; any other name says nothing. */
const plainVenue = (folder: string): string | undefined => (isVenue(folder) ? folder : undefined);

/** Reads names of CryptoDataDownload: `Binance_BTCUSDT_1h`, `BTCUSDT_Binance_futures_UM_hour`. */
function cryptoDataDownload(stem: string): NameFacts | undefined {
  const futures = /^([A-Z0-9]+)_Binance_futures_(UM|CM)_(hour|minute|day)$/.exec(stem);
  if (futures) {
    const contract = futures[2] === "CM" ? "inverse" : "perp";
    return {
      source: "cryptodatadownload",
      venue: "binance",
      pairs: readingsOf(futures[1]!),
      contract,
      series: "perp",
      timeframe: CDD_FRAMES[futures[3]!]
    };
  }
  const spot = /^([A-Z][A-Za-z]+)_([A-Z0-9]+)_(?:\d{4}_)?(1h|4h|d|1d|m|1m|minute|hour|day)(?:_.*)?$/.exec(stem);
  if (!spot || readingsOf(spot[2]!).length === 0) return undefined;
  return {
    source: "cryptodatadownload",
    venue: spot[1]!.toLowerCase(),
    pairs: readingsOf(spot[2]!),
    contract: "spot",
    series: "spot",
    timeframe: CDD_FRAMES[spot[3]!] ?? spot[3]
  };
}
const CDD_FRAMES: Readonly<Record<string, string>> = {hour: "1h", minute: "1m", m: "1m", day: "1d", d: "1d"};

/**
 * Reads names of Kraken Futures: `PF_XBTUSD` is linear, `PI_XBTUSD` inverse, `FI_XBTUSD_250328` and `FF_…` are dated.
 */
function krakenFutures(folders: readonly string[], stem: string): NameFacts | undefined {
  const match = /^(PF|PI|FI|FF)_([A-Z0-9]+)(_\d{6})?(?=[-_.]|$)/.exec(stem);
  if (!match) return undefined;
  const rest = words(folders, stem.slice(match[0].length));
  const contract = match[1] === "PF" ? "perp" : match[1] === "PI" ? "inverse" : "future";
  return {...rest, source: "kraken", venue: undefined, pairs: readingsOf(match[2]!), contract};
}

/** Whole words of plain names that tell the series, in the order in which they are believed. */
const SERIES_WORDS: readonly (readonly [readonly string[], Series])[] = [
  [["funding", "fundingrate", "fundingrates", "funding_rate", "fundingratehistory"], "funding"],
  [["premium", "premiumindex", "premiumindexklines"], "premium"],
  [["openinterest", "oi", "metrics"], "open-interest"],
  [["borrow", "borrowrate", "interestrate", "marginrate"], "borrow"],
  [["mark", "markprice", "markpriceklines"], "mark"],
  [["index", "indexprice", "indexpriceklines"], "index"],
  [["perp", "perps", "perpetual", "perpetuals", "swap", "swaps", "linear", "futures", "um"], "perp"],
  [["spot"], "spot"]
];

/** Reads plain names: the nearest whole word tells the series, the one symbol in the file's name the pair. */
function words(folders: readonly string[], stem: string): NameFacts {
  const inverse = [...folders, stem].some((part) => INVERSE.test(wordsOf(part).join(" ")));
  const {pairs, dated, dayTs} = pairsIn(stem);
  const series = [stem, ...[...folders].reverse()].map(seriesIn).find((found) => found !== undefined);
  const spread = wordsOf(stem);
  const timeframe = [...spread, ...[...folders].reverse().flatMap(wordsOf)].find((word) => isTimeframe(word));
  const contract: Contract | undefined = inverse ? "inverse" : dated ? "future" : undefined;
  return {
    source: undefined,
    pairs,
    contract,
    series,
    timeframe,
    dayTs,
    perpOf: pairs.length === 0 ? perpOf(stem) : undefined,
    coin: pairs.length === 0 && isCoinName(stem) ? baseName(stem) : undefined
  };
}

/** Whole words of a name that mark contracts margined in their coin: a folder named `x4cM9` says nothing. */
const INVERSE = /(?:^| )(?:cm|inverse|coinm|coin m)(?: |$)/i;

/** True for a word that tells a series and is no coin: `funding-EUR` is funding in an account of euros. */
const isSeriesWord = (word: string): boolean =>
  !isCoin(word) && SERIES_WORDS.some(([names]) => names.includes(word.toLowerCase()));

/** True for a whole name that is meant as a coin: `LINK.csv` is, `link.csv` may be a word, and `perp.csv` tells its series. */
const isCoinName = (stem: string): boolean =>
  isCoin(stem) &&
  (stem === stem.toUpperCase() || !isWord(stem)) &&
  !SERIES_WORDS.some(([names]) => names.includes(stem.toLowerCase()));

const wordsOf = (text: string): string[] => text.split(/[-_.\s]+/).filter((word) => word !== "");

function seriesIn(part: string): Series | undefined {
  // `markPriceKlines` is one word of a name and three of a sentence: both are tried, the whole first.
  const whole = wordsOf(part);
  const lower = [...whole, ...whole.slice(1).map((word, i) => whole[i]! + word)].map((word) => word.toLowerCase());
  return SERIES_WORDS.find(([names]) => names.some((name) => lower.includes(name)))?.[1];
}

const VENUES =
  "binance bybit okx okex gate gateio kraken krakenfutures bitget htx hyperliquid kucoin bitmex mexc deribit";
/** True for the name of a venue that files come from. */
export const isVenue = (word: string): boolean => VENUES.split(" ").includes(word.toLowerCase());

/** `coinglass-BTC` is a title and a coin: only a known coin is quoted in another coin. */
const isLikely = (pair: string): boolean => !isCoin(quoteOf(pair)) || isCoin(baseOf(pair));

/** Returns the coin before `PERP` in a name or a symbol that has no quote. */
export const perpOf = (text: string): string | undefined =>
  /(?:^|[-_.\s])([A-Z0-9]{2,})[-_]?PERP(?=[-_.\s]|$)/.exec(text)?.[1];

/**
 * Returns the pairs that the words of a name may mean, whether one of them is a dated future, and the day that stands
 * behind one.
 */
function pairsIn(stem: string): {pairs: string[]; dated: boolean; dayTs: number | undefined} {
  const list = wordsOf(stem);
  const found = new Map<string, boolean>();
  let dayTs: number | undefined;
  for (let i = 0; i < list.length; i++) {
    const word = list[i]!;
    const next = list[i + 1];
    const isPlain = !isTimeframe(word) && !isVenue(word) && !isSeriesWord(word);
    const separated = next !== undefined && isQuote(next) && isPlain ? readingsOf(`${word}-${next}`) : [];
    const readings = (separated.length > 0 ? separated : isCoin(word) ? [] : readingsOf(word)).filter(isLikely);
    if (readings.length === 0) continue;
    if (separated.length > 0) i++;
    // `BTC_USDT_USDT` and `BTC-USDT-USDT` name the settlement currency behind the pair, and a delivery stands behind both
    const settlement = list[i + 1];
    if (settlement !== undefined && isQuote(settlement)) i++;
    const after = list[i + 1];
    const dated = after !== undefined && isDelivery(after);
    for (const pair of readings) found.set(pair, dated);
    dayTs = dayOf(list[i + 1]) ?? dayTs;
  }
  return {pairs: [...found.keys()], dated: [...found.values()].some(Boolean), dayTs};
}

/** A word behind a symbol that names a delivery: `240628`, `27JUN25`, `25MAR28`, `QUARTER`, `CURRENT`. */
const isDelivery = (word: string): boolean =>
  (/^\d{6}$/.test(word) && isExpiry(word)) ||
  /^\d{1,2}(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\d{2}$/i.test(word) ||
  /^(bi)?quarter(ly)?$|^current$|^next$/i.test(word);

/** Returns the beginning of a day like `20250328`, UTC ms. */
function dayOf(word: string | undefined): number | undefined {
  if (word === undefined || !/^20\d{6}$/.test(word) || !isExpiry(word.slice(2))) return undefined;
  return Date.UTC(Number(word.slice(0, 4)), Number(word.slice(4, 6)) - 1, Number(word.slice(6)));
}

/** Returns true for a day on which futures end, like `240628`; `202401` is a month of an archive. */
function isExpiry(text: string): boolean {
  const [year, month, day] = [text.slice(0, 2), text.slice(2, 4), text.slice(4, 6)].map(Number) as [
    number,
    number,
    number
  ];
  return year >= 18 && year <= 40 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
