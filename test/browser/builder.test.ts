import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {openPage} from "../helpers/browser.js";
import {cli} from "../helpers/cli.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("data");
let folder: string;
/** a state that trades on real and on made data alike */
const STATE = "timeframe=8h&strategy=simple&minRate=0.0002&exitRate=0.00005&expectedHoldPeriods=60&from=2024-01-01";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "carrybook-builder-"));
});
afterAll(async () => {
  rmSync(folder, {recursive: true, force: true});
});

const visit = (query: string) => openPage(`${site.url}builder?${query}`);
const ran = (page: Page) => page.getByText(/pairs? run in [\d,]+ ms/).waitFor({timeout: 60_000});
const answer = (page: Page) => page.locator(".answer").first().innerText();
const command = (page: Page) => page.locator(".hand-on code").innerText();

/** Runs the command that the page gives, as a shell would. */
async function runCommand(text: string): Promise<Record<string, any>> {
  const words = text.replace("npx carrybook ", "").split(" ");
  const result = await cli([...words, "--json", "--data", site.data]);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

async function downloadRun(page: Page): Promise<Record<string, any>> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", {name: "Download run as JSON"}).click()
  ]);
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return JSON.parse(readFileSync(path, "utf8"));
}

describe("Builder", () => {
  it("gives exactly the numbers of its command, for one pair and for two", async () => {
    for (const pairs of ["BTC/USDT", "BTC/USDT,SOL/USDT"]) {
      const {page, problems} = await visit(`pairs=${pairs}&${STATE}`);
      await ran(page);
      const {manifest, dataHash, sensitivities, ...expected} = await runCommand(await command(page));
      expect(await downloadRun(page)).toEqual(expected);
      const {totals, metrics} = expected.portfolio;
      expect(totals.trades).toBeGreaterThan(0);
      const keys = (await page.locator(".keys").innerText()).replaceAll("−", "-").replaceAll(",", "");
      expect(keys).toContain(Number(totals.net).toFixed(2));
      expect(keys).toContain((metrics.annualReturn * 100).toFixed(2));
      expect(keys).toContain(`${totals.trades} trade`);
      await expect.poll(() => page.locator(".keys").innerText(), {timeout: 60_000}).toContain("one bar later");
      const delayed = sensitivities.find((d: any) => d.name === "decision one bar later").metrics.annualReturn;
      expect((await page.locator(".keys").innerText()).replaceAll("−", "-")).toContain(
        `one bar later ${(delayed * 100).toFixed(2)} %`
      );
      const won = expected.runs.filter((d: any) => Number(d.totals.net) > 0).length;
      expect(await page.getByText(/pairs? profitable/).innerText()).toContain(
        `${won} of ${pairs.split(",").length} pair`
      );
      expect(problems).toEqual([]);
      expect(manifest.dataHash).toBe(dataHash);
      await page.context().close();
    }
  });

  it("updates as a slider moves, and restores its state from the URL", async () => {
    const {page, problems} = await visit(`pairs=BTC/USDT&${STATE}`);
    await ran(page);
    const before = [await answer(page), await command(page)];
    await page.getByLabel("Enter at a rate of at least").focus();
    for (let i = 0; i < 5; ++i) await page.keyboard.press("ArrowRight");
    await expect.poll(() => command(page)).toContain("minRate=0.00025");
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.key)).toBe("minRate");
    await expect.poll(() => page.url()).toContain("minRate=0.00025");
    const moved = await runCommand(await command(page));
    await expect
      .poll(async () => (await page.locator(".keys").innerText()).replaceAll("−", "-").replaceAll(",", ""))
      .toContain(Number(moved.portfolio.totals.net).toFixed(2));
    expect(await command(page)).not.toBe(before[1]);
    const url = page.url();
    const last = await answer(page);
    const again = await openPage(url);
    await ran(again.page);
    expect(await answer(again.page)).toBe(last);
    expect(await command(again.page)).toContain("minRate=0.00025");
    expect([...problems, ...again.problems]).toEqual([]);
    await page.context().close();
    await again.page.context().close();
  });

  it("keeps its inputs consistent, and explains an inconsistent URL", async () => {
    const {page, problems} = await visit(`pairs=BTC/USDT,NOPE/USDT&${STATE}`);
    await ran(page);
    expect(await command(page)).not.toContain("NOPE");
    await page.getByLabel("Enter at a rate of at least").focus();
    await page.keyboard.press("Home");
    await expect.poll(() => command(page)).toContain("minRate=0 exitRate=0");
    const bad = await visit(`pairs=BTC/USDT&strategy=simple&minRate=lots&timeframe=8h`);
    await ran(bad.page);
    await bad.page.getByText("Costs, capital and margin").click();
    await bad.page.getByLabel("Capital, quote").fill("-3");
    await bad.page.getByLabel("Capital, quote").press("Tab");
    await expect.poll(() => bad.page.locator(".strategy > .problem").innerText()).toContain("must be above 0");
    expect([...problems, ...bad.problems]).toEqual([]);
    await page.context().close();
    await bad.page.context().close();
  });

  it("copies the config, and compares a variant with the current settings", async () => {
    const {page, problems} = await visit(`pairs=BTC/USDT&${STATE}`);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await ran(page);
    await page.getByRole("button", {name: "Copy config"}).click();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    expect(parseConfig(copied.config)).toEqual(
      parseConfig({strategy: "simple", minRate: "0.0002", exitRate: "0.00005", expectedHoldPeriods: "60"})
    );
    await page.getByRole("button", {name: "Copy command"}).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await command(page));

    await page.getByRole("button", {name: "Keep this variant for comparison"}).click();
    await page.getByLabel("Strategy or preset").selectOption("aggressive");
    await expect.poll(() => command(page)).toContain("--strategy aggressive");
    const table = page.locator("table", {hasText: "Variants on the same pairs"});
    await expect.poll(() => table.locator("tbody tr").count()).toBe(2);
    await expect.poll(async () => (await table.locator("tbody tr").nth(1).innerText()).split("\t")[2]).toMatch(/\d/);
    expect(page.url()).toContain("variantB=simple");
    await page.getByRole("button", {name: "Use B", exact: true}).click();
    await expect.poll(() => command(page)).toContain("--strategy simple --set minRate=0.0002");
    await page.getByRole("button", {name: "Remove B", exact: true}).click();
    await expect.poll(() => table.count()).toBe(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("sweeps in workers while the page stays responsive, tests the best, and counts every trial", async () => {
    const grid = "minRate=0.0001:0.0004:0.0001;exitRate=0,0.00005";
    const {page, problems} = await visit(`pairs=BTC/USDT&${STATE}&grid=${grid}`);
    await ran(page);
    await expect.poll(() => page.locator(".sweep").innerText()).toContain("8 combinations × 1 pair");
    await page.getByRole("button", {name: "Run the sweep"}).click();
    await page.getByLabel("Pairs", {exact: true}).fill("typed while it works");
    await page.locator(".sweep .answer").waitFor({timeout: 120_000});
    expect(await page.locator(".sweep svg").count()).toBe(1);
    const words = await page.locator(".sweep .answer").innerText();
    expect(words).toMatch(/of 8 trials the best is minRate .* exitRate/);
    expect(words).toContain("Holding one hedge throughout made");
    expect(await page.getByText(/You have tried \d+ variants/).innerText()).toMatch(
      /tried 9 variants|tried 8 variants/
    );

    const result = await cli([
      "sweep",
      "--pairs",
      "BTC/USDT",
      "--strategy",
      "simple",
      "--set",
      "expectedHoldPeriods=60",
      "minRate=0.0002",
      "exitRate=0.00005",
      "--grid",
      ...grid.split(";"),
      "--from",
      "2024-01-01",
      "--timeframe",
      "8h",
      "--json",
      "--data",
      site.data
    ]);
    expect(result.code, result.stderr).toBe(0);
    const best = JSON.parse(result.stdout).best[0];
    const row = (await page.locator(".sweep table").first().locator("tbody tr").innerText())
      .replaceAll("−", "-")
      .split("\t");
    expect(row[1]).toBe(
      Object.entries(best.best.params)
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(", ")
    );
    expect(row[2]).toBe(Number(best.totals.net).toFixed(2));
    expect(row[8]).toBe(best.baselines.holdThrough.net.toFixed(2));
    await page.getByRole("button", {name: "Use the best settings"}).click();
    await expect
      .poll(() => command(page))
      .toContain(`minRate=${best.best.params.minRate}`.replace("minRate=0.0003", ""));
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("sweep can be cancelled, and its best is then not tested", async () => {
    const grid = "minRate=0:0.0005:0.000002;exitRate=-0.0001:0.0004:0.00001";
    const {page, problems} = await visit(`pairs=BTC/USDT&${STATE}&grid=${grid}`);
    await ran(page);
    await page.getByRole("button", {name: "Run the sweep"}).click();
    await page.getByRole("button", {name: "Cancel"}).click();
    await expect.poll(() => page.locator(".sweep").innerText(), {timeout: 60_000}).toMatch(/Cancelled/);
    expect(await page.locator(".sweep .answer").count()).toBe(0);
    await page.getByLabel("First parameter").selectOption("leverage");
    await expect.poll(() => page.locator(".sweep").innerText()).toContain("combinations");
    await page.getByLabel("from:to:step, or a,b,c").first().fill("5:1:1");
    await expect.poll(() => page.locator(".sweep .problem").innerText()).toContain("ends before it starts");
    expect(await page.getByRole("button", {name: "Run the sweep"}).isDisabled()).toBe(true);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
