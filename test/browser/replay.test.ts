import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Page} from "playwright-core";
import {beforeAll, describe, expect, it} from "vitest";
import {openPage} from "../helpers/browser.js";
import {cli} from "../helpers/cli.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("data");
let trades: any[];
const QUERY =
  "pairs=BTC/USDT&timeframe=8h&strategy=simple&minRate=0.0002&exitRate=0.00005&expectedHoldPeriods=60&from=2024-01-01";
beforeAll(async () => {
  const settings = ["minRate=0.0002", "exitRate=0.00005", "expectedHoldPeriods=60"];
  const result = await cli([
    "backtest",
    "--pairs",
    "BTC/USDT",
    "--strategy",
    "simple",
    "--set",
    ...settings,
    "--from",
    "2024-01-01",
    "--timeframe",
    "8h",
    "--json",
    "--data",
    site.data
  ]);
  trades = JSON.parse(result.stdout).runs[0].trades;
  expect(trades.length).toBeGreaterThan(1);
});

const visit = (query = QUERY) => openPage(`${site.url}replay?${query}`);
const where = (page: Page) => page.locator(".player output").innerText();
const step = async (page: Page) => Number(/step ([\d,]+) of/.exec(await where(page))![1]!.replace(",", ""));
const opened = (page: Page) => page.locator(".keys").waitFor({timeout: 60_000});
const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

describe("Replay", () => {
  it("steps by keys, buttons and scrubber, and the URL restores the step", async () => {
    const {page, problems} = await visit();
    await opened(page);
    expect(await where(page)).toContain(stamp(trades[0].entryTs));
    await expect.poll(() => page.locator(".answer").innerText()).toContain("was opened");
    const first = await step(page);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    expect(await step(page)).toBe(first + 1);
    await page.keyboard.press("Shift+ArrowRight");
    expect(await where(page)).toContain(stamp(trades[0].exitTs));
    await expect.poll(() => page.locator(".answer").innerText()).toContain("was closed for");
    await page.getByRole("button", {name: "← Step"}).click();
    await expect.poll(() => page.locator(".keys").innerText()).toMatch(/Open hedges\s+1/);
    await page.locator("#scrubber").focus();
    await page.keyboard.press("Home");
    expect(await step(page)).toBe(1);
    await page.keyboard.press("End");
    await expect.poll(() => page.locator(".keys").innerText()).toContain(`${trades.length} trades closed so far`);
    await page.keyboard.press("Shift+ArrowLeft");
    const place = await where(page);
    await expect.poll(() => decodeURIComponent(page.url())).toContain(`at=${place.slice(0, 16).replace(" ", "T")}`);
    const {page: again} = await openPage(page.url());
    await opened(again);
    expect(await where(again)).toBe(place);
    expect(problems).toEqual([]);
    await page.context().close();
    await again.context().close();
  });

  it("shows at each step what the ledger has booked until then, and nothing later", async () => {
    const trade = trades[0];
    const third = trade.settlements[2];
    const {page, problems} = await visit(`${QUERY}&at=${new Date(third.ts).toISOString().slice(0, 16)}`);
    await opened(page);
    await expect.poll(() => page.locator(".answer").innerText()).toContain("of funding");
    const funding = trade.settlements.slice(0, 3).reduce((sum: number, d: any) => sum + Number(d.amount), 0);
    const book = page.locator("table", {hasText: "Open hedges at this time"});
    const cells = (await book.locator("tbody tr").innerText()).replaceAll("−", "-").replaceAll(",", "").split("\t");
    expect(cells[4]).toBe(funding.toFixed(3));
    expect(await page.getByText("Open hedges", {exact: true}).locator("..").innerText()).toContain(
      "0 trades closed so far"
    );
    const last = await page.locator("figure", {hasText: "Account equity so far"}).locator("svg").count();
    expect(last).toBe(1);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("lists the trades, filters and sorts them, and saves what is shown", async () => {
    const {page, problems} = await visit();
    await opened(page);
    const table = page.locator("table", {hasText: "money in USDT"}).filter({hasText: "Closed because"});
    const column = async (n: number) =>
      (await table.locator(`tbody tr > :nth-child(${n})`).allInnerTexts()).map((d) => d.trim());
    expect(await table.locator("caption").innerText()).toContain(`${trades.length} trades of ${trades.length}`);
    await table.getByRole("button", {name: "Net", exact: true}).click();
    const nets = (await column(11)).map((d) => Number(d.replace(/[▲▼ ,]/g, "").replace("−", "-")));
    expect(nets).toEqual([...nets].sort((a, b) => b - a));
    const losers = trades.filter((d) => Number(d.net) <= 0).length;
    await page.getByLabel("Outcome").selectOption("lost");
    expect(await table.locator("caption").innerText()).toContain(`${losers} trade${losers === 1 ? "" : "s"} of`);
    await page.getByLabel("Outcome").selectOption("all");
    const folder = mkdtempSync(join(tmpdir(), "carrybook-replay-"));
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", {name: /trades as CSV/}).click()
    ]);
    await download.saveAs(join(folder, "trades.csv"));
    const lines = readFileSync(join(folder, "trades.csv"), "utf8")
      .trim()
      .split("\r\n")
      .map((d) => d.split(","));
    rmSync(folder, {recursive: true});
    const net = lines[0]!.indexOf("net");
    expect(
      lines
        .slice(1)
        .map((d) => d[net])
        .sort()
    ).toEqual(trades.map((d) => d.net).sort());
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("opens one trade by a link, with both reasons, every payment, and a way to the ledger's own net", async () => {
    const trade = trades[1];
    const {page, problems} = await visit(`${QUERY}&trade=${trade.id}`);
    await opened(page);
    expect(await where(page)).toContain(stamp(trade.entryTs));
    const card = page.locator(".trade");
    const text = await card.innerText();
    expect(text).toContain(trade.entryReason);
    expect(text).toContain(trade.exitReason);
    expect(text).toContain(`exact net: ${trade.net}.`);
    expect(text).toContain(`${trade.payments} payment`);
    const rate = (Number(trade.decidedBy.entry.numbers.rate8h) * 1e4).toFixed(3);
    expect(text).toContain(`${rate} bp`);
    const titles = await card.locator("td span[title]").evaluateAll((all) => all.map((d) => d.getAttribute("title")));
    expect(titles.slice(0, 5)).toEqual(trade.settlements.slice(0, 5).map((d: any) => d.amount));
    await card.getByRole("button", {name: new RegExp(stamp(trade.exitTs))}).click();
    expect(await where(page)).toContain(stamp(trade.exitTs));
    const bars = await card.locator("figure svg text").allTextContents();
    expect(bars.join(" ")).toContain("funding");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("tolerates an invalid URL", async () => {
    const {page, problems} = await visit("pairs=NOPE/USDT&at=yesterday&trade=%3Cb%3E&strategy=wild");
    await expect.poll(() => page.getByRole("alert").first().innerText()).toContain("no history of NOPE/USDT");
    expect(await page.locator(".observablehq--error").count()).toBe(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
