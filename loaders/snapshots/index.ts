import {parseCosts, type Costs} from "../../src/lib/market/costs.js";
import {baseOf, pairSlug} from "../../src/lib/market/pair.js";
import {text} from "../../src/lib/money/decimal.js";
import {EXPLORER_COLUMNS, type DecisionSnapshot, type Status} from "../../src/lib/market/snapshot.js";
import {readManifest} from "../lake/manifest.js";
import {withLake} from "../lake/reader.js";
import {columnsOf, queryColumns, toArrow, type Columns} from "./arrow.js";
import {rootDir, shownDataDir} from "./data-dir.js";
import {decisionRows} from "./decision.js";
import {explorerRows} from "./explorer.js";
import {marketCaps, type MarketCaps} from "./market-cap.js";
import {pairFiles} from "./pairs.js";
import {seriesFiles, seriesPaths} from "./series.js";
import {statusOf} from "./status.js";

/**
 * Functions for the pages' data loaders. Each works over an empty data directory too, with an empty table of the same
 * columns. All read only the lake, so a writer never delays a page.
 */

/** Returns `status --json` of the data that the pages show. */
export const statusSnapshot = (): Status => statusOf(shownDataDir(), Date.now());

/** Returns one row per venue, pair and range as an Arrow stream; see {@link ExplorerRow} for the columns. */
export async function explorerSnapshot(costs: Costs = parseCosts(loaderCosts())): Promise<Uint8Array> {
  const rows = await explorerRows(shownDataDir(), costs);
  const {byCoin, problem} = await configuredMarketCaps();
  if (problem) console.error(problem);
  for (const row of rows) row.marketCap = byCoin.get(baseOf(row.pair)) ?? null;
  return toArrow(columnsOf(rows, EXPLORER_COLUMNS));
}

/** Returns the members of the pairs' archive, by path. */
export const pairsArchive = (costs: Costs = parseCosts(loaderCosts())): Promise<Record<string, Uint8Array>> =>
  pairFiles(shownDataDir(), costs, Date.now());

/** Returns every pair judged at its newest settlement, with the costs used. */
export async function decisionSnapshot(costs: Costs = parseCosts(loaderCosts())): Promise<DecisionSnapshot> {
  const {spotFee, perpFee, slippageBps} = costs;
  return {
    costs: {spotFee: text(spotFee), perpFee: text(perpFee), slippageBps: text(slippageBps)},
    rows: await decisionRows(shownDataDir(), costs)
  };
}

/** Returns the members of the archive of single histories and their catalogue, by path. */
export const seriesArchive = (): Promise<Record<string, Uint8Array>> => seriesFiles(shownDataDir());

/** Returns the paths of the histories that the built site publishes as separate files. */
export const listSeries = (dataDir = rootDir()): string[] => seriesPaths(shownDataDir(dataDir));

/** Returns market caps if the configuration enables them; by default nothing is requested from the network. */
async function configuredMarketCaps(env: NodeJS.ProcessEnv = process.env): Promise<MarketCaps> {
  if (env.CARRYBOOK_MARKET_CAP_ENABLED !== "true") return {byCoin: new Map(), problem: undefined};
  return marketCaps({url: env.CARRYBOOK_MARKET_CAP_URL ?? "https://api.coingecko.com/api/v3"});
}

/** Returns the costs of the running configuration, which the build passes to its loaders in the environment. */
function loaderCosts(env: NodeJS.ProcessEnv = process.env) {
  const given = {
    spotFee: env.CARRYBOOK_COSTS_SPOT_FEE,
    perpFee: env.CARRYBOOK_COSTS_PERP_FEE,
    slippageBps: env.CARRYBOOK_COSTS_SLIPPAGE_BPS
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Record<string, string>;
}

/** Returns the slugs of the pairs that have a page, e.g. `BTC-USDT`. */
export function listPairs(dataDir = rootDir()): string[] {
  const manifest = readManifest(shownDataDir(dataDir));
  const pairs = manifest?.series.filter((entry) => entry.series === "funding").map((entry) => pairSlug(entry.pair));
  return [...new Set(pairs)].sort();
}

/** Runs SQL over the lake's views (see `openLake`) and returns columns. */
const sqlColumns = (sql: string): Promise<Columns> =>
  withLake(shownDataDir(), ({connection}) => queryColumns(connection, sql));

/** Returns the same as an Arrow stream, for a loader beside a note. */
export const sqlArrow = async (sql: string): Promise<Uint8Array> => toArrow(await sqlColumns(sql));

/** Returns the same as rows of objects. */
export async function sqlRows(sql: string): Promise<Record<string, number | string | boolean | null>[]> {
  const columns = await sqlColumns(sql);
  const names = Object.keys(columns);
  return (columns[names[0]!] ?? []).map((_, i) => Object.fromEntries(names.map((name) => [name, columns[name]![i]!])));
}
