import type {Series} from "../../../src/lib/market/pair.js";
import type {Field} from "../../rows.js";

/** What a file may say of a row beside the stored fields. */
export const NOTES = ["symbol", "pair", "coin", "venue"] as const;
/** `clock` is the time of the day where `ts` is the day alone. */
export type Note = (typeof NOTES)[number] | "clock";

const namesOf = (text: string): readonly string[] => text.split(" ");

/** Names that files use for a field, the most specific first; compared without case, blanks and punctuation. */
const ALIASES: Record<Exclude<Field | Note, "intervalSource" | "value" | "clock"> | "closeTs", readonly string[]> = {
  ts: [
    "tsms fundingtime fundingratetimestamp calctime opentime startat starttime openat candlebegintime",
    "ts timestamp unix unixtimestamp epoch unixtime time start createtime",
    "datetime date dt day index",
    // pandas writes an index without a name to Parquet as this
    "indexlevel0",
    "datumzeit zeitstempel datum zeit fechahora fecha hora dateheure horodatage heure 开盘时间 时间戳 时间 日期时间 日期"
  ].flatMap((line) => line.split(" ")),
  closeTs: ["closetime", "endtime", "closeat", "candleendtime"],
  rate: [
    "realizedrate realfundingrate settledrate settledfundingrate lastfundingrate",
    "relativefundingrate fundingraterelative",
    "fundingrate fundingratevalue rate funding",
    "finanzierungsrate tasadefinanciación tasadefinanciacion tauxdefinancement 资金费率",
    "fundingratebps fundingbps ratebps fundingratepct fundingpct ratepct fundingratepercent fundingpercent ratepercent"
  ].flatMap((line) => line.split(" ")),
  interval: ["fundingintervalhours", "intervalhours", "fundinginterval", "interval"],
  open: namesOf("open openprice o eröffnung eröffnungskurs eroeffnung apertura ouverture 开盘价 开盘"),
  high: namesOf("high highprice h highest hoch höchstkurs hoechstkurs máximo maximo plushaut 最高价 最高"),
  low: namesOf("low lowprice l lowest tief tiefstkurs mínimo minimo plusbas 最低价 最低"),
  close: namesOf(
    "close closeprice c markprice indexprice price schluss schlusskurs cierre clôture cloture 收盘价 收盘 kurs"
  ),
  volume: namesOf("volccy basevolume volumebase basevol volume vol v volumen 成交量 tickvol"),
  turnover: [
    "turnover",
    "quotevolume",
    "quoteassetvolume",
    "volumequote",
    "volquote",
    "volccyquote",
    "quotevol",
    "quoteturnover",
    "vquote"
  ],
  // OKX's `oi` counts contracts, `oi_ccy` coins
  notional: ["sumopeninterestvalue", "openinterestvalue", "notional"],
  known: ["known", "knownts", "knownat", "availableat"],
  symbol: ["instid", "instrumentname", "symbol", "instrument", "market", "ticker", "pairsymbol"],
  pair: ["pair"],
  coin: ["asset", "coin", "ccy", "currency"],
  venue: ["venue", "exchange"]
};

/** Names of the one value of an observation, by series; of borrow rates those that say what they are paid for come first. */
const VALUE_ALIASES: Readonly<Record<"borrow" | "open-interest" | "own", readonly string[]>> = {
  borrow: [
    "hourlyborrowrate hourlyinterestrate hourlyrate",
    "dailyinterestrate dailyborrowrate dailyrate",
    "annualinterestrate annualborrowrate annualrate yearlyinterestrate yearlyrate apr",
    "borrowrate interestrate rate"
  ].flatMap((line) => line.split(" ")),
  "open-interest": ["sumopeninterest", "openinterest", "oiccy"],
  own: ["value"]
};

/** Columns that stand in no table of settlements: what is next, what is predicted, the last price. */
export const FORECAST_NAMES = new Set([
  "nextfundingtime",
  "nextfundingtimestamp",
  "fundingtimestamp",
  "nextfundingrate",
  "predictedfundingrate",
  "estimatedfundingrate",
  "indicativefundingrate",
  "lastprice",
  "localtimestamp",
  "bestbid",
  "bestask",
  "bid1price",
  "ask1price"
]);

/** Returns a header cell as names are compared: `Funding Rate (%)` and `funding_rate/资金费率` are `fundingrate`. */
export function plainName(cell: string): string {
  const text = cell.trim().replace(/^["']|["']$/g, "");
  const western = /^[\x20-\x7e]+(?=\/[^\x20-\x7e])/.exec(text)?.[0] ?? text;
  return western
    .replace(/\([^)]*\)|\[[^\]]*\]|%/g, "")
    .replace(/[\s_\-.<>]/g, "")
    .toLowerCase();
}

/** Returns the names of a field in a file of a kind of rows: a series, or `funding` and `candles`. */
export function aliasesOf(field: Exclude<Field | Note, "intervalSource" | "clock"> | "closeTs", kind: string) {
  if (field !== "value") return ALIASES[field];
  if (kind === "borrow" || kind === "open-interest") return VALUE_ALIASES[kind];
  return [...VALUE_ALIASES.own, plainName(kind.slice("own:".length))];
}

/** Returns true for the four prices of a candle. */
export const isPrice = (field: string): field is "open" | "high" | "low" | "close" =>
  field === "open" || field === "high" || field === "low" || field === "close";

/** Returns names of a price, those that name its own series first (`mark_open`, `indexPrice`), and none that names another's. */
export function pricesOf(
  field: "open" | "high" | "low" | "close",
  aliases: readonly string[],
  series: Series
): string[] {
  const own = [`${series}${field}`, `${field}${series}`, `${series}price${field}`];
  const price = `${series}price`;
  return [
    ...own,
    ...(field === "close" ? [price] : []),
    ...aliases.filter((alias) => !/^(mark|index)price$/.test(alias))
  ];
}
