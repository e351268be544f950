import type {FundingRow} from "../../src/lib/market/marketdata.js";
import {withLake, type Lake} from "../lake/reader.js";
import {readManifest} from "../lake/manifest.js";
import {literal} from "../store/key.js";

/** Returns one pair's settlements, complete and exact, oldest first. */
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

/** Returns the settlements of pairs of a venue by pair; pairs that the lake lacks are left out. */
export async function loadFunding(
  dataDir: string,
  venue: string,
  pairs: readonly string[]
): Promise<Map<string, FundingRow[]>> {
  const requested = new Set(pairs);
  const manifest = readManifest(dataDir);
  const present = new Set(
    (manifest?.parts ?? [])
      .filter((part) => part.series === "funding" && part.venue === venue && requested.has(part.pair))
      .map(({pair}) => pair)
  );
  if (present.size === 0) return new Map();
  return withLake(
    dataDir,
    async (lake) => {
      const rows = new Map<string, FundingRow[]>();
      for (const pair of present) rows.set(pair, await readFunding(lake, pair, venue));
      return rows;
    },
    {only: (part) => part.series === "funding" && part.venue === venue && present.has(part.pair)}
  );
}
