import {existsSync, mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {build, importData} from "./site.js";

/** What the sites that the browser tests share are built from. */
export const SITES = ["empty", "data"] as const;
export type SiteName = (typeof SITES)[number];

/** A built site with the data directory it was built from. */
export interface BuiltSite {
  kind: "real" | "made" | "empty";
  data: string;
  dist: string;
}

/** Builds a site over no data or over imported data into a folder, where it is not there already. */
export async function buildSite(folder: string, name: SiteName): Promise<BuiltSite> {
  const stamp = join(folder, `${name}.json`);
  if (existsSync(stamp)) return JSON.parse(readFileSync(stamp, "utf8")) as BuiltSite;
  const data = join(folder, name);
  mkdirSync(data);
  const kind = name === "empty" ? "empty" : await importData(data);
  const site: BuiltSite = {kind, data, dist: join(folder, `${name}-dist`)};
  build(site.data, site.dist);
  writeFileSync(stamp, JSON.stringify(site));
  return site;
}
