import {afterAll, beforeAll, inject} from "vitest";
import type {BuiltSite, SiteName} from "./site-build.js";
import {serveDist} from "./server.js";

/** A site that was built before the first browser test. */
export const siteOf = (name: SiteName): BuiltSite => inject("sites")[name];

/** The same, served on a port of its own while the tests of a file run; `url` ends in a slash. */
export function useSite(name: SiteName): BuiltSite & {url: string} {
  const site = {...siteOf(name), url: ""};
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    ({url: site.url, close} = await serveDist(site.dist));
  });
  afterAll(() => close?.());
  return site;
}
