import {exclusionsOf, UNIVERSE, type Exclusion} from "../../src/lib/strategy/universe.js";
import {withLake} from "../lake/reader.js";
import {rowsOf} from "../store/database.js";
import {readInstrument, type ListedInstrument} from "../store/instruments.js";
import {literal} from "../store/key.js";

/** A perp of a universe, and what keeps it from being traded. */
export interface UniverseRow {
  venue: string;
  pair: string;
  launchTs: number | null;
  delistTs: number | null;
  turnover24h: string | null;
  /** `listed`: in the venue's list of that day; `launch`: no list is that old, told from launch and end */
  basis: "listed" | "launch";
  /** the instant of the list it is told from */
  observedTs: number;
  exclusions: Exclusion[];
}

/**
 * The perps that a venue listed at an instant, those that have ended since included (§8.14). It is read from
 * the newest list at or before the instant; before the first list, from what the lists say of launches and ends, which
 * misses pairs that had gone before anybody looked.
 * @param coverage share of rows by pair, where there is data; without it the coverage rule is left out
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
      const lived = (i: ListedInstrument) =>
        listed !== undefined || (i.launchTs !== undefined && i.launchTs <= atMs && !(i.delistTs && i.delistTs <= atMs));
      const spots = new Set(all.filter((i) => i.market === "spot" && i.active).map((i) => `${i.coin}/${i.quote}`));
      return all
        .filter((i) => i.market === "perp" && lived(i))
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
