import type {Page} from "playwright-core";
import {expect, it} from "vitest";
import {axe} from "../helpers/axe.js";
import {openPage} from "../helpers/browser.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("data");

const RULES = "timeframe=8h&strategy=simple&minRate=0.0002&exitRate=0.00005&expectedHoldPeriods=60&from=2024-01-01";

/** Each strategy page with its work done: everything that is ever on it stands there. */
const PAGES: Record<string, {path: string; done: (page: Page) => Promise<void>}> = {
  builder: {
    path: `builder?pairs=BTC/USDT,SOL/USDT&${RULES}&variantB=balanced&grid=minRate=0.0001:0.0003:0.0001`,
    done: async (page) => {
      await page.locator("figure", {hasText: "Sensitivity to each input"}).locator("svg").waitFor({timeout: 60_000});
      await page.getByText("Costs, capital and margin").click();
      await page.getByRole("button", {name: "Run the sweep"}).click();
      await page.locator(".sweep .answer").waitFor({timeout: 120_000});
      await page.locator("summary", {hasText: "Every trial of this visit"}).click();
    }
  },
  replay: {
    path: `replay?pairs=BTC/USDT&${RULES}`,
    done: async (page) => {
      await page.locator("[data-trade]").first().click();
      await page.getByText("Rules and pairs of this run").click();
      await page.locator(".trade svg").waitFor();
    }
  },
  decision: {
    path: "decision",
    done: async (page) => {
      await page.getByText("testing ").or(page.locator(".keys")).first().waitFor();
      await expect.poll(() => page.locator("progress:visible").count(), {timeout: 120_000}).toBe(0);
    }
  },
  distributions: {
    path: "distributions",
    done: async (page) => page.locator("figure", {hasText: "Correlation between pairs"}).locator("svg").waitFor()
  }
};

for (const [name, {path, done}] of Object.entries(PAGES)) {
  it(`${name} passes axe with its work done, in both themes, and fits a phone`, async () => {
    for (const theme of ["light", "dark"] as const) {
      const {page, problems} = await openPage(site.url + path, {theme});
      await done(page);
      expect(await axe(page), theme).toEqual([]);
      const marks = await page.evaluate(
        () => document.querySelectorAll("main svg :is(path,line,rect,circle,text)").length
      );
      expect(marks).toBeLessThan(10_000);
      expect(problems).toEqual([]);
      await page.context().close();
    }
    const {page, problems} = await openPage(site.url + path, {width: 390});
    await done(page);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    ).toBeLessThanOrEqual(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });
}
