import {madeHealth} from "../helpers/made/health.js";
import {beforeEach, describe, expect, it} from "vitest";
import {axe} from "../helpers/axe.js";
import {openPage} from "../helpers/browser.js";
import {afterTest} from "../helpers/cleanup.js";
import {serveDist} from "../helpers/server.js";
import {
  details,
  dist,
  engine,
  jobOf,
  open,
  posts,
  row,
  said,
  section,
  shift,
  signedIn,
  table,
  startEngine
} from "../helpers/live-data-page.js";

beforeEach(startEngine);

describe("without jobs to show", () => {
  it("says how to start the engine when it is down, and shows the data as ever", async () => {
    const plain = await serveDist(dist);
    const {page, problems} = await openPage(`${plain.url}data`);
    afterTest(() => page.context().close());
    await expect.poll(() => section(page).innerText()).toContain("npm start");
    expect(await section(page).locator("table, form").count()).toBe(0);
    expect(await page.getByRole("heading", {name: "Series"}).isVisible()).toBe(true);
    expect(await shift(page)).toBeLessThan(0.01);
    expect(await axe(page)).toEqual([]);
    expect(problems).toEqual([]);
    await plain.close();
  });

  it("says how to get a link when this tab has no token, and asks for nothing", async () => {
    const {page, problems} = await open("data");
    await expect.poll(() => section(page).innerText()).toContain("npx carrybook engine --ticket");
    expect(await section(page).locator("table, form").count()).toBe(0);
    expect(engine.seen.filter((d) => d.path !== "/health")).toEqual([]);
    expect(await shift(page)).toBeLessThan(0.01);
    expect(problems).toEqual([]);
  });

  it("page explains that an engine without a store has no jobs", async () => {
    engine.script.commands["GET /jobs"] = () => ({
      status: 409,
      answer: {error: "no store: the engine was started with --no-data", fix: "start it without --no-data"}
    });
    const {page} = await open(`data#ticket=${engine.ticket()}`);
    await expect.poll(() => section(page).innerText()).toContain("no store: the engine was started with --no-data");
    expect(await section(page).innerText()).toContain("start it without --no-data");
  });
});

describe("with the engine up", () => {
  it("shows batches, what runs, counts and health, and moves nothing while they come and grow", async () => {
    for (const width of [390, 1440]) {
      const {page, problems} = await signedIn({width});
      const summary = page.locator(".work-sum");
      await expect.poll(() => summary.innerText()).toContain("42 %: 1 batch, 1 running, 1 waiting, 1 failed");
      const running = row(page, "Running jobs", "BTC/USDT perp 1h");
      expect(await running.innerText()).toMatch(/fetching\s+50 %\s+4,000 of 8,760 rows\s+about 45 seconds\s+1 of 3/);
      expect(await section(page).locator(".pulse").innerText()).toContain("healthy");
      const cancel = running.getByRole("button", {name: "Cancel BTC/USDT perp 1h"});
      await cancel.focus();
      const job = {...jobOf("b-2.1"), rowsFetched: 7_000, progress: 0.8, etaMs: 9_000};
      engine.emit("job", job);
      engine.emit("job", {...jobOf("b-2.2"), status: "in_progress", step: "plan", attempts: 1});
      engine.emit("batch", {...jobOf("b-2"), progress: 0.6, rowsFetched: 15_000});
      await expect.poll(() => running.innerText()).toContain("7,000 of 8,760 rows");
      await expect.poll(() => row(page, "Running jobs", "BTC/USDT spot 1h").innerText()).toContain("planning");
      await expect.poll(() => summary.innerText()).toContain("60 %: 1 batch, 2 running, 0 waiting");
      expect(await cancel.evaluate((d) => d === document.activeElement)).toBe(true);
      expect(await shift(page), String(width)).toBeLessThan(0.01);
      expect(problems).toEqual([]);
      await page.context().close();
    }
  });

  it("form starts an ingestion from the keyboard and shows the engine's notes", async () => {
    const {page, problems} = await signedIn();
    await details(page, "Start an ingestion").focus();
    await page.keyboard.press("Enter");
    // The fake engine trades at a simulated venue, which has an address.
    const venue = page.getByLabel("Venue", {exact: true});
    expect(await venue.inputValue()).toBe("sim");
    await page.getByLabel("Address of the simulated venue").waitFor();
    // Simulated rows never mix with a venue's: it says so before anything is sent.
    await venue.fill("bybit");
    await expect.poll(() => section(page).innerText()).toContain("which never mixes with a venue's");
    expect(await page.getByRole("button", {name: /^Fetch/, exact: false}).count()).toBe(1);
    Object.assign(engine.script.status, {simulated: false, venue: "bybit"});
    engine.emit("status", engine.script.status);
    const estimate = page.locator(".estimate");
    await expect.poll(() => estimate.innerText()).toContain("37 requests for about 26,300 rows: about 12 seconds");
    expect(await estimate.innerText()).toContain("of which 2 are complete and skipped");
    await page.getByLabel("selected pairs").check();
    await page.getByLabel("Pairs", {exact: true}).fill("btc-usdt, ?");
    const form = page.getByRole("form", {name: "Start an ingestion"});
    expect(await form.innerText()).toContain("✗ invalid pair: ?");
    await page.getByLabel("Pairs", {exact: true}).press("Enter");
    expect(posts("/jobs")).toEqual([]);
    await page.getByLabel("Pairs", {exact: true}).fill("btc-usdt, ETH/USDT");
    await page.getByLabel("Days of history").fill("90");
    await page.getByLabel("mark", {exact: true}).uncheck();
    await page.getByLabel("8h", {exact: true}).check();
    expect(await page.locator(".same code").innerText()).toBe(
      "npx carrybook backfill --venue bybit --pairs BTC/USDT,ETH/USDT --days 90 --series funding,spot,perp --timeframe 1h,8h"
    );
    await page.getByRole("button", {name: "Fetch 90 days of 2 pairs"}).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => form.innerText()).toContain("Queued: Fetch history: bybit.");
    expect(await form.innerText()).toContain("2 pairs have no spot market at bybit: left out");
    expect(posts("/jobs")).toEqual([
      {
        kind: "backfill",
        venue: "bybit",
        pairs: ["BTC/USDT", "ETH/USDT"],
        days: 90,
        series: ["funding", "spot", "perp"],
        timeframes: ["1h", "8h"]
      }
    ]);
    await expect.poll(() => table(page, "Running jobs").locator("tbody tr.row--batch").count()).toBe(2);
    const one = {...jobOf("b-2.1"), id: "b-6.1", parentId: "b-6", pair: "ETH/USDT", rowsFetched: 10};
    engine.emit("job", one);
    await expect.poll(() => row(page, "Running jobs", "ETH/USDT perp 1h").innerText()).toContain("10 of 8,760 rows");
    engine.emit("job", {...one, rowsFetched: 8_760, status: "completed", progress: 1});
    await expect.poll(() => row(page, "Running jobs", "ETH/USDT perp 1h").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it("failed job is shown with its error and can be retried", async () => {
    const {page, problems} = await signedIn();
    expect(await row(page, "Failed", "BTC/USDT mark 1h").innerText()).toContain(
      "bybit answers 403: the request is from a country it does not serve"
    );
    engine.emit("job", {...jobOf("b-2.3"), id: "b-2.4", series: "index", retries: 3});
    await row(page, "Failed", "BTC/USDT index 1h").waitFor();
    engine.script.work.jobs.push({...jobOf("b-2.3"), id: "b-2.4", series: "index", retries: 3});
    await page.getByRole("button", {name: "Retry 1 failed"}).click();
    await expect.poll(() => said(page)).toContain("1 history queued again. Skipped 1: BTC/USDT index 1h, because");
    expect(posts("/jobs/retry-failed")).toEqual([{}]);
    await expect.poll(() => row(page, "Failed", "BTC/USDT mark 1h").count()).toBe(0);
    expect(await page.getByRole("button", {name: "Retry 0 failed"}).isDisabled()).toBe(true);
    await page.getByRole("button", {name: "Retry BTC/USDT index 1h"}).click();
    await expect.poll(() => posts("/jobs/b-2.4/retry")).toEqual([{}]);
    await expect.poll(() => table(page, "Failed").innerText()).toContain("No job has failed.");
    expect(problems).toEqual([]);
  });

  it("cancels a batch, retries it from the history, repairs holes and runs a task now", async () => {
    const {page, problems} = await signedIn();
    await page.getByRole("button", {name: "Cancel Fetch history: bybit"}).click();
    await expect.poll(() => said(page)).toContain("Rows already written are kept.");
    expect(posts("/jobs/b-2/cancel")).toEqual([{}]);
    await expect.poll(() => table(page, "Running jobs").innerText()).toContain("No job is running.");
    await details(page, "Job history").click();
    await row(page, "Jobs, newest first", "cancelled")
      .getByRole("button", {name: /^Retry/})
      .click();
    await expect.poll(() => posts("/batches/b-2/retry")).toEqual([{}]);
    await page.getByRole("button", {name: "Repair holes"}).click();
    await expect.poll(() => said(page)).toMatch(/There was nothing to do\.\s+no hole is open/);
    await details(page, "Schedule").click();
    expect(await row(page, "Scheduled tasks", "repair").innerText()).toMatch(
      /\d{4}-\d\d-\d\d \d\d:\d\d UTC, in \d+ minutes/
    );
    await page.getByRole("button", {name: "Run now the task update"}).click();
    await expect.poll(() => said(page)).toBe("update: queued b-9");
    expect(posts("/schedule/update/run")).toEqual([{}]);
    expect(problems).toEqual([]);
  });

  it("pairs can be tracked, paused, resumed and removed", async () => {
    const {page, problems} = await signedIn();
    await details(page, "Tracked pairs").click();
    await page.getByLabel("Pairs to track").fill("sol/usdt");
    await page.keyboard.press("Enter");
    await row(page, "Tracked pairs", "SOL/USDT").waitFor();
    expect(posts("/track")).toEqual([{pairs: ["SOL/USDT"]}]);
    await page.getByRole("button", {name: "Pause ETH/USDT of bybit"}).click();
    await expect.poll(() => row(page, "Tracked pairs", "ETH/USDT").innerText()).toContain("paused");
    await page.getByRole("button", {name: "Resume ETH/USDT of bybit"}).click();
    await expect.poll(() => row(page, "Tracked pairs", "ETH/USDT").innerText()).not.toContain("paused");
    expect(["disable", "enable"].map((verb) => posts(`/tracked/${verb}`))).toEqual([
      [{pairs: ["ETH/USDT"], venue: "bybit"}],
      [{pairs: ["ETH/USDT"], venue: "bybit"}]
    ]);
    await page.getByRole("button", {name: "Remove ETH/USDT of bybit"}).click();
    await expect.poll(() => row(page, "Tracked pairs", "ETH/USDT").count()).toBe(0);
    expect(posts("/tracked/remove")).toEqual([{pairs: ["ETH/USDT"], venue: "bybit"}]);
    expect(problems).toEqual([]);
  });

  it("page is current after a reset, after leaving and returning, and after a reload", async () => {
    const {page, problems} = await signedIn();
    const running = row(page, "Running jobs", "BTC/USDT perp 1h");
    jobOf("b-2.1").rowsFetched = 5_000;
    engine.emit("reset", {reason: "earlier events are no longer available"});
    await expect.poll(() => running.innerText()).toContain("5,000 of 8,760 rows");
    jobOf("b-2.1").rowsFetched = 6_000;
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await expect.poll(() => running.innerText()).toContain("6,000 of 8,760 rows");
    await page.goto(`${engine.url}explorer`);
    Object.assign(jobOf("b-2.1"), {status: "completed", rowsFetched: 8_760, progress: 1});
    Object.assign(jobOf("b-2.2"), {status: "in_progress", step: "fetch", rowsFetched: 77});
    await page.goBack();
    await row(page, "Running jobs", "BTC/USDT spot 1h").waitFor();
    await expect.poll(() => running.count()).toBe(0);
    expect(await row(page, "Running jobs", "BTC/USDT spot 1h").innerText()).toContain("77 rows");
    await page.reload();
    await row(page, "Running jobs", "BTC/USDT spot 1h").waitFor();
    expect(problems).toEqual([]);
  });

  it("page shows a notification as a toast and an issue of the engine's health", async () => {
    engine.script.work.issues = ["bybit has banned this address until 14:00"];
    const {page, problems} = await signedIn();
    await expect.poll(() => section(page).locator(".pulse").innerText()).toContain("! bybit has banned this address");
    engine.emit("notification", {
      id: 7,
      ts: Date.now(),
      level: "critical",
      event: "jobs",
      text: "3 failed",
      pair: null
    });
    await expect.poll(() => page.locator(".toasts").innerText()).toContain("3 failed");
    await page.getByRole("button", {name: "Dismiss: 3 failed"}).click();
    expect(await page.locator(".toast").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it("change of the engine's health is shown at once", async () => {
    const {page} = await signedIn();
    engine.emit("health", madeHealth({status: "degraded", issues: ["the disk has 12 MB left"]}));
    await expect
      .poll(() => section(page).locator(".pulse").first().innerText(), {timeout: 2_000})
      .toContain("12 MB left");
  });

  it("page shows no jobs once the engine is gone", async () => {
    const {page} = await signedIn();
    await engine.close();
    await expect.poll(() => section(page).innerText(), {timeout: 15_000}).toContain("is not running");
    expect(await section(page).locator("table").count()).toBe(0);
  });
});

it("passes axe in both themes and fits 390, 1024 and 1440 pixels", async () => {
  for (const theme of ["light", "dark"] as const) {
    for (const width of [390, 1024, 1440]) {
      const {page, problems} = await signedIn({theme, width});
      for (const title of [
        ...["Start an ingestion", "Tracked pairs", "Schedule"],
        ...["Rate limits", "Notifications", "Job history"]
      ])
        await details(page, title).click();
      await page.getByRole("button", {name: /^Open/}).first().click();
      await page.locator(".job-log li").first().waitFor();
      for (const [id, level] of [
        [8, "warn"],
        [9, "critical"]
      ] as const)
        engine.emit("notification", {id, ts: 0, level, event: "jobs", text: "a history failed", pair: null});
      await expect.poll(() => page.locator(".toast").count()).toBe(2);
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
