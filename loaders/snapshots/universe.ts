import {exclusionsOf, UNIVERSE, type Exclusion} from "../../src/lib/strategy/universe.js";
import {withLake} from "../lake/reader.js";
import {rowsOf} from "../store/database.js";
import {readInstrument, type ListedInstrument} from "../store/instruments.js";
import {literal} from "../store/key.js";

/** A perp of a venue's universe, and what excludes it from trading. */
interface UniverseRow {
  venue: string;
  pair: string;
  launchTs: number | null;
  delistTs: number | null;
  turnover24h: string | null;
  /** `listed`: in the venue's listing of that day; `launch`: no listing is that old, inferred from launch and end */
  basis: "listed" | "launch";
  /** time of the listing used, UTC ms */
  observedTs: number;
  exclusions: Exclusion[];
}

/**
 * Returns the perps that a venue listed at an instant (UTC ms), including those that have ended since
 * (§8.14). They come from the newest listing at or before it. Before the first listing they are inferred from listed
 * launches and ends, which misses pairs that had ended by then.
 * @param coverage fraction of rows present by pair; without it the coverage rule is skipped
 */
export async function universeAt(
  dataDir: string,
  venue: string,
  atMs: number,
  coverage?: ReadonlyMap<string, number>
): Promise<UniverseRow[]> {
  return withLake(
    dataDir,
    async ({connection}) => {
      const [list] = await rowsOf<{at: number | null; first: number | null}>(
        connection,
        `select max(ts) filter (ts <= ${atMs}) as at, min(ts) as first from instruments where venue = ${literal(venue)}`
      );
      const listed = list?.at ?? undefined;
      const rows = await rowsOf<Record<string, string | number | boolean | null>>(
        connection,
        listed === undefined
          ? `select * from instruments where venue = ${literal(venue)}
               qualify row_number() over (partition by market, pair order by ts) = 1`
          : `select * from instruments where venue = ${literal(venue)} and ts = ${listed}`
      );
      const all = rows.map((row) => ({...readInstrument(row), observedTs: Number(row.ts)}));
      const existed = (i: ListedInstrument) =>
        listed !== undefined || (i.launchTs !== undefined && i.launchTs <= atMs && !(i.delistTs && i.delistTs <= atMs));
      const spots = new Set(all.filter((i) => i.market === "spot" && i.active).map((i) => `${i.coin}/${i.quote}`));
      return all
        .filter((i) => i.market === "perp" && existed(i))
        .map((i): UniverseRow => {
          const share = coverage ? coverage.get(i.pair) : 1;
          return {
            venue,
            pair: i.pair,
            launchTs: i.launchTs ?? null,
            delistTs: i.delistTs || null,
            turnover24h: i.turnover24h ?? null,
            basis: listed === undefined ? "launch" : "listed",
            observedTs: i.observedTs,
            exclusions: exclusionsOf(
              {
                pair: i.pair,
                turnover24h: i.turnover24h === undefined ? undefined : Number(i.turnover24h),
                spotActive: spots.has(`${i.coin}/${i.quote}`),
                coverage: share
              },
              UNIVERSE
            )
          };
        })
        .sort((a, b) => Number(b.turnover24h ?? -1) - Number(a.turnover24h ?? -1) || (a.pair < b.pair ? -1 : 1));
    },
    {only: (part) => part.series === "instruments"}
  );
}
