import {beforeEach, describe, expect, it} from "vitest";
import {
  details,
  engine,
  jobOf,
  posts,
  row,
  said,
  section,
  signedIn,
  table,
  startEngine
} from "../helpers/live-data-page.js";

beforeEach(startEngine);

describe("with the engine up", () => {
  it("selected jobs are retried and cancelled, with the reason for skipped ones", async () => {
    engine.script.work.jobs.push({...jobOf("b-2.3"), id: "b-2.4", series: "index", retries: 3});
    const {page, problems} = await signedIn();
    expect(await page.getByRole("button", {name: "Retry selected"}).isDisabled()).toBe(true);
    for (const name of ["BTC/USDT mark 1h", "BTC/USDT index 1h"])
      await row(page, "Failed", name).getByLabel(`Select ${name}`).check();
    await expect.poll(() => section(page).innerText()).toContain("2 selected");
    await page.getByRole("button", {name: "Retry selected"}).click();
    await expect
      .poll(() => said(page))
      .toContain("Skipped 1: BTC/USDT index 1h. Reason: retried 3 times in bulk already; retry it by itself.");
    expect(await said(page)).toContain("1 history queued again.");
    expect(posts("/jobs/retry")).toEqual([{ids: ["b-2.3", "b-2.4"]}]);
    await row(page, "Running jobs", "BTC/USDT perp 1h").getByLabel("Select BTC/USDT perp 1h").check();
    await page.getByRole("button", {name: "Cancel selected"}).click();
    await expect
      .poll(() => section(page).innerText())
      .toContain("Cancels 1: BTC/USDT perp 1h. Rows already written are kept.");
    expect(posts("/jobs/cancel")).toEqual([]);
    await page.getByRole("button", {name: /^Cancel now/}).click();
    await expect.poll(() => said(page)).toContain("1 history cancelled.");
    expect(posts("/jobs/cancel")).toEqual([{ids: ["b-2.1"]}]);
    expect(problems).toEqual([]);
  });

  it("opens a batch to its histories with their errors and log, keeps it over a reload, and follows it", async () => {
    const {page, problems} = await signedIn();
    const detail = page.locator(".job-detail");
    await page.getByRole("button", {name: "Open Fetch history: bybit"}).click();
    await expect.poll(() => detail.innerText()).toContain("3 histories, 1 failed");
    expect(await detail.innerText()).toContain("The venue does not serve this address.");
    expect(await detail.innerText()).toContain("page of 1,000 rows");
    await page.reload();
    await expect.poll(() => detail.innerText()).toContain("3 histories, 1 failed");
    Object.assign(jobOf("b-2.1"), {
      status: "failed",
      error: "perp failed: status 429",
      errorCode: "rate-limited",
      errorFix: "wait",
      rowsFetched: 4_100
    });
    engine.emit("job", jobOf("b-2.1"));
    await expect.poll(() => detail.innerText(), {timeout: 3_000}).toContain("3 histories, 2 failed");
    await detail.getByRole("button", {name: "Open BTC/USDT perp 1h"}).click();
    await expect.poll(() => detail.innerText()).toContain("Set a smaller share of the rate limit");
    await page.keyboard.press("Escape");
    expect(await detail.isVisible()).toBe(false);
    expect(page.url()).not.toContain("job=");
    expect(problems).toEqual([]);
  });

  it("job history is filtered and exported as filtered", async () => {
    const {page, problems} = await signedIn();
    await details(page, "Job history").click();
    const jobs = table(page, "Jobs, newest first").locator("tbody tr:not([hidden])");
    await expect.poll(() => jobs.count()).toBe(2);
    await page.getByLabel("State").selectOption("failed");
    await expect.poll(() => jobs.count()).toBe(1);
    expect(page.url()).toContain("job-state=failed");
    await page.getByLabel("Words").fill("country 403");
    await expect.poll(() => jobs.count()).toBe(1);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", {name: "Export as NDJSON"}).click()
    ]);
    expect(file.suggestedFilename()).toBe("carrybook-jobs.ndjson");
    await expect.poll(() => section(page).innerText()).toContain("1 job saved");
    await page.getByLabel("Words").fill("nothing like it");
    await expect.poll(() => section(page).innerText()).toContain("No job matches.");
    await page.getByLabel("State").selectOption("");
    await page.getByLabel("Words").fill("");
    await page.getByLabel("Kind").selectOption("update");
    await expect.poll(() => jobs.count()).toBe(1);
    expect(problems).toEqual([]);
  });

  it("rate limit of each venue is shown and can be changed", async () => {
    const {page, problems} = await signedIn();
    await details(page, "Rate limits").click();
    await expect.poll(() => section(page).innerText()).toContain("120 of 480 requests in 5 seconds");
    const share = page.getByLabel("Share of the published limit");
    await share.fill("90");
    await expect.poll(() => section(page).innerText()).toContain("invalid share: 90");
    await share.fill("40");
    await page.keyboard.press("Enter");
    await expect.poll(() => section(page).innerText()).toContain("bybit now uses 40 % of its limit");
    await expect.poll(() => section(page).innerText()).toContain("120 of 240 requests in 5 seconds");
    expect(engine.seen.filter(({method}) => method === "PATCH").map(({body}) => body)).toEqual([
      {venue: "bybit", share: 0.4}
    ]);
    expect(problems).toEqual([]);
  });

  it("notifications are listed and can be silenced; silent ones show no toast", async () => {
    const {page, problems} = await signedIn();
    await details(page, "Notifications").click();
    const box = page.getByLabel("a series went stale");
    expect(await box.inputValue()).toBe("on");
    expect(await section(page).innerText()).toContain("webhook (failing: webhook: answered 500)");
    await box.selectOption("silent");
    await expect.poll(() => section(page).innerText()).toContain("stale is now silent");
    const note = {
      id: 70,
      ts: Date.now(),
      level: "warn",
      event: "stale",
      text: "3 series went stale",
      pair: null
    } as const;
    engine.emit("notification", {...note, silent: true});
    await row(page, "Notifications of the engine", "3 series went stale").waitFor();
    expect(await page.locator(".toast").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it("series and holes are live, and can be filled, checked and refreshed", async () => {
    const {page, problems} = await signedIn();
    const series = table(page, "One row per series");
    await expect.poll(() => series.locator("tbody tr").count()).toBe(3);
    await page.getByRole("button", {name: "Refresh bybit ETH/USDT funding"}).click();
    await expect.poll(() => posts("/series/refresh")).toEqual([{venue: "bybit", pair: "ETH/USDT", series: "funding"}]);
    await page.getByRole("button", {name: "Check bybit BTC/USDT perp 1h", exact: true}).click();
    await expect.poll(() => page.locator("main").innerText()).toContain("8,757 rows checked, 1 hole of 3 rows");
    const {from, to} = engine.script.work.status.series[1]!.holes[0]!;
    const fill = page.getByRole("button", {name: /^Fill bybit BTC\/USDT perp 1h/});
    await fill.click();
    const history = {venue: "bybit", pair: "BTC/USDT", series: "perp", timeframe: "1h"};
    await expect.poll(() => posts("/gaps/fill")).toEqual([{...history, from, to}]);
    const refresh = page.getByRole("button", {name: "Refresh bybit ETH/USDT funding"});
    await refresh.focus();
    engine.script.work.status.series[1]!.holes = [];
    engine.script.work.status.series.unshift({...engine.script.work.status.series[0]!, pair: "AAVE/USDT", rows: 77});
    engine.emit("published", {ts: Date.now()});
    await expect.poll(() => series.locator("tbody tr").count(), {timeout: 2_000}).toBe(4);
    await expect.poll(() => fill.count()).toBe(0);
    expect(await refresh.evaluate((d) => d === document.activeElement)).toBe(true);
    expect(problems).toEqual([]);
  });
});
