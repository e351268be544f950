import {existsSync, mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {serveDist} from "./server.js";
import {build, importData} from "./site.js";

/** A built site with the data directory it was built from. */
export interface BuiltSite {
  kind: "real" | "made" | "empty";
  data: string;
  dist: string;
}

/** Returns a site over no data or over imported data, built once for all browser tests. */
export function siteOf(name: "empty" | "data"): BuiltSite {
  const folder = process.env.CARRYBOOK_TEST_SITES;
  if (!folder) throw new Error("missing CARRYBOOK_TEST_SITES: run with vitest.browser.config.ts");
  const stamp = join(folder, `${name}.json`);
  if (existsSync(stamp)) return JSON.parse(readFileSync(stamp, "utf8")) as BuiltSite;
  const data = join(folder, name);
  mkdirSync(data);
  const site: BuiltSite = {
    kind: name === "empty" ? "empty" : importData(data),
    data,
    dist: join(folder, `${name}-dist`)
  };
  build(site.data, site.dist);
  writeFileSync(stamp, JSON.stringify(site));
  return site;
}

/** Returns the same, served on its own port. */
export async function serveSite(
  name: "empty" | "data"
): Promise<BuiltSite & {url: string; close: () => Promise<void>}> {
  const site = siteOf(name);
  return {...site, ...(await serveDist(site.dist))};
}
