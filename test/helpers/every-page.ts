import type {Page} from "playwright-core";
import {expect} from "vitest";
import {axe} from "./axe.js";
import {openPage} from "./browser.js";
import {pagesOf} from "./site.js";

/** Themes and widths in which every page is looked at: each of both once, as neither depends on the other. */
const LOOKS = [
  {theme: "light", width: 1440},
  {theme: "dark", width: 320}
] as const;

const marks = (page: Page) =>
  page.evaluate(() => document.querySelectorAll("main svg :is(path,line,rect,circle,text)").length);
const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Pages of a site to look at: one pair and its neighbour stand for all pairs. */
export const samplePages = (dist: string): string[] =>
  pagesOf(dist).filter((path) => !/^pairs\/(?!SOL|BTC)/.test(path));

/**
 * Opens every page of a site in both themes, narrow and wide, and expects no error, no request to the network, one
 * heading, nothing that axe finds, no horizontal scroll, and no shift while it loads.
 * @param also more to expect of a page
 */
export async function lookAtEveryPage(
  {url, dist}: {url: string; dist: string},
  also?: (page: Page, path: string) => Promise<void>
): Promise<void> {
  const found: string[] = [];
  for (const path of samplePages(dist)) {
    for (const look of LOOKS) {
      const where = `${path} ${look.theme} at ${look.width}`;
      const {page, problems} = await openPage(url + path, look);
      expect(problems, where).toEqual([]);
      expect(await page.locator(".observablehq--error").count(), where).toBe(0);
      expect(await page.locator("h1").count(), where).toBe(1);
      expect(await marks(page), where).toBeLessThan(10_000);
      expect(await overflow(page), where).toBeLessThanOrEqual(0);
      expect(await page.evaluate(() => (window as any).layoutShift), where).toBeLessThan(0.05);
      await also?.(page, path);
      found.push(...(await axe(page)).map((finding) => `${where}: ${finding}`));
      await page.context().close();
    }
  }
  expect(found).toEqual([]);
}
