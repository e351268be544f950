import {once} from "node:events";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {afterEach, describe, expect, it} from "vitest";
import {startSim, type Sim} from "../../engine/simulator/api/server.js";
import {axe} from "../helpers/axe.js";
import {openPage, drawn} from "../helpers/browser.js";
import {cli} from "../helpers/cli.js";
import {finished, linkOf, spawnCli} from "../helpers/cli-process.js";
import {serveDist} from "../helpers/server.js";
import {siteOf} from "../helpers/sites.js";
import {tmp} from "../helpers/tmp.js";

const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const closing: (() => Promise<unknown> | void)[] = [];
const {dist} = siteOf("empty");
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An engine over a simulated venue, with a page signed in to it. */
async function start({latencyMs}: {latencyMs: number}) {
  const sim: Sim = await startSim({nowMs: NOW, speed: 0, latencyMs});
  closing.push(() => sim.close());
  const data = join(tmp(), "data");
  const child = spawnCli(["engine", "--mode", "data", "--url", sim.url, "--port", "0", "--data", data], {
    CARRYBOOK_DIST: dist
  });
  const ended = once(child, "exit");
  closing.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const link = await linkOf(child);
  const opened = await openPage(link);
  closing.push(() => opened.page.context().close());
  const faults = async (plan: unknown) => {
    const reply = await fetch(`${sim.url}/sim/faults`, {method: "POST", body: JSON.stringify(plan)});
    expect(reply.status).toBe(200);
  };
  const go = async (path: string) => {
    await opened.page.goto(new URL(path, link).href);
    await drawn(opened.page);
  };
  return {sim, data, child, ended, faults, go, link, ...opened};
}

const table = (page: Page, caption: string) =>
  page.locator("table", {has: page.locator("caption", {hasText: caption})});
const rows = (page: Page, caption: string, text: string) => table(page, caption).locator("tbody tr", {hasText: text});
const text = async (page: Page, selector: string) => (await page.locator(selector).innerText()).trim();
const LONG = {timeout: 90_000, interval: 250};

describe("from nothing to a whole history", () => {
  it("in the browser: started, watched, left and come back to, broken, told in words, mended and whole", async () => {
    const {page, problems, faults, go, sim} = await start({latencyMs: 50});
    const throttle = async (share: string) => {
      await page.locator("summary", {hasText: "Rate limits"}).click();
      await page.getByLabel("Share of the published limit").fill(share);
      await page.getByRole("button", {name: "Apply", exact: true}).click();
      await expect.poll(() => text(page, ".work"), LONG).toContain(`sim now uses ${share} % of its limit`);
    };
    // So slow that a person can watch.
    await go("data");
    await throttle("5");
    // The first page of a fresh install leads there.
    await go("./");
    await page.locator(".empty").getByRole("link", {name: "Get started"}).click();
    await page.waitForURL("**/start");
    await drawn(page);
    await expect.poll(() => page.getByLabel("Address of the simulated venue").inputValue(), LONG).toBe(sim.url);
    await page.getByLabel("selected pairs").check();
    await page.getByLabel("Pairs", {exact: true}).fill("BTC/USDT, ETH/USDT");
    await page.getByLabel("Days of history").fill("30");
    await page.getByLabel("1m", {exact: true}).check();
    await page.getByLabel("1h", {exact: true}).uncheck();
    const estimate = page.locator(".estimate");
    await expect.poll(() => estimate.innerText(), LONG).toMatch(/\d+ requests for about [\d,]+ rows/);
    const before = await estimate.innerText();
    await page.getByLabel("mark", {exact: true}).uncheck();
    await expect.poll(() => estimate.innerText(), LONG).not.toBe(before);
    expect(await estimate.innerText()).toMatch(/6 histories of 2 pairs/);
    expect(await text(page, ".same")).toContain(
      `npx carrybook backfill --url ${sim.url} --pairs BTC/USDT,ETH/USDT --days 30 --series funding,spot,perp --timeframe 1m --demo`
    );
    await page.getByRole("button", {name: "Fetch 30 days of 2 pairs"}).click();
    await page.waitForURL("**/data*");
    await expect.poll(() => text(page, ".work-said"), LONG).toContain("Queued: Fetch history: sim");
    await expect.poll(() => table(page, "Running jobs").locator(".row--history").count(), LONG).toBeGreaterThan(0);
    await expect.poll(() => text(page, ".work-sum"), LONG).toMatch(/[1-9][\d,]* rows fetched/);
    // Candles are no longer served.
    await faults({rate: 1, kinds: ["500"], inARow: 1_000_000, path: "kline"});

    // Another page, and back: nothing is lost.
    await page.locator("#observablehq-sidebar").getByRole("link", {name: "Explorer"}).click();
    await page.waitForURL("**/explorer");
    await page.goBack();
    await drawn(page);
    await table(page, "Running jobs").waitFor();
    await expect.poll(() => rows(page, "Failed", "1m").count(), {...LONG, timeout: 120_000}).toBeGreaterThan(0);
    const failed = rows(page, "Failed", "1m").first();
    expect(await failed.innerText()).toMatch(/50\d/);
    expect(await failed.innerText()).toContain("The venue is down.");
    await failed.getByRole("button", {name: /^Open/}).click();
    const detail = page.locator(".job-detail");
    await expect.poll(() => detail.innerText(), LONG).toContain("attempt 3 of 3");
    expect(await text(page, ".job-log")).toContain("attempt 1 of 3");
    await page.reload();
    await drawn(page);
    // The open job is in the address.
    await expect.poll(() => detail.innerText(), LONG).toContain("attempt 3 of 3");
    await detail.getByRole("button", {name: "Close"}).click();
    await expect
      .poll(() => text(page, ".work-sum"), {...LONG, timeout: 120_000})
      .toMatch(/^No job is running, [1-6] failed/);

    await faults(null);
    await throttle("80");
    await expect.poll(() => text(page, ".work"), LONG).toMatch(/Retry [1-6] failed/);
    await page.getByRole("button", {name: /^Retry [1-6] failed$/}).click();
    await expect.poll(() => text(page, ".work-said"), LONG).toMatch(/[1-6] histor(y|ies) queued again/);
    await expect.poll(() => table(page, "Failed").innerText(), LONG).toContain("No job has failed.");
    await expect.poll(() => text(page, ".work-sum"), LONG).toBe("No job is running");
    const series = table(page, "One row per series");
    await expect.poll(() => series.locator("tbody tr").count(), LONG).toBe(6);
    expect(await series.locator("tbody tr", {hasText: "100.0 %"}).count()).toBe(6);
    await page.locator("summary", {hasText: "Job history"}).click();
    await expect.poll(() => rows(page, "Jobs, newest first", "done").count(), LONG).toBe(1);
    expect(await text(page, "main")).toContain("The other pages were built from older data");
    expect(problems).toEqual([]);
  });

  it("by command line while the engine runs: the page shows it as it comes, and whole at its end", async () => {
    const {page, problems, go, data, sim, child, ended} = await start({latencyMs: 250});
    await go("data");
    await expect.poll(() => text(page, ".work-sum"), LONG).toBe("No job is running");
    const command = finished(
      spawnCli([
        ..."backfill --pairs BTC/USDT,ETH/USDT --days 30 --series funding,perp --timeframe 1m --json".split(" "),
        ...["--url", sim.url, "--data", data, "--demo"]
      ])
    );
    await expect.poll(() => table(page, "Running jobs").locator(".row--batch").count(), LONG).toBe(1);
    const seen = new Set<string>();
    await expect
      .poll(async () => {
        seen.add(await text(page, ".work-sum"));
        return [...seen].at(-1);
      }, LONG)
      .toBe("No job is running");
    expect(seen.size).toBeGreaterThan(2);
    const {code, stderr, stdout} = await command;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("accepted it");
    expect((JSON.parse(stdout) as {batches: unknown[]}).batches).toHaveLength(1);
    await expect.poll(() => table(page, "One row per series").locator("tbody tr").count(), LONG).toBe(4);
    const told = JSON.parse((await cli(["status", "--json", "--data", data, "--demo"])).stdout) as {
      series: {coverage: number}[];
    };
    expect(told.series.map(({coverage}) => coverage)).toEqual([1, 1, 1, 1]);
    await page.getByRole("button", {name: "Check sim BTC/USDT perp 1m"}).click();
    await expect.poll(() => page.locator("main").innerText(), LONG).toMatch(/43,199 rows checked, no hole/);
    await page.getByRole("button", {name: "Refresh sim BTC/USDT perp 1m"}).click();
    await expect.poll(() => page.locator("main").innerText(), LONG).toContain("Queued: Fetch new rows: sim");
    expect(problems).toEqual([]);
    child.kill("SIGTERM");
    expect(((await ended) as [number])[0]).toBe(0);
  });
});

describe("without an engine", () => {
  it("says what to type for each way, with the choices made, in both themes and at every width", async () => {
    const plain = await serveDist(dist);
    closing.push(() => plain.close());
    for (const theme of ["light", "dark"] as const) {
      for (const width of [390, 1024, 1440]) {
        const {page, problems} = await openPage(`${plain.url}start`, {theme, width});
        const main = page.locator("main");
        await expect.poll(() => main.innerText(), LONG).toContain("No engine is running.");
        await page.getByLabel("How many pairs").fill("5");
        await page.getByLabel("Days of history").fill("90");
        expect(await main.innerText()).toContain("npx carrybook engine");
        expect(await main.innerText()).toContain("npx carrybook backfill --venue bybit --top 5 --days 90");
        expect(page.url()).toContain("top=5");
        expect(await axe(page), `${theme} ${width} venue`).toEqual([]);
        await page.getByLabel("the demo").check();
        await expect.poll(() => main.innerText()).toContain("npm start");
        expect(await main.innerText()).toContain("npx carrybook demo --pairs 20 --days 365");
        expect(await axe(page), `${theme} ${width} demo`).toEqual([]);
        await page.getByLabel("files").check();
        await page.getByLabel("Files or folders").fill("my files/a.csv");
        await page.getByLabel("Series").selectOption("perp");
        expect(await main.innerText()).toContain("npx carrybook import 'my files/a.csv' --venue binance --series perp");
        expect(await axe(page), `${theme} ${width} files`).toEqual([]);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth
        );
        expect(over, `${theme} ${width}`).toBeLessThanOrEqual(0);
        expect(problems).toEqual([]);
        await page.context().close();
      }
    }
  });
});
