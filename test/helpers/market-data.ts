import {DuckDBInstance} from "@duckdb/node-api";
import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {
  candlesOf,
  type Candle,
  type Candles,
  type FundingRow,
  type MarketData
} from "../../src/lib/market/marketdata.js";
import {pairFromVenueSymbol} from "../../src/lib/market/pair.js";
import type {Timeframe} from "../../src/lib/time/grid.js";

function csv(path: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const names = header!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((value, i) => [names[i]!, value])));
}

const candleRow = ({ts, open, ...row}: Record<string, string>): Candle => ({
  ts: Number(ts),
  open: Number(open),
  ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
});

/** Reads a made case: `funding.csv`, `spot.csv`, `perp.csv` and optionally `mark.csv` in one folder. */
export function marketDataFromCsv(dir: string, pair: string, timeframe: Timeframe): MarketData {
  const candles = (name: string) => candlesOf(timeframe, csv(join(dir, name)).map(candleRow));
  return {
    pair,
    timeframe,
    funding: csv(join(dir, "funding.csv")).map(({ts, rate}) => ({tsMs: Number(ts), rate: rate!})),
    spot: candles("spot.csv"),
    perp: candles("perp.csv"),
    mark: existsSync(join(dir, "mark.csv")) ? candles("mark.csv") : undefined
  };
}

async function query(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows as unknown[][];
}

async function candles(path: string, timeframe: Timeframe): Promise<Candles> {
  const rows = await query(`select ts, open, high, low, close, volume from '${path}' order by ts`);
  return candlesOf(
    timeframe,
    rows.map(([ts, open, high, low, close, volume]) => ({
      ts: Number(ts),
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: Number(volume)
    }))
  );
}

/** Reads one symbol of the real Binance data, e.g. `BTCUSDT`. */
export async function realMarketData(dir: string, symbol: string, timeframe: "1h" | "8h"): Promise<MarketData> {
  const funding: FundingRow[] = (
    await query(`select ts, rate from '${dir}/funding/${symbol}.parquet' order by ts`)
  ).map(([ts, rate]) => ({tsMs: Number(ts), rate: String(rate)}));
  return {
    pair: pairFromVenueSymbol(symbol)!,
    timeframe,
    funding,
    spot: await candles(`${dir}/candles-${timeframe}-spot/${symbol}.parquet`, timeframe),
    perp: await candles(`${dir}/candles-${timeframe}-perp/${symbol}.parquet`, timeframe)
  };
}
