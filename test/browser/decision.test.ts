import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {describe, expect, it} from "vitest";
import {loadMarkets} from "../../loaders/snapshots/market-rows.js";
import {weigh} from "../../src/lib/sweep/outofsample.js";
import {parseConfig, PRESETS} from "../../src/lib/strategy/config.js";
import {openPage, drawn} from "../helpers/browser.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("data");

const visit = (query = "") => openPage(`${site.url}decision?${query}`);
const table = (page: Page) => page.locator("table", {hasText: "Every pair at its newest settlement"});
const weighed = (page: Page) => expect.poll(() => page.locator("progress:visible").count(), {timeout: 120_000}).toBe(0);

describe("Decision", () => {
  it("page grades every pair with a light, its reasons, and the preset's out-of-sample result", async () => {
    const {page, problems} = await visit();
    await weighed(page);
    const rows = (await table(page).locator("tbody tr").allInnerTexts()).map((d) => d.replaceAll("−", "-").split("\t"));
    expect(rows.length).toBe(site.kind === "real" ? 15 : 2);
    for (const row of rows) expect(row[1]!.trim()).toMatch(/^([✓!✗]\s*)(Green|Yellow|Red)$/);
    expect(await page.locator(".verdict").innerText()).toMatch(/(Green|Yellow|Red)\s+(There is a case|Wait|No):?/);
    const pair = rows[0]![0]!;
    const timeframe = ["BTC/USDT", "ETH/USDT", "SOL/USDT"].includes(pair) && site.kind === "real" ? "1h" : "8h";
    const [market] = await loadMarkets(site.data, [{pair, timeframe}]);
    const expected = weigh(market!, parseConfig(PRESETS["balanced"]));
    const shown = rows[0]!.at(-4)!.replace(/[▲▼ ,]/g, "");
    expect(shown).toBe(expected.outOfSample ? expected.outOfSample.net.toFixed(2) : "insufficient");
    expect(rows[0]!.at(-2)).toBe((expected.metrics.annualReturn * 100).toFixed(2));
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("page always shows counter-arguments and compares with an adjustable risk-free return", async () => {
    const {page, problems} = await visit();
    await weighed(page);
    const against = () => page.locator(".arguments").innerText();
    for (const word of ["The hurdle", "The worst drawdown", "Losing months and years", "Liquidation"]) {
      expect(await against()).toContain(word);
    }
    expect(await against()).toContain("4.0 % a year");
    await page.getByLabel("Risk-free return, % a year").fill("2.5");
    await expect.poll(against).toContain("2.5 % a year");
    expect(page.url()).toContain("hurdle=2.5");
    expect(await page.locator(".keys").innerText()).toContain("2.5 %");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("page switches rules, tests all pairs on request, and can be cancelled", async () => {
    const {page, problems} = await visit("preset=conservative");
    await weighed(page);
    expect(await page.getByRole("radio", {name: "conservative"}).isChecked()).toBe(true);
    await page.getByText("aggressive", {exact: true}).click();
    await drawn(page);
    await weighed(page);
    expect(page.url()).toContain("preset=aggressive");
    expect(await table(page).locator("caption").innerText()).toContain("the aggressive rules");
    const left = () =>
      table(page)
        .getByRole("button", {name: /^Test [A-Z]/})
        .count();
    if (site.kind === "real") {
      const before = await left();
      expect(before).toBeGreaterThan(3);
      await page.getByRole("button", {name: "Test all pairs"}).click();
      await expect.poll(left, {timeout: 60_000}).toBeLessThan(before);
      await page.getByRole("button", {name: "Cancel"}).click();
      await expect.poll(() => page.getByText(/Cancelled; \d+ pairs? tested/).count()).toBe(1);
      const after = await left();
      expect(after).toBeGreaterThan(0);
      await table(page)
        .getByRole("button", {name: /^Test [A-Z]/})
        .first()
        .click();
      await expect.poll(left, {timeout: 60_000}).toBe(after - 1);
    }
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("table is saved in the order shown, and print omits interactive elements", async () => {
    const {page, problems} = await visit();
    await weighed(page);
    await table(page).getByRole("button", {name: "Pair", exact: true}).click();
    const shown = await table(page).locator("tbody th").allInnerTexts();
    const folder = mkdtempSync(join(tmpdir(), "carrybook-decision-"));
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", {name: /as CSV/}).click()
    ]);
    await download.saveAs(join(folder, "decision.csv"));
    const text = readFileSync(join(folder, "decision.csv"), "utf8");
    rmSync(folder, {recursive: true});
    expect(text.split("\r\n")[0]).toContain("venue,pair,light,label,reasons,newest,rate8h,percentile");
    expect(
      text
        .trim()
        .split("\r\n")
        .slice(1)
        .map((line) => line.split(",")[1])
    ).toEqual(shown);
    await page.emulateMedia({media: "print"});
    for (const hidden of ["#observablehq-sidebar", "details.source"])
      expect(await page.locator(hidden).isVisible()).toBe(false);
    expect(await page.getByRole("button", {name: "Print this page"}).isVisible()).toBe(false);
    for (const kept of [".verdict", ".keys", ".arguments"]) expect(await page.locator(kept).isVisible()).toBe(true);
    expect(await table(page).locator("tbody tr").count()).toBe(shown.length);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
