const HOUR = 3_600_000;

/** A venue with Hyperliquid's replies: hourly settlements and candles since a start, 500 rows and 5,000 candles at most. */
interface MadeHyperliquid {
  now: number;
  /** instant of the first row, on the hour */
  startTs: number;
}

const STEPS: Readonly<Record<string, number>> = {"1m": HOUR / 60, "1h": HOUR, "8h": 8 * HOUR, "1d": 24 * HOUR};
const COINS = ["HYPE", "BTC", "kPEPE"];

/** The rate that settles at an hour, as the venue writes it. */
export const rateAt = (ts: number): string => (0.0000125 + 0.00001 * Math.sin(ts / HOUR / 7)).toFixed(10);

/** Returns the reply to a body of `POST /info`. */
export function hyperliquidReply({now, startTs}: MadeHyperliquid, body: Record<string, any>): unknown {
  switch (body["type"]) {
    case "exchangeStatus":
      return {specialStatuses: null, time: now};
    case "perpDexs":
      return [null];
    case "metaAndAssetCtxs":
      return [
        {universe: COINS.map((name) => ({maxLeverage: 50, name, onlyIsolated: false, szDecimals: 2}))},
        COINS.map(() => ({
          dayNtlVlm: "945058800.2",
          funding: "0.0000125",
          markPx: "30",
          midPx: "30",
          openInterest: "1000",
          oraclePx: "30",
          premium: "0.0001",
          prevDayPx: "29"
        }))
      ];
    case "spotMetaAndAssetCtxs":
      return [
        {
          tokens: ["USDC", "HYPE", "PEPE"].map((name, index) => ({
            name,
            szDecimals: [8, 2, 0][index],
            weiDecimals: 8,
            index,
            tokenId: `0x${index}`,
            isCanonical: true
          })),
          universe: [
            {name: "@107", tokens: [1, 0], index: 0, isCanonical: false},
            {name: "@108", tokens: [2, 0], index: 1, isCanonical: false}
          ]
        },
        [0, 1].map(() => ({dayNtlVlm: "8906000.0", markPx: "30", midPx: "30", prevDayPx: "29"}))
      ];
    case "fundingHistory": {
      const from = Math.max(body["startTime"], startTs);
      const to = Math.min(body["endTime"] ?? now, now);
      const rows: unknown[] = [];
      for (let ts = Math.ceil(from / HOUR) * HOUR; ts + 37 <= to && rows.length < 500; ts += HOUR) {
        rows.push({coin: body["coin"], fundingRate: rateAt(ts), premium: "0.0001", time: ts + 37});
      }
      return rows;
    }
    case "candleSnapshot": {
      const {coin, interval, startTime, endTime} = body["req"];
      const step = STEPS[interval]!;
      const newest = Math.floor(now / step) * step;
      const rows: unknown[] = [];
      const first = Math.max(Math.ceil(startTime / step) * step, newest - 4_999 * step, startTs);
      for (let t = first; t <= Math.min(endTime, now) && rows.length < 5_000; t += step) {
        rows.push({t, T: t + step - 1, s: coin, i: interval, o: "30", h: "30.5", l: "29.5", c: "30.1", v: "100", n: 5});
      }
      return rows;
    }
    default:
      return {};
  }
}
