import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import type {BrowserContext, Page} from "playwright-core";
import {afterEach, beforeEach, describe, expect, it} from "vitest";
import {axe} from "../helpers/axe.js";
import {openPage, drawn, type OpenOptions} from "../helpers/browser.js";
import {fakeEngine, type FakeEngine} from "../helpers/fake/engine.js";
import {madePosition} from "../helpers/made/engine.js";
import {serveDist} from "../helpers/server.js";
import {siteOf} from "../helpers/sites.js";

const {dist} = siteOf("empty");
let engine: FakeEngine;
const contexts: BrowserContext[] = [];

beforeEach(async () => {
  engine = await fakeEngine(dist);
});
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  await engine.close();
});

const open = async (path: string, options?: OpenOptions) => {
  const opened = await openPage(engine.url + path, options);
  contexts.push(opened.page.context());
  return opened;
};
const signedIn = async (options?: OpenOptions, path = "engine") => {
  const opened = await open(`${path}#ticket=${engine.ticket()}`, options);
  if (path === "engine") await opened.page.locator(".keys").waitFor();
  return opened;
};
const strip = (page: Page) => page.locator(".engine-strip").innerText();
const row = (page: Page, caption: string, n = 0) =>
  page.locator("table", {hasText: caption}).locator("tbody tr").nth(n);

describe("without an account to show", () => {
  it("page shows how to start the engine while it is down", async () => {
    const plain = await serveDist(dist);
    const {page, problems} = await openPage(`${plain.url}engine`);
    contexts.push(page.context());
    await expect.poll(() => page.locator(".engine").innerText()).toContain("npx carrybook engine --mode paper");
    expect(await page.locator(".engine").innerText()).toContain("npm start");
    expect(await strip(page)).toBe("engine off");
    expect(await page.locator(".engine table, .commands").count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(problems).toEqual([]);
    await plain.close();
  });

  it("says how to get a link when this tab has no token", async () => {
    const {page, problems} = await open("engine");
    await expect.poll(() => page.locator(".engine").innerText()).toContain("npx carrybook engine --ticket");
    expect(await strip(page)).not.toContain("USDT");
    expect(await page.locator(".engine table, .commands").count()).toBe(0);
    expect(engine.seen.filter((d) => d.path !== "/health")).toEqual([]);
    expect(problems).toEqual([]);
  });

  it("page ignores a used ticket", async () => {
    const ticket = engine.ticket();
    await open(`engine#ticket=${ticket}`);
    const {page} = await open(`engine#ticket=${ticket}`);
    await expect.poll(() => page.locator(".engine").innerText()).toContain("--ticket");
    expect(page.url()).toBe(`${engine.url}engine`);
  });

  it("shows nothing of the account once the engine is gone", async () => {
    const {page} = await signedIn();
    const port = engine.url;
    await engine.close();
    await expect.poll(() => page.locator(".engine").innerText(), {timeout: 15_000}).toContain("is not running");
    expect(await page.locator("main").innerText()).not.toMatch(/10,000\.86|BTC\/USDT/);
    expect(await strip(page)).toBe("engine off");
    expect(port).not.toBe("");
  });
});

describe("with the engine up", () => {
  it("exchanges the ticket, scrubs the address, and sends the token in a header alone", async () => {
    const {page, problems} = await signedIn();
    expect(page.url()).toBe(`${engine.url}engine`);
    const told = engine.seen.filter((d) => !["/health", "/ticket"].includes(d.path));
    expect(told.length).toBeGreaterThan(5);
    for (const d of told) {
      expect(d.authorization, d.path).toMatch(/^Bearer ./);
      expect(d.path).not.toContain("token");
    }
    expect(await page.content()).not.toContain(told[0]!.authorization!.slice(7));
    await expect.poll(() => page.locator(".answer").innerText()).toContain("Yes: the only hedge has both legs.");
    expect(await page.locator(".keys").innerText()).toContain("10,000.86");
    expect(await strip(page)).toContain("engine: paper · running · 1 hedge · ▲ 1.23 USDT today");
    await page.reload();
    await page.locator(".keys").waitFor();
    expect(problems).toEqual([]);
  });

  it("changes the numbers when a settlement arrives, moves nothing, and keeps the focus", async () => {
    const {page, problems} = await signedIn();
    expect(await row(page, "Open hedges").innerText()).toContain("▲ 0.938");
    const sort = page.getByRole("button", {name: "Drift, %"});
    await sort.focus();
    await page.evaluate(() => ((window as any).layoutShift = 0));
    const now = Date.now();
    engine.emit("position", [
      madePosition(now, {funding: "1.2475", unrealised: "0.7225", payments: 4}),
      madePosition(now, {id: "h-2", pair: "SOL/USDT", unrealised: "-0.65", funding: "0", payments: 0})
    ]);
    const account = {...engine.script.status.account!, today: "1.54", openHedges: 2};
    engine.emit("status", Object.assign(engine.script.status, {account}));
    await expect.poll(() => row(page, "Open hedges").innerText()).toContain("▲ 1.248");
    expect(await row(page, "Open hedges", 1).innerText()).toContain("▼ −0.650");
    await expect.poll(() => page.locator(".keys").innerText()).toContain("▲ 1.54");
    await expect.poll(() => strip(page)).toContain("2 hedges · ▲ 1.54 USDT today");
    expect(await sort.evaluate((d) => d === document.activeElement)).toBe(true);
    const clock = await row(page, "Open hedges").innerText();
    await expect.poll(() => row(page, "Open hedges").innerText(), {timeout: 4_000}).not.toBe(clock);
    expect(problems).toEqual([]);
  });

  it("says why nothing is opened, which rules stand where, and what was decided on which numbers", async () => {
    const {page} = await signedIn();
    expect(await row(page, "by rank", 1).innerText()).toContain("✗ stale-data");
    expect(await row(page, "by rank", 2).innerText()).toContain("✗ rate 0.80 bp ≥ 2.00 bp");
    expect(await row(page, "1 needs attention").innerText()).toMatch(/margin-ratio BTC\/USDT\s+!/);
    expect(await row(page, "Decisions and their results", 1).innerText()).toContain("rate per 8 h 4.200 bp");
    expect(await page.locator("figure", {hasText: "Account equity"}).locator("svg").count()).toBe(1);
  });

  it("sends only the setting that was changed and shows what waits; refuses what cannot be", async () => {
    const {page, problems} = await signedIn();
    const rate = page.getByLabel("Enter at a rate of at least, bp per 8 h");
    await expect.poll(() => rate.inputValue()).toBe("2");
    const save = page.getByRole("button", {name: "Apply at the next cycle"});
    await rate.fill("0.1");
    expect(await save.isDisabled()).toBe(true);
    expect(await page.locator(".settings").innerText()).toContain("✗ must not be above the entry rate");
    await rate.fill("3.5");
    await rate.press("Enter");
    await expect
      .poll(() => page.locator(".settings").innerText())
      .toContain("pending until the next cycle; currently 2");
    expect(engine.seen.filter((d) => d.method === "PATCH").map((d) => d.body)).toEqual([{minRate: "0.00035"}]);
    const {config} = engine.script.parts;
    engine.script.parts.config = {...config, settings: {...config.settings, ...config.pending}, pending: null};
    engine.emit("cycle", {...engine.script.status.cycle, number: 4322});
    await expect.poll(() => page.locator(".settings").innerText()).not.toContain("pending until the next cycle");
    expect(await rate.inputValue()).toBe("3.5");
    expect(problems).toEqual([]);
  });

  it("pauses with a reason and resumes, from the keyboard", async () => {
    const {page} = await signedIn();
    await page.getByLabel("Reason for pausing").fill("a venue notice");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator(".command-notes").innerText()).toContain("Paused");
    expect(engine.seen.find((d) => d.path === "/engine/pause")!.body).toEqual({reason: "a venue notice"});
    engine.emit("status", engine.script.status);
    await expect.poll(() => page.locator(".pulse").innerText()).toContain("paused");
    await page.getByRole("button", {name: "Resume"}).click();
    await expect.poll(() => page.locator(".command-notes").innerText()).toContain("Resumed");
  });

  it("closes and stops only on a second press", async () => {
    const {page} = await signedIn();
    await page.getByRole("button", {name: "Stop and close positions"}).click();
    expect(await page.locator(".command-notes").innerText()).toContain(
      "1 hedge is closed, at the cost of spread and fees"
    );
    await page.keyboard.press("Escape");
    expect(engine.seen.some((d) => d.path === "/engine/stop")).toBe(false);
    await page.getByRole("button", {name: "Stop and close positions"}).click();
    await page.getByRole("button", {name: /Close all and stop/}).click();
    await expect.poll(() => engine.seen.find((d) => d.path === "/engine/stop")?.body).toEqual({positions: "close"});
  });

  it("stops in an emergency on the second press, and keeps saying what is left", async () => {
    engine.script.commands["POST /engine/emergency-stop"] = () => {
      const emergency = {ts: Date.now(), done: false, left: ["BTC/USDT"]};
      Object.assign(engine.script.status, {state: "halted", emergency});
      return {status: 202, answer: {...emergency, closed: []}};
    };
    const {page, problems} = await signedIn();
    await page.getByRole("button", {name: "Emergency stop", exact: true}).click();
    expect(await page.locator(".command-notes").innerText()).toContain("1 hedge (BTC/USDT) is closed at once");
    expect(engine.seen.some((d) => d.path.includes("emergency"))).toBe(false);
    await page.getByRole("button", {name: /press again/}).click();
    const alert = page.locator(".commands [role=alert]");
    await expect.poll(() => alert.innerText()).toContain("BTC/USDT could not be closed yet");
    expect(engine.seen.filter((d) => d.path.includes("emergency")).length).toBe(1);
    engine.emit("status", engine.script.status);
    await page.reload();
    await expect.poll(() => alert.innerText()).toContain("BTC/USDT could not be closed yet");
    expect(problems).toEqual([]);
  });

  it("page resumes the stream after the last event when it breaks", async () => {
    const {page} = await signedIn();
    engine.emit("heartbeat", {ts: Date.now(), venueTs: Date.now()});
    await page.waitForTimeout(100);
    engine.cut();
    await expect
      .poll(() => engine.seen.filter((d) => d.path === "/events").map((d) => d.lastEventId), {timeout: 8_000})
      .toEqual([undefined, "fake-1"]);
    engine.emit("position", [madePosition(Date.now(), {funding: "7"})]);
    await expect.poll(() => row(page, "Open hedges").innerText()).toContain("▲ 7.000");
  });

  it("opens a trade of the run in the replay, with what was known then", async () => {
    const {page, problems} = await signedIn();
    await page.locator("[data-trade]").click();
    await page.waitForURL(/replay\?run=paper&trade=t-1/);
    await drawn(page);
    await page.locator(".trade").waitFor();
    expect(await page.locator(".trade").innerText()).toContain("exact net: 0.45.");
    await expect.poll(() => page.locator(".answer").innerText()).toContain("ETH/USDT was opened");
    expect(await page.locator("table", {hasText: "Open hedges at this time"}).innerText()).toContain("just opened");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".answer").innerText()).not.toContain("was opened");
    await page.getByRole("button", {name: "Event ⇥"}).click();
    await expect.poll(() => page.locator(".answer").innerText()).toContain("was closed for 0.45 USDT");
    expect(await page.locator(".keys").first().innerText()).toContain("1 trade closed so far");
    expect(problems).toEqual([]);
  });
});

it("ten tabs share one stream, and the emergency stop still gets through", async () => {
  const {page} = await signedIn();
  const context = page.context();
  const tabs: Page[] = [];
  for (let i = 0; i < 9; ++i) {
    const tab = await context.newPage();
    await tab.goto(`${engine.url}engine`);
    tabs.push(tab);
  }
  for (const tab of tabs) await tab.locator(".keys").waitFor({timeout: 15_000});
  expect(engine.streams).toBe(1);
  engine.emit("position", [madePosition(Date.now(), {funding: "5"})]);
  for (const tab of tabs) await expect.poll(() => row(tab, "Open hedges").innerText()).toContain("▲ 5.000");
  const last = tabs.at(-1)!;
  await last.getByRole("button", {name: "Emergency stop", exact: true}).click();
  await last.getByRole("button", {name: /press again/}).click();
  await expect.poll(() => last.locator(".commands [role=alert]").innerText()).toContain("nothing is left open");
  expect(engine.seen.filter((d) => d.path.includes("emergency")).length).toBe(1);
  // The tab with the stream goes; another takes over.
  const heard = () => engine.seen.filter((d) => d.path === "/events").map((d) => d.lastEventId);
  await page.close();
  await expect.poll(heard, {timeout: 10_000}).toEqual([undefined, "fake-1"]);
  await expect.poll(() => engine.streams).toBe(1);
  engine.emit("position", [madePosition(Date.now(), {funding: "6"})]);
  await expect.poll(() => row(last, "Open hedges").innerText()).toContain("▲ 6.000");
});

it("passes axe in both themes and fits 390 and 1440 pixels", async () => {
  for (const theme of ["light", "dark"] as const) {
    for (const width of [390, 1440]) {
      const {page, problems} = await signedIn({theme, width});
      await page.getByRole("button", {name: "Emergency stop", exact: true}).click();
      await page.waitForTimeout(200);
      expect(await axe(page), `${theme} ${width}`).toEqual([]);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth
      );
      expect(over, `${theme} ${width}`).toBeLessThanOrEqual(0);
      expect(problems).toEqual([]);
      await page.context().close();
    }
  }
});

it("engine strip shifts no layout while it changes", async () => {
  for (const width of [390, 1024, 1440]) {
    const {page, problems} = await signedIn({width}, "data");
    await expect.poll(() => strip(page)).toContain("engine: paper");
    expect(await page.evaluate(() => (window as any).layoutShift), String(width)).toBeLessThan(0.01);
    expect(problems).toEqual([]);
    await page.context().close();
  }
});

it("built site contains nothing of an account", () => {
  const text = readdirSync(dist, {recursive: true, encoding: "utf8"})
    .filter((file) => /\.(html|json|js)$/.test(file))
    .map((file) => ({file, text: readFileSync(join(dist, file), "utf8")}));
  expect(text.length).toBeGreaterThan(20);
  for (const {file, text: content} of text.filter((d) => !d.file.startsWith("_npm")))
    expect(/token-of-the-fake-engine|"unrealised":|"openHedges":/.test(content), file).toBe(false);
  expect(JSON.parse(readFileSync(join(dist, "health"), "utf8"))).toMatchObject({status: "down"});
  expect(readdirSync(join(dist, "_file", "data")).join(" ")).not.toMatch(/position|trade|account|engine/);
});
