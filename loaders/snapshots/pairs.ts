import {roundTrip, type Costs} from "../../src/lib/market/costs.js";
import {pairSlug} from "../../src/lib/market/pair.js";
import {text} from "../../src/lib/money/decimal.js";
import {withLake, type Lake} from "../lake/reader.js";
import {FEATURE_SERIES} from "../lake/features.js";
import {literal} from "../store/key.js";
import {queryColumns, toArrow} from "./arrow.js";
import {statusOf} from "./status.js";

/**
 * Returns the files of every pair's page, by path: `BTC-USDT/meta.json`, `BTC-USDT/settlements.arrow`,
 * `BTC-USDT/daily.arrow`. Each holds the rows of all venues, with a `venue` column.
 */
export async function pairFiles(dataDir: string, costs: Costs, nowMs: number): Promise<Record<string, Uint8Array>> {
  const status = statusOf(dataDir, nowMs);
  const pairs = [...new Set(status.series.filter((s) => s.series === "funding").map((s) => s.pair))];
  const files: Record<string, Uint8Array> = {};
  for (const pair of pairs) {
    const own = status.series.filter((s) => s.pair === pair);
    const meta = {
      pair,
      slug: pairSlug(pair),
      venues: [...new Set(own.map((s) => s.venue))],
      simulated: status.simulated,
      series: own,
      instrument: "assumed",
      costs: {
        spotFee: text(costs.spotFee),
        perpFee: text(costs.perpFee),
        slippageBps: text(costs.slippageBps),
        roundTrip: text(roundTrip(costs))
      }
    };
    files[`${meta.slug}/meta.json`] = new TextEncoder().encode(JSON.stringify(meta));
    await withLake(
      dataDir,
      async (lake) => {
        files[`${meta.slug}/settlements.arrow`] = toArrow(await settlements(lake, pair));
        files[`${meta.slug}/daily.arrow`] = toArrow(await daily(lake, pair));
      },
      {only: (part) => part.pair === pair && (part.series === "funding" || FEATURE_SERIES.includes(part.series))}
    );
  }
  return files;
}

/** Returns settlements with the spot and perp opens known at their instant, the basis, and the rolling statistics. */
async function settlements({connection}: Lake, pair: string) {
  return queryColumns(
    connection,
    `select f.venue, f.ts, f.boundary_ts as "boundaryTs", f.rate, f.interval_hours as "intervalHours",
       f.interval_source as "intervalSource", f.rate8h, x.spot_open as "spotOpen", x.perp_open as "perpOpen", x.basis,
       x.mean7, x.sd7, x.z7, x.mean30, x.sd30, x.z30, x.mean90, x.sd90, x.z90
     from funding f left join features_funding x on x.venue = f.venue and x.pair = f.pair and x.ts = f.boundary_ts
     where f.pair = ${literal(pair)} order by f.venue, f.boundary_ts`
  );
}

/** Returns complete UTC days of the perp with the spot's close; indicators are known at the end of their day. */
async function daily({connection}: Lake, pair: string) {
  return queryColumns(
    connection,
    `select venue, ts, open, high, low, close, volume, turnover, spot_close as "spotClose", basis as "basisClose",
       vol30 as "realisedVol30", atr14, rsi14, ema20, ema50
     from features_price where pair = ${literal(pair)} order by venue, ts`
  );
}
