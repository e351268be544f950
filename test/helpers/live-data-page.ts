import type {Page} from "playwright-core";
import {openPage, type OpenOptions} from "./browser.js";
import {afterTest} from "./cleanup.js";
import {fakeEngine, type FakeEngine} from "./fake/engine.js";
import {siteOf} from "./sites.js";

/** The site that the engine serves, without data of its own. */
export const {dist} = siteOf("empty");
/** The engine of the running test; new for each. */
export let engine: FakeEngine;
/** Starts the engine of a test; for the `beforeEach` of a file. */
export async function startEngine(): Promise<void> {
  const started = await fakeEngine(dist);
  engine = started;
  afterTest(() => started.close());
}

export const open = async (path: string, options?: OpenOptions) => {
  const opened = await openPage(engine.url + path, options);
  afterTest(() => opened.page.context().close());
  return opened;
};
export const signedIn = async (options?: OpenOptions) => {
  const opened = await open(`data#ticket=${engine.ticket()}`, options);
  await row(opened.page, "Running jobs", "BTC/USDT perp 1h").waitFor();
  return opened;
};
export const table = (page: Page, caption: string) =>
  page.locator("table", {has: page.locator("caption", {hasText: caption})});
export const row = (page: Page, caption: string, text: string) =>
  table(page, caption).locator("tbody tr", {hasText: text});
export const section = (page: Page) => page.locator(".work-page");
export const said = (page: Page) => page.locator(".work-said").innerText();
export const posts = (path: string) =>
  engine.seen.filter((d) => d.method === "POST" && d.path === path).map((d) => d.body);
export const shift = (page: Page) => page.evaluate(() => (window as any).layoutShift as number);
export const details = (page: Page, title: string) => page.locator("details.more > summary", {hasText: title});
export const jobOf = (id: string) => engine.script.work.jobs.find((d) => d.id === id)!;
