import {mkdirSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {TestProject} from "vitest/node";
import {launchServer} from "./browser-server.js";
import {buildSite, SITES, type BuiltSite, type SiteName} from "./site-build.js";

declare module "vitest" {
  interface ProvidedContext {
    /** address of the browser that all files share */
    browser: string;
    sites: Record<SiteName, BuiltSite>;
  }
}

/**
 * Creates one folder for the sites that browser tests share, and deletes it at the end. A folder given by
 * `CARRYBOOK_TEST_SITES` is kept with its sites, for repeated runs of one file.
 */
export default async function setup({provide}: TestProject): Promise<() => Promise<void>> {
  const given = process.env.CARRYBOOK_TEST_SITES;
  if (given) mkdirSync(given, {recursive: true});
  const folder = given || mkdtempSync(join(tmpdir(), "carrybook-sites-"));
  const browser = await launchServer();
  provide("browser", browser.wsEndpoint());
  // One after another: builds share the cache of the source folder.
  const sites = {} as Record<SiteName, BuiltSite>;
  for (const name of SITES) sites[name] = await buildSite(folder, name);
  provide("sites", sites);
  return async () => {
    await browser.close();
    if (!given) rmSync(folder, {recursive: true, force: true});
  };
}
