import {expect, it} from "vitest";
import {openPage} from "../helpers/browser.js";
import {lookAtEveryPage} from "../helpers/every-page.js";
import {pagesOf} from "../helpers/site.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("data");

it("every page on imported data opens without an error, passes axe, fits both themes and widths, and shows source, age and coverage", () =>
  lookAtEveryPage(site, async (page, path) => {
    if (path === "404") return;
    const bar = await page.locator(".page-bar").innerText();
    expect(bar, path).toMatch(/import · binance/);
    expect(bar, path).toMatch(/data as of \d{4}-\d\d-\d\d \d\d:\d\d UTC \(.+ ago\)/);
    expect(bar, path).toMatch(/coverage [\d.]+ %/);
  }));

it("page of every pair opens without an error", async () => {
  const pairs = pagesOf(site.dist).filter((path) => path.startsWith("pairs/"));
  expect(pairs.length).toBe(site.kind === "real" ? 15 : 2);
  for (const path of pairs) {
    const {page, problems} = await openPage(site.url + path);
    expect(problems, path).toEqual([]);
    expect(await page.locator("figure svg").count(), path).toBeGreaterThan(5);
    await page.context().close();
  }
});
