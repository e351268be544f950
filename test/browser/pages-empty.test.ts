import {it} from "vitest";
import {openPage} from "../helpers/browser.js";
import {lookAtEveryPage} from "../helpers/every-page.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("empty");

it("every page on empty data opens without an error, without the network, passes axe, and fits both themes and widths", () =>
  lookAtEveryPage(site));

it("every empty page shows the command to run", async () => {
  for (const path of [
    "",
    "explorer",
    "pairs",
    "distributions",
    "builder",
    "replay",
    "decision",
    "data",
    "notes/",
    "notes/how-to-write-an-analysis",
    "notes/sql-over-the-tables",
    "notes/fundamentals-of-perpetual-futures"
  ]) {
    const {page} = await openPage(site.url + path);
    // the Data page has a second one, for the engine that is off
    await page.locator(".empty", {hasText: "npx carrybook import"}).waitFor();
    await page.context().close();
  }
});
