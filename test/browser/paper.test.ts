import {once} from "node:events";
import {writeFileSync} from "node:fs";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {afterAll, expect, it} from "vitest";
import {startSim} from "../../engine/simulator/api/server.js";
import {openPage, drawn} from "../helpers/browser.js";
import {linkOf, spawnCli} from "../helpers/cli-process.js";
import {siteOf} from "../helpers/sites.js";
import {tmp} from "../helpers/tmp.js";

const SETTLEMENT = Date.UTC(2026, 2, 2, 16);
const closing: (() => Promise<unknown> | void)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

it("a person starts paper trading, sees a hedge open and a settlement arrive, changes a setting, and stops in an emergency with ten tabs open", async () => {
  const sim = await startSim({nowMs: SETTLEMENT - 120_000});
  closing.push(() => sim.close());
  const toVenueTime = (now: number) => fetch(`${sim.url}/sim/clock`, {method: "POST", body: JSON.stringify({now})});
  const dir = tmp();
  const config = join(dir, "config.json");
  writeFileSync(
    config,
    JSON.stringify({
      data: join(dir, "data"),
      engine: {
        pairs: ["BTC/USDT", "ETH/USDT"],
        intervalMs: 1_000,
        set: {minRate: "0.00001", exitRate: "-0.01", expectedHoldPeriods: "1000"},
        // a venue whose clock is moved by hand
        risk: {maxSkewMs: 1e12, staleMs: 1e9, lateSettlementMs: 3_600_000}
      }
    })
  );
  const child = spawnCli(["engine", "--mode", "paper", "--url", sim.url, "--port", "0", "--config", config], {
    CARRYBOOK_DIST: siteOf("empty").dist
  });
  const ended = once(child, "exit");
  closing.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const link = await linkOf(child);
  const {page, problems} = await openPage(link);
  await page.locator(".keys").waitFor({timeout: 60_000});
  const text = (selector: string, own: Page = page) => own.locator(selector).innerText();
  const hedges = page.locator("table", {hasText: "Open hedges"}).locator("tbody");
  await expect.poll(() => text(".pulse"), {timeout: 60_000}).toContain("running");
  expect(await text("main")).not.toContain("could not be read");

  await toVenueTime(SETTLEMENT + 5_000);
  await expect.poll(() => hedges.innerText(), {timeout: 60_000}).toContain("BTC/USDT");
  const before = await hedges.innerText();
  expect(await text(".engine-strip")).toMatch(/engine: paper · running · [12] hedges?/);

  await toVenueTime(SETTLEMENT + 8 * 3_600_000 + 5_000);
  await expect.poll(() => text("main"), {timeout: 60_000}).toContain("settlement");
  await expect.poll(async () => (await hedges.innerText()) !== before, {timeout: 30_000}).toBe(true);

  const count = page.getByLabel("Maximum number of hedges");
  await count.fill("1");
  await page.getByRole("button", {name: "Apply at the next cycle"}).click();
  await expect.poll(() => text(".settings"), {timeout: 30_000}).not.toContain("pending until the next cycle");
  await expect.poll(() => count.inputValue()).toBe("1");

  const context = page.context();
  const tabs: Page[] = [];
  for (let i = 0; i < 9; i++) {
    const tab = await context.newPage();
    await tab.goto(new URL("engine", link).href);
    tabs.push(tab);
  }
  const last = tabs.at(-1)!;
  await last.locator(".keys").waitFor({timeout: 60_000});
  await last.getByRole("button", {name: "Emergency stop", exact: true}).click();
  await last.getByRole("button", {name: /press again/}).click();
  await expect.poll(() => text(".commands [role=alert]", last), {timeout: 30_000}).toContain("nothing is left open");
  await expect.poll(() => text(".pulse"), {timeout: 30_000}).toContain("halted");
  await expect.poll(() => text("main"), {timeout: 30_000}).toContain("emergency");

  // what was done opens in the replay like a backtest
  const replay = await context.newPage();
  await replay.goto(new URL("replay?run=paper", link).href);
  await drawn(replay);
  await expect.poll(() => replay.locator("main").innerText(), {timeout: 30_000}).toContain("BTC/USDT");
  expect(problems).toEqual([]);

  child.kill("SIGTERM");
  expect(((await ended) as [number])[0]).toBe(0);
}, 400_000);
