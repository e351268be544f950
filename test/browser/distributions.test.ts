import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {describe, expect, it} from "vitest";
import {withLake} from "../../loaders/lake/reader.js";
import {openPage, drawn} from "../helpers/browser.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("data");

const visit = (query = "") => openPage(`${site.url}distributions?${query}`);
const loaded = (page: Page) =>
  page
    .getByText(/settlements of \d+ histor/)
    .first()
    .waitFor();
const rows = async (page: Page) =>
  (await page.locator("table", {hasText: "All figures"}).locator("tbody tr").allInnerTexts()).map((d) =>
    d.replaceAll("−", "-").replaceAll(",", "").split("\t")
  );
const svgs = (page: Page) => page.locator("figure .plot > svg").count();

describe("Distributions", () => {
  it("shows the figures of the lake for the selected pairs and range", async () => {
    const {page, problems} = await visit("pairs=BTC/USDT,SOL/USDT&from=2024-01-10&to=2024-03-10");
    await loaded(page);
    const shown = await rows(page);
    const expected = await withLake(site.data, async ({connection}) => {
      const reader = await connection.runAndReadAll(`
        select pair, count(rate8h)::int, avg(rate8h) * 1e4, quantile_cont(rate8h, 0.25) * 1e4, median(rate8h) * 1e4, max(rate8h) * 1e4,
          avg((rate8h >= 0.00017)::int) filter (rate8h is not null) * 100
        from funding where pair in ('BTC/USDT', 'SOL/USDT') and boundary_ts >= epoch_ms(timestamp '2024-01-10')
          and boundary_ts < epoch_ms(timestamp '2024-03-10') group by pair order by pair`);
      return reader.getRows();
    });
    expect(shown.map((d) => d[0])).toEqual(["BTC/USDT", "SOL/USDT"]);
    shown.forEach((row, i) => {
      const [, n, mean, q1, median, most, above] = expected[i]!.map(Number);
      expect(Number(row[1])).toBe(n);
      const pairs = [
        [row[2], mean],
        [row[5], q1],
        [row[6], median],
        [row[8], most]
      ] as const;
      for (const [text, value] of pairs) expect(Math.abs(Number(text) - value!)).toBeLessThan(0.0051);
      expect(Math.abs(Number(row[10]) - above!)).toBeLessThan(0.051);
    });
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("draws every shape, adds and removes pairs, and is restored from its URL", async () => {
    const {page, problems} = await visit("pairs=BTC/USDT");
    await loaded(page);
    expect(await page.getByText("Choose a second pair to compare with.").count()).toBe(1);
    await page.getByLabel("Pairs", {exact: true}).fill("sol");
    await page.getByLabel("Pairs", {exact: true}).press("Enter");
    await expect.poll(async () => (await rows(page)).length).toBe(2);
    for (const shape of ["cumulative", "box", "ridgeline", "histogram"]) {
      await page.getByText(shape, {exact: true}).click();
      await drawn(page);
      expect(
        await page.locator("figure", {hasText: "Settled rates side by side"}).locator(".plot > svg").count(),
        shape
      ).toBe(1);
    }
    expect(await svgs(page)).toBe(7);
    await page.getByText("ridgeline", {exact: true}).click();
    await drawn(page);
    const again = await openPage(page.url());
    await loaded(again.page);
    expect(await rows(again.page)).toEqual(await rows(page));
    expect(await again.page.getByRole("radio", {name: "ridgeline"}).isChecked()).toBe(true);
    await page.getByRole("button", {name: "remove BTC/USDT"}).click();
    await expect.poll(async () => (await rows(page)).map((d) => d[0])).toEqual(["SOL/USDT"]);
    expect([...problems, ...again.problems]).toEqual([]);
    await page.context().close();
    await again.page.context().close();
  });

  it("sorts and saves its table, and reports an empty range", async () => {
    const {page, problems} = await visit("pairs=BTC/USDT,SOL/USDT");
    await loaded(page);
    await page.getByRole("button", {name: "Mean", exact: true}).click();
    const means = (await rows(page)).map((d) => Number(d[2]));
    expect(means).toEqual([...means].sort((a, b) => b - a));
    const folder = mkdtempSync(join(tmpdir(), "carrybook-distributions-"));
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", {name: /as CSV/}).click()
    ]);
    await download.saveAs(join(folder, "d.csv"));
    const csv = readFileSync(join(folder, "d.csv"), "utf8")
      .trim()
      .split("\r\n")
      .map((d) => d.split(","));
    rmSync(folder, {recursive: true});
    expect(csv.slice(1).map((d) => d[0])).toEqual((await rows(page)).map((d) => d[0]));
    expect(Number(csv[1]![3]) * 1e4).toBeCloseTo(means[0]!, 2);
    await page.getByLabel("From, UTC").fill("2031-01-01");
    await expect.poll(() => page.getByText("No settlement in this range.").count()).toBeGreaterThan(3);
    expect(await page.locator(".answer").innerText()).toContain(
      "Choose at least one pair with settlements in the range"
    );
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
