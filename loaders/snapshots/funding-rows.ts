import type {FundingRow} from "../../src/lib/market/marketdata.js";
import {withLake, type Lake} from "../lake/reader.js";
import {readManifest} from "../lake/manifest.js";
import {literal} from "../store/key.js";

/** One pair's settlements, whole and exact, oldest first; none where there are none. */
export async function readFunding({connection}: Lake, pair: string, venue: string): Promise<FundingRow[]> {
  const reader = await connection.runAndReadAll(
    `select ts::double, rate::varchar, case when interval_source = 'reported' then interval_hours end
     from funding_exact where pair = ${literal(pair)} and venue = ${literal(venue)} order by ts`
  );
  return reader.getRows().map(([ts, rate, hours]) => ({
    tsMs: ts as number,
    rate: rate as string,
    reportedHours: (hours as number | null) ?? undefined
  }));
}

/** The settlements of some pairs of a venue as the lake has them; pairs it does not have are left out. */
export async function loadFunding(
  dataDir: string,
  venue: string,
  pairs: readonly string[]
): Promise<Map<string, FundingRow[]>> {
  const wanted = new Set(pairs);
  const manifest = readManifest(dataDir);
  const there = new Set(
    (manifest?.parts ?? [])
      .filter((part) => part.series === "funding" && part.venue === venue && wanted.has(part.pair))
      .map(({pair}) => pair)
  );
  if (there.size === 0) return new Map();
  return withLake(
    dataDir,
    async (lake) => {
      const rows = new Map<string, FundingRow[]>();
      for (const pair of there) rows.set(pair, await readFunding(lake, pair, venue));
      return rows;
    },
    {only: (part) => part.series === "funding" && part.venue === venue && there.has(part.pair)}
  );
}
