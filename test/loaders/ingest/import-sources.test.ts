import {gzipSync} from "node:zlib";
import {float64, setCompressionCodec, tableFromArrays, tableToIPC, timestamp, CompressionType} from "@uwdata/flechette";
import {strToU8, zipSync} from "fflate";
import lz4 from "lz4js";
import {describe, expect, it} from "vitest";
import type {Given} from "../../../loaders/ingest/import/index.js";
import {imported, tree, type Imported} from "../../helpers/imports.js";
import {HOUR, T0} from "../../helpers/store.js";

/** What each file was taken for or left out as: `spot 1h BTC/USDT × 5`, `refused contract`. */
async function takenFrom(
  files: Record<string, string | Uint8Array>,
  given: Partial<Given> = {}
): Promise<{taken: Record<string, string>; result: Imported}> {
  const dir = tree(files);
  const result = await imported(dir, given);
  const taken = result.files.map(({file, state, code, taken: own, rows}) => {
    const name = file.slice(dir.length + 1);
    const history = own && `${own.series} ${own.timeframe ?? ""} ${own.pair} × ${rows}`.replace("  ", " ");
    return [name, code === null ? history : `${state} ${code}`];
  });
  return {taken: Object.fromEntries(taken) as Record<string, string>, result};
}

const hours = (count: number, step = HOUR) => Array.from({length: count}, (_, i) => T0 + i * step);
const iso = (ts: number) => new Date(ts).toISOString();
const zip = (name: string, text: string) => zipSync({[name]: strToU8(text)});

const KLINES =
  "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore";
const kline = (ts: number, unit = 1, step = HOUR) =>
  `${ts * unit},42000.1,42100,41900,42050,10,${(ts + step) * unit - 1},420500,99,5,210000,0`;
const klines = (header: boolean, unit = 1) =>
  [...(header ? [KLINES] : []), ...hours(5).map((ts) => kline(ts, unit))].join("\n");
const RATES = ["0.0001", "0.00012", "-0.00003", "0.00008", "0.0002"];
const fundingDump = [
  "calc_time,funding_interval_hours,last_funding_rate",
  ...hours(5, 8 * HOUR).map((ts, i) => `${ts + i},8,${RATES[i]}`)
].join("\n");

describe("files of the sources that people have", () => {
  it("Binance's public dump", async () => {
    const at = (folder: string, name: string, text: string) => ({
      [`${folder}/${name}.zip`]: zip(`${name}.csv`, text),
      [`${folder}/${name}.zip.CHECKSUM`]: `0123  ${name}.zip`
    });
    const um = "data/futures/um";
    const {taken, result} = await takenFrom({
      ...at("data/spot/monthly/klines/BTCUSDT/1h", "BTCUSDT-1h-2024-01", klines(false)),
      ...at("data/spot/daily/klines/ETHUSDT/1h", "ETHUSDT-1h-2025-01-01", klines(false, 1_000)),
      ...at(
        "data/spot/monthly/aggTrades/BTCUSDT",
        "BTCUSDT-aggTrades-2024-01",
        "1,42000,1,1,1,1704067200000,true,true"
      ),
      ...at(`${um}/monthly/klines/BTCUSDT/1h`, "BTCUSDT-1h-2024-01", klines(true)),
      ...at(`${um}/monthly/klines/BTCUSDT_240628/1h`, "BTCUSDT_240628-1h-2024-01", klines(true)),
      ...at(`${um}/monthly/markPriceKlines/BTCUSDT/1h`, "BTCUSDT-1h-2024-01", klines(true)),
      ...at(`${um}/monthly/indexPriceKlines/BTCUSDT/1h`, "BTCUSDT-1h-2024-01", klines(true)),
      ...at(`${um}/monthly/premiumIndexKlines/BTCUSDT/1h`, "BTCUSDT-1h-2024-01", klines(true)),
      ...at(`${um}/monthly/fundingRate/BTCUSDT`, "BTCUSDT-fundingRate-2024-01", fundingDump),
      ...at(
        `${um}/daily/metrics/BTCUSDT`,
        "BTCUSDT-metrics-2024-01-01",
        "create_time,symbol,sum_open_interest\n2024-01-01 00:05:00,BTCUSDT,1"
      ),
      ...at(`${um}/daily/trades/BTCUSDT`, "BTCUSDT-trades-2024-01-01", "id,price,qty\n1,42000,1"),
      ...at("data/futures/cm/monthly/klines/BTCUSD_PERP/1h", "BTCUSD_PERP-1h-2024-01", klines(true)),
      ...at("data/futures/cm/monthly/fundingRate/BTCUSD_PERP", "BTCUSD_PERP-fundingRate-2024-01", fundingDump)
    });
    const short = Object.fromEntries(
      Object.entries(taken).map(([name, what]) => [name.replace(/^data\/(.*)\/[^/]+\.zip\/[^/]+$/, "$1"), what])
    );
    expect(short).toEqual({
      "spot/monthly/klines/BTCUSDT/1h": "spot 1h BTC/USDT × 5",
      "spot/daily/klines/ETHUSDT/1h": "spot 1h ETH/USDT × 5",
      "spot/monthly/aggTrades/BTCUSDT": "refused not-history",
      "futures/um/monthly/klines/BTCUSDT/1h": "perp 1h BTC/USDT × 5",
      "futures/um/monthly/klines/BTCUSDT_240628/1h": "refused contract",
      "futures/um/monthly/markPriceKlines/BTCUSDT/1h": "mark 1h BTC/USDT × 5",
      "futures/um/monthly/indexPriceKlines/BTCUSDT/1h": "index 1h BTC/USDT × 5",
      "futures/um/monthly/premiumIndexKlines/BTCUSDT/1h": "premium 1h BTC/USDT × 5",
      "futures/um/monthly/fundingRate/BTCUSDT": "funding BTC/USDT × 5",
      "futures/um/daily/metrics/BTCUSDT": "open-interest 5m BTC/USDT × 1",
      "futures/um/daily/trades/BTCUSDT": "refused not-history",
      "futures/cm/monthly/klines/BTCUSD_PERP/1h": "refused contract",
      "futures/cm/monthly/fundingRate/BTCUSD_PERP": "refused contract"
    });
    expect(result.funding.map(({rate}) => rate)).toEqual(RATES);
    expect(result.candles.find(({series}) => series === "perp")).toMatchObject({
      open: "42000.1",
      volume: "10",
      turnover: "420500"
    });
  });

  it("Bybit's public files", async () => {
    const bars = (symbol: string, start: (ts: number) => string) =>
      [
        "start_at,symbol,period,open,high,low,close",
        ...hours(5).map((ts) => `${start(ts)},${symbol},60,1,2,0.5,1.5`)
      ].join("\n");
    const {taken} = await takenFrom(
      {
        "kline_for_metatrader4/BTCUSDT/2024/BTCUSDT_60_2024-01-01_2024-01-31.csv.gz": gzipSync(
          hours(5)
            .map((ts) => `${iso(ts).slice(0, 16).replace("T", " ").replaceAll("-", ".")},1,2,0.5,1.5,10`)
            .join("\n")
        ),
        "trading/BTCUSDT/BTCUSDT2024-01-01.csv.gz": gzipSync(
          "timestamp,symbol,side,size,price,tickDirection,trdMatchID\n1704067200.1,BTCUSDT,Buy,1,42000,PlusTick,x"
        ),
        "spot/BTCUSDT/BTCUSDT_2024-01-01.csv.gz": gzipSync(
          "id,timestamp,price,volume,side\n1,1704067200123,42000,0.1,buy\n2,1704067200456,42001,0.2,sell"
        ),
        "premium_index/BTCUSDT/BTCUSDT2024-01-01_premium_index.csv.gz": gzipSync(
          bars("BTCUSDT", (ts) => String(ts / 1_000))
        ),
        "spot_index/BTCUSD/BTCUSD2024-01-01_index_price.csv.gz": gzipSync(bars("BTCUSD", (ts) => String(ts / 1_000)))
      },
      {venue: "bybit"}
    );
    expect(taken).toEqual({
      "kline_for_metatrader4/BTCUSDT/2024/BTCUSDT_60_2024-01-01_2024-01-31.csv.gz": "perp 1h BTC/USDT × 5",
      "trading/BTCUSDT/BTCUSDT2024-01-01.csv.gz": "refused not-history",
      "spot/BTCUSDT/BTCUSDT_2024-01-01.csv.gz": "refused columns",
      "premium_index/BTCUSDT/BTCUSDT2024-01-01_premium_index.csv.gz": "premium 1h BTC/USDT × 5",
      "spot_index/BTCUSD/BTCUSD2024-01-01_index_price.csv.gz": "refused contract"
    });
  });

  it("OKX's downloads", async () => {
    const candles = (name: string, volumes: string) =>
      [
        "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm",
        ...hours(5, 60_000).map((ts) => `${name},42000,42100,41900,42050,${volumes},${ts},1`)
      ].join("\n");
    const rates = [
      "instrument_name/合约名,contract_type/合约类型,funding_rate/资金费率,real_funding_rate/实际资金费率,funding_time/资金费时间",
      ...hours(5, 8 * HOUR).flatMap((ts, i) => [
        `BTC-USDT-SWAP,SWAP,0.0009,${RATES[i]},${ts}`,
        `BTC-USD-SWAP,SWAP,0.0009,0.0007,${ts}`,
        `ETH-USDT-SWAP,SWAP,0.0009,0.0008,${ts}`
      ])
    ].join("\n");
    const files = {
      "BTC-USDT-candlesticks-2024-01-01.zip": zip(
        "BTC-USDT-candlesticks-2024-01-01.csv",
        candles("BTC-USDT", "10,420500,420500")
      ),
      "BTC-USDT-SWAP-candlesticks-2024-01-01.zip": zip(
        "BTC-USDT-SWAP-candlesticks-2024-01-01.csv",
        candles("BTC-USDT-SWAP", "1000,10,420500")
      ),
      "BTC-USD-SWAP-candlesticks-2024-01-01.zip": zip("x.csv", candles("BTC-USD-SWAP", "1000,10,420500")),
      "BTC-USDT-240628-candlesticks-2024-01-01.zip": zip("x.csv", candles("BTC-USDT-240628", "1000,10,420500")),
      "BTC-USDT-SWAP-trades-2024-01-01.zip": zip(
        "x.csv",
        "instrument_name,trade_id,side,price\nBTC-USDT-SWAP,1,buy,42000"
      ),
      "allswap-fundingrates-2024-01-01.csv": rates
    };
    const {taken, result} = await takenFrom(files, {venue: "okx", pair: "BTC/USDT"});
    expect(Object.values(taken)).toEqual([
      "refused contract",
      "refused contract",
      "perp 1m BTC/USDT × 5",
      "refused not-history",
      "spot 1m BTC/USDT × 5",
      "funding BTC/USDT × 5"
    ]);
    // the actual rates, and none of the inverse swap, whose coin is the same
    expect(result.funding.map(({rate}) => rate)).toEqual(RATES);
    expect(result.candles.map(({series, volume, turnover}) => [series, volume, turnover])).toEqual([
      ...Array<unknown>(5).fill(["perp", "10", "420500"]),
      ...Array<unknown>(5).fill(["spot", "10", "420500"])
    ]);
    const asked = await takenFrom({"allswap-fundingrates-2024-01-01.csv": rates}, {venue: "okx"});
    expect(Object.values(asked.taken)).toEqual(["open several-pairs"]);
  });

  it("freqtrade's data folder, Feather with LZ4 and JSON", async () => {
    setCompressionCodec(CompressionType.LZ4_FRAME, {
      encode: (bytes) => lz4.compress(bytes),
      decode: (bytes) => lz4.decompress(bytes)
    });
    const feather = (stamps: number[], open: number[]) =>
      tableToIPC(
        tableFromArrays(
          {
            date: stamps,
            open,
            high: open.map((x) => x * 2),
            low: open.map((x) => x / 2),
            close: open,
            volume: open.map(() => 3)
          },
          {
            types: {
              date: timestamp(1, "UTC"),
              open: float64(),
              high: float64(),
              low: float64(),
              close: float64(),
              volume: float64()
            }
          }
        ),
        {format: "file", codec: CompressionType.LZ4_FRAME}
      )!;
    const json = (stamps: number[], open: number[]) =>
      JSON.stringify(stamps.map((ts, i) => [ts, open[i], open[i]! * 2, open[i]! / 2, open[i], 3]));
    const prices = [1, 2, 3, 4, 5];
    const root = "user_data/data/binance";
    const settled = hours(5, 8 * HOUR);
    const rates = RATES.map(Number);
    expect(Buffer.from(feather(hours(5), prices)).includes(Buffer.from([0x04, 0x22, 0x4d, 0x18]))).toBe(true);
    const {taken, result} = await takenFrom({
      [`${root}/BTC_USDT-1h.feather`]: feather(hours(5), prices),
      [`${root}/ETH_USDT-1h.json`]: json(hours(5), prices),
      [`${root}/futures/BTC_USDT_USDT-1h-futures.feather`]: feather(hours(5), prices),
      [`${root}/futures/BTC_USDT_USDT-1h-mark.feather`]: feather(hours(5), prices),
      [`${root}/futures/BTC_USDT_USDT-8h-funding_rate.feather`]: feather(settled, rates),
      [`${root}/futures/ETH_USDT_USDT-8h-funding_rate.json`]: json(settled, rates),
      [`${root}/futures/ETH_USD_ETH-1h-futures.json`]: json(hours(5), prices)
    });
    expect(taken).toEqual({
      [`${root}/BTC_USDT-1h.feather`]: "spot 1h BTC/USDT × 5",
      [`${root}/ETH_USDT-1h.json`]: "spot 1h ETH/USDT × 5",
      [`${root}/futures/BTC_USDT_USDT-1h-futures.feather`]: "perp 1h BTC/USDT × 5",
      [`${root}/futures/BTC_USDT_USDT-1h-mark.feather`]: "mark 1h BTC/USDT × 5",
      [`${root}/futures/BTC_USDT_USDT-8h-funding_rate.feather`]: "funding BTC/USDT × 5",
      [`${root}/futures/ETH_USDT_USDT-8h-funding_rate.json`]: "funding ETH/USDT × 5",
      [`${root}/futures/ETH_USD_ETH-1h-futures.json`]: "refused contract"
    });
    expect(result.funding.map(({boundary, rate}) => [boundary, rate])).toEqual(
      [0, 1].flatMap(() => settled.map((ts, i) => [ts, RATES[i]]))
    );
  });

  it("CryptoDataDownload, newest first under a line with its address", async () => {
    const bars = (columns: string, row: (ts: number) => string) =>
      ["https://www.CryptoDataDownload.com", columns, ...hours(5).reverse().map(row)].join("\n");
    const wall = (ts: number) => iso(ts).slice(0, 19).replace("T", " ");
    const {taken, result} = await takenFrom({
      "Binance_BTCUSDT_1h.csv": bars(
        "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount",
        (ts) => `${ts},${wall(ts)},BTCUSDT,42000,42100,41900,42050,10,420500,5`
      ),
      "BTCUSDT_Binance_futures_UM_hour.csv": bars(
        "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount",
        (ts) => `${ts},${wall(ts)},BTCUSDT,42000,42100,41900,42050,10,420500,5`
      ),
      "BTCUSD_Binance_futures_CM_hour.csv": bars("Date,Open,High,Low,Close", (ts) => `${wall(ts)},1,2,0.5,1`),
      "Bitstamp_ETHUSD_1h.csv": bars(
        "date,symbol,open,high,low,close,Volume ETH,Volume USD",
        (ts) => `${wall(ts)},ETH/USD,2300,2310,2290,2305,1,2305`
      )
    });
    expect(taken).toEqual({
      "BTCUSDT_Binance_futures_UM_hour.csv": "perp 1h BTC/USDT × 5",
      "BTCUSD_Binance_futures_CM_hour.csv": "refused contract",
      "Binance_BTCUSDT_1h.csv": "spot 1h BTC/USDT × 5",
      "Bitstamp_ETHUSD_1h.csv": "refused other-venue"
    });
    expect(new Set(result.candles.map(({volume, turnover}) => `${volume} ${turnover}`))).toEqual(
      new Set(["10 420500"])
    );
  });

  it("Tardis: a ticker is no list of settlements", async () => {
    const head =
      "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,predicted_funding_rate,open_interest,last_price,index_price,mark_price";
    const {taken} = await takenFrom(
      {
        "bybit_derivative_ticker_2024-01-01_BTCUSDT.csv.gz": gzipSync(
          `${head}\nbybit,BTCUSDT,1704067200000000,1704067200001000,1704096000000000,0.0001,,1,42000,42000,42000`
        ),
        "bybit_trades_2024-01-01_BTCUSDT.csv.gz": gzipSync(
          "exchange,symbol,timestamp,id,side,price,amount\nbybit,BTCUSDT,1704067200000000,1,buy,1,1"
        ),
        "bybit_book_snapshot_5_2024-01-01_BTCUSDT.csv.gz": gzipSync(
          "exchange,symbol,timestamp\nbybit,BTCUSDT,1704067200000000"
        )
      },
      {venue: "bybit"}
    );
    expect(Object.values(taken)).toEqual(["refused not-history", "refused not-history", "refused not-history"]);
  });

  it("pandas: an index of numbers, of dates with and without a zone, and floats", async () => {
    const zoned = (ts: number) => `${iso(ts).slice(0, 19).replace("T", " ")}+00:00`;
    const settled = hours(5, 8 * HOUR);
    const files = {
      "funding/AAVEUSDT.csv": [",ts,rate", ...settled.map((ts, i) => `${i},${ts}.0,${RATES[i]}`)].join("\n"),
      "funding/BTCUSDT.csv": [",rate", ...settled.map((ts, i) => `${zoned(ts)},${RATES[i]}`)].join("\n"),
      "funding/ETHUSDT.csv": [",rate", ...settled.map((ts, i) => `${iso(ts).slice(0, 19)},${RATES[i]}`)].join("\n"),
      "funding/SOLUSDT.csv": [
        "Unnamed: 0,date,fundingRate",
        ...settled.map((ts, i) => `${i},${zoned(ts)},${Number(RATES[i]).toExponential()}`)
      ].join("\n")
    };
    const {taken} = await takenFrom(files);
    expect(Object.values(taken)).toEqual([
      "funding AAVE/USDT × 5",
      "funding BTC/USDT × 5",
      "open tz",
      "funding SOL/USDT × 5"
    ]);
    const told = await takenFrom(files, {tz: "UTC"});
    for (const pair of ["AAVE/USDT", "BTC/USDT", "ETH/USDT", "SOL/USDT"]) {
      const rows = told.result.funding.filter((row) => row.pair === pair);
      expect(rows.map(({boundary, rate}) => [boundary, rate])).toEqual(settled.map((ts, i) => [ts, RATES[i]]));
    }
  });

  it("a wide file that was joined by the hour gives candles, and settlements alone", async () => {
    const rows = hours(40).map((ts, i) => `${ts},42000,42100,41900,42050,10,${RATES[Math.floor(i / 8)]}`);
    const sparse = hours(40).map((ts, i) => `${ts},42000,42100,41900,42050,10,${i % 8 === 0 ? RATES[i / 8] : ""}`);
    const head = "timestamp,open,high,low,close,volume,funding_rate";
    for (const table of [rows, sparse]) {
      const files = {"BTCUSDT-joined.csv": [head, ...table].join("\n")};
      const settled = await takenFrom(files, {series: "funding"});
      expect(settled.result.funding.map(({boundary, rate}) => [boundary, rate])).toEqual(
        hours(5, 8 * HOUR).map((ts, i) => [ts, RATES[i]])
      );
      expect((await takenFrom(files, {series: "perp"})).taken).toEqual({"BTCUSDT-joined.csv": "perp 1h BTC/USDT × 40"});
    }
  });

  it("Kraken, Hyperliquid and Gate", async () => {
    const relative = [
      "timestamp,fundingRate,relativeFundingRate",
      ...hours(5).map((ts, i) => `${iso(ts)},3.${i},${RATES[i]}`)
    ].join("\n");
    const kraken = await takenFrom(
      {"PF_XBTUSD-funding.csv": relative, "PI_XBTUSD-funding.csv": relative, "FI_XBTUSD_240628-1h.csv": klines(true)},
      {venue: "krakenfutures"}
    );
    expect(kraken.taken).toEqual({
      "PF_XBTUSD-funding.csv": "funding BTC/USD × 5",
      "PI_XBTUSD-funding.csv": "refused contract",
      "FI_XBTUSD_240628-1h.csv": "refused contract"
    });
    const hourly = JSON.stringify(
      hours(5).map((time, i) => ({coin: "kPEPE", fundingRate: RATES[i], premium: "0", time: time + 3}))
    );
    const hyperliquid = await takenFrom(
      {"funding.json": hourly},
      {venue: "hyperliquid", pair: "kPEPE/USDC", series: "funding"}
    );
    expect(hyperliquid.taken).toEqual({"funding.json": "funding kPEPE/USDC × 5"});
    // Gate's candles without a header begin with the volume, and its columns fit no other order
    const gate = hours(5)
      .map((ts) => `${ts / 1_000},10,42050,42100,41900,42000`)
      .join("\n");
    const left = await takenFrom(
      {"spot/candlesticks_1h/202401/BTC_USDT-202401.csv.gz": gzipSync(gate)},
      {venue: "gate"}
    );
    expect(Object.values(left.taken)).toEqual(["failed bad-row"]);
    expect(left.result.candles).toEqual([]);
  });
});
