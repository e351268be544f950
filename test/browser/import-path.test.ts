import {once} from "node:events";
import {mkdirSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import type {Page} from "playwright-core";
import {afterEach, describe, expect, it} from "vitest";
import {HOUR_MS} from "../../src/lib/time/grid.js";
import {axe} from "../helpers/axe.js";
import {drawn, openPage} from "../helpers/browser.js";
import {bybitReply} from "../helpers/bybit-venue.js";
import {linkOf, spawnCli} from "../helpers/cli-process.js";
import {answer, serve} from "../helpers/http.js";
import {siteOf} from "../helpers/sites.js";
import {tmp} from "../helpers/tmp.js";

declare global {
  interface Window {
    /** cumulative layout shift, summed in the page */
    layoutShift: number;
  }
}

const closing: (() => Promise<unknown> | void)[] = [];
const {dist} = siteOf("empty");
const LONG = {timeout: 60_000, interval: 250};
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An engine over a venue that is no simulation, and so has a store that files may enter. */
async function startEngine(): Promise<string> {
  const venue = await serve((url, reply) => answer(reply, bybitReply({now: Date.now}, url)));
  const data = join(tmp(), "data");
  const child = spawnCli(["engine", "--mode", "data", "--url", venue.url, "--port", "0", "--data", data], {
    CARRYBOOK_DIST: dist
  });
  const ended = once(child, "exit");
  closing.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return linkOf(child);
}

const START = Date.UTC(2026, 0, 1);
const candles = (stamp: (ms: number) => string): string =>
  ["timestamp,open,high,low,close,volume"]
    .concat(
      Array.from({length: 72}, (_, i) => `${stamp(START + i * HOUR_MS)},${100 + i},${103 + i},${99 + i},${101 + i},5`)
    )
    .join("\n");

/** A dump as Binance serves it, candles as pandas writes them, a dated future, and a file that is no data. */
function mixedFolder(): string {
  const folder = join(tmp(), "downloads");
  const files = {
    "futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2026-01.csv": [
      "calc_time,funding_interval_hours,last_funding_rate",
      ...Array.from({length: 93}, (_, i) => `${START + i * 8 * HOUR_MS},8,0.0001${i + 10}`)
    ].join("\n"),
    "ETH_USDT_perp_1h.csv": candles((ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ")),
    "BTCUSDT_260327-1h.csv": candles(String),
    "README.md": "not data"
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), {recursive: true});
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Drops files on the form as a person does: over it first, then let go. */
async function drop(page: Page, files: Readonly<Record<string, string>>): Promise<void> {
  const dataTransfer = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const [name, text] of Object.entries(all)) transfer.items.add(new File([text], name));
    return transfer;
  }, files);
  const zone = page.locator(".drop-zone");
  await zone.dispatchEvent("dragover", {dataTransfer});
  expect(await zone.getAttribute("class")).toContain("over");
  await zone.dispatchEvent("drop", {dataTransfer});
}

const said = async (page: Page) => (await page.locator(".drop-said").innerText()).trim();

describe("from files on this machine to histories", () => {
  for (const {theme, width} of [
    {theme: "light", width: 1440},
    {theme: "dark", width: 390}
  ] as const) {
    it(`a mixed folder is dropped, asked about and imported while the engine runs (${theme}, ${width})`, async () => {
      const link = await startEngine();
      const {page, problems} = await openPage(link, {theme, width});
      closing.push(() => page.context().close());
      await drawn(page);
      // The made venue has too few markets for the estimate of the form for venues, which is on the same page.
      await page.route("**/jobs/estimate", (route) =>
        route.fulfill({json: {requests: 0, rows: 0, histories: 0, complete: 0, seconds: 0, pairs: []}})
      );
      await page.goto(new URL("start?from=files", link).href);
      await drawn(page);
      await page.locator(".drop-zone").waitFor();
      await page.evaluate(() => (window.layoutShift = 0));
      await page.locator("#drop-folder").setInputFiles(mixedFolder());
      const store = page.locator(".drop .button--primary");
      await expect.poll(() => store.innerText(), LONG).toBe("Import 1 of 3 files");
      expect(await said(page)).toBe(
        "1 file can be imported with 93 new rows; 1 file needs an answer; 1 file is left out."
      );
      const rows = page.locator(".drop-table > table > tbody > tr:not(.drop-more)");
      await expect.poll(() => rows.count()).toBe(3);
      expect(await rows.filter({hasText: "260327"}).innerText()).toContain("a dated future");
      expect(await rows.filter({hasText: "fundingRate"}).innerText()).toContain("binance BTC/USDT funding");
      await page.getByRole("button", {name: /^First rows of .*fundingRate/}).click();
      expect(await page.locator(".drop-more:not([hidden])").innerText()).toContain("rate from last_funding_rate");
      expect(await axe(page)).toEqual([]);
      await page.getByLabel("Zone of the clock that wrote the stamps").fill("Europe/Berlin");
      await expect.poll(() => store.innerText(), LONG).toBe("Import 2 of 3 files");
      expect(await page.locator(".drop .same").innerText()).toContain("--tz Europe/Berlin");
      const small = await page
        .locator(".drop")
        .evaluate((form) =>
          [...form.querySelectorAll<HTMLElement>(".drop-choose, .pager .button, input[type=text], select")]
            .filter((control) => control.offsetParent !== null && control.getBoundingClientRect().height < 44)
            .map((control) => control.outerHTML)
        );
      expect(small).toEqual([]);
      await store.click();
      await expect.poll(() => said(page), LONG).toContain("2 files imported, 165 rows written");
      expect(await axe(page)).toEqual([]);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth
      );
      expect(over).toBeLessThanOrEqual(0);
      expect(await page.evaluate(() => window.layoutShift)).toBeLessThan(0.05);
      await page.getByRole("link", {name: "Open the Data page"}).click();
      await page.waitForURL("**/data*");
      await drawn(page);
      const series = page.locator("table", {has: page.locator("caption", {hasText: "One row per series"})});
      await expect.poll(() => series.locator("tbody tr").count(), LONG).toBe(2);
      const listed = await series.innerText();
      expect(listed).toMatch(/BTC\/USDT[\s\S]*funding/);
      expect(listed).toMatch(/ETH\/USDT[\s\S]*perp/);
      expect(problems).toEqual([]);
    });
  }

  it("dropped files are uploaded, a file without a header shows its rows to answer by, and all are stored", async () => {
    const link = await startEngine();
    const {page, problems} = await openPage(link, {theme: "light", width: 1440});
    closing.push(() => page.context().close());
    await drawn(page);
    await page.route("**/jobs/estimate", (route) =>
      route.fulfill({json: {requests: 0, rows: 0, histories: 0, complete: 0, seconds: 0, pairs: []}})
    );
    await page.goto(new URL("start?from=files", link).href);
    await drawn(page);
    await page.locator(".drop-zone").waitFor();
    const words: string[] = [];
    await page.exposeFunction("heard", (text: string) => void words.push(text));
    await page.evaluate(() => {
      const line = document.querySelector(".drop-said")!;
      const {heard} = window as unknown as {heard: (text: string) => void};
      new MutationObserver(() => heard(line.textContent)).observe(line, {
        childList: true,
        characterData: true,
        subtree: true
      });
    });
    await drop(page, {
      "ETHUSDT-1h.csv": candles(String).split("\n").slice(1).join("\n"),
      "BTCUSDT-funding.csv": [
        "ts,rate",
        ...Array.from({length: 9}, (_, i) => `${START + i * 8 * HOUR_MS},0.0001`)
      ].join("\n"),
      "notes.md": "not data"
    });
    const store = page.locator(".drop .button--primary");
    await expect.poll(() => store.innerText(), LONG).toBe("Import 1 of 2 files");
    expect(words.some((text) => /^Uploading 1 of 2 files, /.test(text))).toBe(true);
    await page.getByRole("button", {name: "First rows of ETHUSDT-1h.csv"}).click();
    const rows = page.getByRole("region", {name: "First rows of ETHUSDT-1h.csv"});
    expect(await rows.locator("thead th").allInnerTexts()).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(await rows.locator("tbody tr").first().locator("td").allInnerTexts()).toEqual(
      [START, 100, 103, 99, 101, 5].map(String)
    );
    expect(await axe(page)).toEqual([]);
    await page.locator(".drop-questions select").selectOption("perp");
    await expect.poll(() => store.innerText(), LONG).toBe("Import 2 files");
    await store.click();
    await expect.poll(() => said(page), LONG).toContain("2 files imported, 81 rows written");
    expect(problems).toEqual([]);
  });
});
