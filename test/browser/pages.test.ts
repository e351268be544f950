import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {parquetReadObjects} from "hyparquet";
import type {Page} from "playwright-core";
import {afterAll, describe, expect, it} from "vitest";
import {openPage, drawn, type OpenOptions} from "../helpers/browser.js";
import {hasSharedData} from "../helpers/site.js";
import {useSite} from "../helpers/sites.js";

const folder = mkdtempSync(join(tmpdir(), "carrybook-browser-"));
const site = useSite("data");
const {kind} = site;

afterAll(() => rmSync(folder, {recursive: true, force: true}));

const visit = (path: string, options?: OpenOptions) => openPage(site.url + path, options);

describe("Explorer", () => {
  const column = (page: Page, n: number) => page.locator(`table tbody tr > :nth-child(${n})`).allInnerTexts();

  it("sorts, filters, searches, changes the range, and is restored from its URL", async () => {
    const {page, problems} = await visit("explorer");
    const all = (await column(page, 1)).length;
    await page.getByRole("button", {name: "Mean, bp per 8 h"}).click();
    const means = (await column(page, 7)).map((d) => Number(d.replace("−", "-")));
    expect(means).toEqual([...means].sort((a, b) => b - a));
    expect(await page.locator("th[aria-sort=descending]").innerText()).toContain("Mean");

    await page.getByText("1 y", {exact: true}).click();
    await drawn(page);
    expect(page.url()).toContain("range=1y");
    expect(page.url()).toContain("sort=-mean8h");
    const yearly = (await column(page, 7)).map((d) => Number(d.replace("−", "-")));
    expect(yearly).not.toEqual(means);
    expect(yearly).toEqual([...yearly].sort((a, b) => b - a));

    await page.getByLabel("Search pairs").fill("sol");
    await drawn(page);
    expect(await column(page, 1)).toHaveLength(1);
    expect(await page.locator(".answer").innerText()).toContain("1 pair");
    const url = page.url();
    await page.context().close();

    const again = await openPage(url);
    expect(await column(again.page, 1)).toHaveLength(1);
    expect(await again.page.getByLabel("Search pairs").inputValue()).toBe("sol");
    expect(await again.page.getByRole("radio", {name: "1 y"}).isChecked()).toBe(true);
    await again.page.getByLabel("Search pairs").fill("");
    await drawn(again.page);
    expect(await column(again.page, 1)).toHaveLength(all);
    expect([...problems, ...again.problems]).toEqual([]);
    await again.page.context().close();
  });

  it("works with the keyboard alone", async () => {
    const {page} = await visit("explorer");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    await page.getByRole("radio", {name: "90 d"}).focus();
    await page.keyboard.press("ArrowRight");
    await drawn(page);
    expect(page.url()).toContain("range=1y");
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).value)).toBe("1y");
    const head = page.getByRole("button", {name: "Positive, %"});
    await head.focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("th[aria-sort=descending]").innerText()).toContain("Positive");
    expect(await page.evaluate(() => document.activeElement!.textContent)).toContain("Positive");
    await page.context().close();
  });

  it("downloads what it shows, as CSV and as Parquet, in the order shown", async () => {
    const {page, problems} = await visit("explorer?range=all");
    await page.getByRole("button", {name: "Pair", exact: true}).click();
    const shown = (await column(page, 1)).map((d) => d.split(" ")[0]);
    const save = async (name: RegExp) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", {name}).click()]);
      const path = join(folder, download.suggestedFilename());
      await download.saveAs(path);
      return readFileSync(path);
    };
    const csv = (await save(/as CSV/))
      .toString("utf8")
      .trim()
      .split("\r\n")
      .map((d) => d.split(","));
    expect(csv[0]!.slice(0, 3)).toEqual(["venue", "pair", "range"]);
    expect(csv.slice(1).map((d) => d[1])).toEqual(shown);
    const bytes = await save(/as Parquet/);
    const rows = await parquetReadObjects({file: new Uint8Array(bytes).buffer});
    expect(rows.map((d) => d.pair)).toEqual(shown);
    const mean = csv[0]!.indexOf("mean8h");
    rows.forEach((d, i) => expect(d.mean8h).toBe(Number(csv[i + 1]![mean])));
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("loads at most 600 kB compressed in total", async () => {
    const {page, bytes} = await visit("explorer", {weigh: true});
    const kilobytes = (await bytes()) / 1e3;
    console.log(`explorer: ${kilobytes.toFixed(0)} kB compressed`);
    expect(kilobytes).toBeLessThan(600);
    await page.context().close();
  });

  it("links to the pair's page", async () => {
    const {page, problems} = await visit("explorer?q=btc");
    await page.getByRole("link", {name: "BTC/USDT"}).click();
    await page.waitForURL(/pairs\/BTC-USDT/);
    await drawn(page);
    expect(await page.locator("h1").innerText()).toBe("Would holding BTC/USDT have paid?");
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

describe("Pair", () => {
  const legend = (page: Page) => page.locator(".window [aria-live]").innerText();

  it("changes its window by preset, drag, brush and keyboard, and is restored from its URL", async () => {
    const {page, problems} = await visit("pairs/BTC-USDT");
    const first = await legend(page);
    const answer = await page.locator(".answer").innerText();
    await page.getByRole("button", {name: "30 d"}).click();
    await drawn(page);
    const month = await legend(page);
    expect(month).not.toBe(first);
    expect(await page.locator(".answer").innerText()).not.toBe(answer);

    const box = (await page.locator(".window svg").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.2, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 10, {steps: 5});
    await page.mouse.up();
    await drawn(page);
    const brushed = await legend(page);
    expect(brushed).not.toBe(month);
    await page.mouse.move(box.x + box.width * 0.35, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.45, box.y + 10, {steps: 5});
    await page.mouse.up();
    await drawn(page);
    const moved = await legend(page);
    expect(moved).not.toBe(brushed);

    await page.getByRole("slider", {name: "start of the window"}).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await drawn(page);
    const [start] = (await legend(page)).split(" to ");
    expect(Date.parse(start!) - Date.parse(moved.split(" to ")[0]!)).toBe(2 * 864e5);
    expect(await page.evaluate(() => document.activeElement!.getAttribute("aria-label"))).toBe("start of the window");

    const url = page.url();
    const final = await legend(page);
    expect(problems).toEqual([]);
    await page.context().close();
    const again = await openPage(url);
    expect(await legend(again.page)).toBe(final);
    await again.page.context().close();
  });

  it("redraws the histogram with the selected bins and the break-even", async () => {
    const {page, problems} = await visit("pairs/BTC-USDT?from=2024-01-01&to=2024-04-01");
    const figure = page.locator("figure", {hasText: "Settled rates of the window"});
    const bars = () => figure.locator("svg rect").count();
    const before = await bars();
    const slider = page.getByRole("slider", {name: /Bins/});
    await slider.focus();
    for (let i = 0; i < 8; ++i) await page.keyboard.press("ArrowRight");
    await drawn(page);
    expect(await bars()).toBeGreaterThan(before);
    expect(await figure.innerText()).toContain("break-even 1.70 bp");
    expect(page.url()).toContain("bins=80");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("shows the source of the page on demand", async () => {
    const {page, problems} = await visit("pairs/BTC-USDT");
    await page.getByText("View source").click();
    await expect.poll(() => page.locator("details.source pre").innerText()).toContain("observable.params.pair");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("tolerates an invalid URL", async () => {
    const {page, problems} = await visit("pairs/BTC-USDT?from=2999-01-01&to=1990-01-01&bins=-4&venue=%3Cb%3E");
    expect(await page.locator(".observablehq--error").count()).toBe(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

describe("Data", () => {
  it("filters its series and shows their holes", async () => {
    const {page, problems} = await visit("data");
    await page.getByText("with holes", {exact: true}).click();
    await drawn(page);
    expect(page.url()).toContain("show=holes");
    await page.getByLabel("Search series").fill(kind === "real" ? "sol perp 1h" : "sol funding");
    await drawn(page);
    const holes = page.locator("table", {hasText: "Periods without rows"}).locator("tbody tr");
    const rows = (await holes.allInnerTexts()).map((d) => d.split("\t"));
    if (kind === "real") expect(rows.map((d) => d[4])).toEqual(["72", "48"]);
    else expect(rows.length).toBeGreaterThan(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

it.skipIf(!hasSharedData)("note reproduces the paper's figures from imported data", async () => {
  const {page} = await visit("notes/fundamentals-of-perpetual-futures");
  const rows = (await page.locator("table tbody tr").allInnerTexts()).map((d) =>
    d.split("\t").map((x) => x.replace("−", "-"))
  );
  expect(rows.map((d) => d[0])).toEqual(["BTC/USDT", "ETH/USDT", "BNB/USDT", "DOGE/USDT", "ADA/USDT"]);
  for (const row of rows) {
    expect(Math.abs(Number(row[3])), row.join(" ")).toBeLessThan(0.1);
    expect(Math.abs(Number(row[6])), row.join(" ")).toBeLessThan(0.2);
  }
  expect(await page.locator(".answer").innerText()).toMatch(/^Yes: for 5 of 5 pairs/);
  await page.context().close();
});

it("sidebar search finds every pair", async () => {
  const {page, problems} = await visit("");
  await page.getByRole("searchbox", {name: "Search pages"}).fill("BTC");
  await page.locator("#observablehq-search-results a", {hasText: "BTC/USDT"}).first().waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});
