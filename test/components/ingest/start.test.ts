// @vitest-environment jsdom
import fc from "fast-check";
import {afterEach, beforeEach, describe, expect, it, vi} from "vitest";
import {estimateWords, pairWords, timeWords} from "../../../src/components/ingest/estimateModel.js";
import {handOver, takeOver} from "../../../src/components/ingest/handOver.js";
import {latest} from "../../../src/components/ui/latest.js";
import {absenceOf, demoAbsence, type EngineView} from "../../../src/components/ingest/startModel.js";
import {backfillCommand, demoCommand, importCommand, shellWord} from "../../../src/components/ingest/workCommand.js";
import {readRequest, type TypedRequest} from "../../../src/components/ingest/workRequest.js";
import {readSeries, readWanted} from "../../../engine/data/request.js";
import type {EstimateReport} from "../../../src/lib/wire/data.js";

// What the engine says must be what the page reads; the compiler holds it to that.
const estimate = (change: Partial<EstimateReport> = {}): EstimateReport => ({
  requests: 503,
  rows: 376_314,
  histories: 80,
  complete: 0,
  seconds: 6,
  pairs: ["BTC/USDT", "ETH/USDT"],
  ...change
});

describe("an estimate in words", () => {
  it("names requests, rows and time, and the histories skipped", () => {
    expect(estimateWords(estimate())).toEqual([
      "503 requests for about 376,314 rows: about 6 seconds at the current rate limit, longer on a slow network.",
      "80 histories of 2 pairs."
    ]);
    expect(estimateWords(estimate({complete: 3}))[1]).toBe(
      "80 histories of 2 pairs, of which 3 are complete and skipped."
    );
    expect(estimateWords(estimate({requests: 0, complete: 80}))).toEqual([
      "Nothing is missing: 80 histories of 2 pairs are all complete."
    ]);
    expect(estimateWords(estimate({histories: 0, requests: 0}))).toEqual([
      "This venue has none of the selected series."
    ]);
  });
  it("rounds the time and names the first pairs", () => {
    expect([0, 1, 2.4, 90, 7_200].map(timeWords)).toEqual([
      "about a second",
      "about a second",
      "about 3 seconds",
      "about 1 minute",
      "about 2 hours"
    ]);
    expect(pairWords({pairs: ["A/B", "C/D", "E/F"]}, 2)).toBe("A/B, C/D and 1 more");
  });
});

describe("a debounced request", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is sent once inputs rest, and answers to older inputs are dropped in any order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({min: 1, max: 900}), {minLength: 1, maxLength: 8}), async (delays) => {
        const told: number[] = [];
        const asked: number[] = [];
        const asking = latest<number, number>(
          (n) => (asked.push(n), new Promise((resolve) => setTimeout(() => resolve(n), delays[n]!))),
          {onAnswer: (n) => told.push(n), onError: () => told.push(-1), waitMs: 100}
        );
        for (let i = 0; i < delays.length; i++) {
          asking.ask(i);
          await vi.advanceTimersByTimeAsync(i % 2 ? 150 : 50);
        }
        await vi.advanceTimersByTimeAsync(2_000);
        expect(told.at(-1)).toBe(delays.length - 1);
        expect([...told].sort((a, b) => a - b)).toEqual(told);
        expect(asked.length).toBeLessThan(delays.length + 1);
      })
    );
  });
  it("is dropped by null, and nothing is reported after close", async () => {
    const told: unknown[] = [];
    const asking = latest<number, number>(async (n) => n, {
      onAnswer: (n) => told.push(n),
      onError: (error) => told.push(error.message),
      waitMs: 10
    });
    asking.ask(1);
    asking.ask(null);
    await vi.advanceTimersByTimeAsync(100);
    asking.ask(2);
    asking.close();
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toEqual([]);
  });
  it("reports an error of the newest input and drops one of an older input", async () => {
    const told: string[] = [];
    const asking = latest<number, number>(
      (n) => new Promise((_, reject) => setTimeout(() => reject(new Error(String(n))), n === 1 ? 500 : 10)),
      {onAnswer: () => undefined, onError: (error) => told.push(error.message), waitMs: 0}
    );
    asking.ask(1);
    await vi.advanceTimersByTimeAsync(50);
    asking.ask(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(["2"]);
  });
});

describe("the equivalent command", () => {
  const typed: TypedRequest = {
    venue: "bybit",
    url: "",
    choose: "top",
    top: "20",
    pairs: "",
    days: "365",
    series: ["funding", "spot", "perp", "mark"],
    timeframes: ["1h"]
  };
  const of = (change: Partial<TypedRequest>) => backfillCommand(readRequest({...typed, ...change}).body!);

  it("has a flag for every choice that differs from the defaults, and no other", () => {
    expect(of({})).toBe("npx carrybook backfill --venue bybit --top 20 --days 365");
    expect(of({choose: "pairs", pairs: "btc-usdt eth/usdt", series: ["funding"], timeframes: []})).toBe(
      "npx carrybook backfill --venue bybit --pairs BTC/USDT,ETH/USDT --days 365 --series funding"
    );
    expect(of({venue: "sim", url: "http://127.0.0.1:8330", timeframes: ["1m", "1d"]})).toBe(
      "npx carrybook backfill --url http://127.0.0.1:8330 --top 20 --days 365 --timeframe 1m,1d --demo"
    );
    expect(backfillCommand(readRequest({...typed, venue: "sim"}, {simKnown: true}).body!)).toBe(
      demoCommand({top: 20, days: 365})
    );
  });
  it("is parsed by the command line into the same choices", () => {
    fc.assert(
      fc.property(
        fc.subarray(["funding", "spot", "perp", "mark", "index"], {minLength: 1}),
        fc.subarray(["1m", "5m", "15m", "1h", "4h", "8h", "1d"], {minLength: 1}),
        fc.integer({min: 1, max: 3_650}),
        (series, timeframes, days) => {
          const words = of({series, timeframes, days: String(days)}).split(" ");
          const flag = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
          const read = readSeries({series: flag("--series")!, timeframe: flag("--timeframe")!});
          expect([...read.series].sort()).toEqual([...series].sort());
          if (series.some((d) => d !== "funding")) expect([...read.timeframes].sort()).toEqual([...timeframes].sort());
          expect(readWanted({days: flag("--days")!}).days).toBe(days);
        }
      )
    );
  });
  it("quotes arguments that a shell would split or expand", () => {
    expect(["downloads/a.csv", "my file.csv", "it's", "$(rm)", "~/x"].map(shellWord)).toEqual([
      "downloads/a.csv",
      "'my file.csv'",
      "'it'\\''s'",
      "'$(rm)'",
      "~/x"
    ]);
    const empty = {path: "", venue: "", pair: "", series: "", timeframe: "", columns: ""};
    expect(importCommand(empty)).toBe("npx carrybook import downloads/ --venue binance");
    expect(
      importCommand({...empty, path: "a b.csv", venue: "okx", pair: "BTC/USDT", series: "perp", timeframe: "1h"})
    ).toBe("npx carrybook import 'a b.csv' --venue okx --pair BTC/USDT --series perp --timeframe 1h");
    expect(importCommand({...empty, series: "funding", timeframe: "1h", columns: "ts=1,rate=3"})).toBe(
      "npx carrybook import downloads/ --venue binance --series funding --columns ts=1,rate=3"
    );
  });
});

describe("the hint when no engine can run the job", () => {
  const up: EngineView = {link: "up", reachable: true, simulated: false};
  const command = "npx carrybook backfill --venue okx";
  const of = (view: Partial<EngineView>, venue = "okx") => absenceOf({...up, ...view}, {venue, command});
  it("is null when the engine can, and has commands in every other case", () => {
    expect(of({})).toBeNull();
    expect(of({simulated: null})).toBeNull();
    expect(of({link: "down"})!.commands).toEqual(["npx carrybook engine --venue okx", command]);
    expect(of({link: "down"}, "a b;c")!.commands[0]).toBe("npx carrybook engine");
    expect(of({link: "no token"})!.commands).toEqual(["npx carrybook engine --ticket"]);
    expect(of({link: "unknown"})!.commands).toEqual([command]);
    expect(of({reachable: false, link: "down"})).toMatchObject({commands: [command]});
    expect(of({simulated: true})!.message).toContain("never mixes with a venue's");
    expect(of({simulated: true}, "sim")).toBeNull();
  });
  it("for the demo: an engine of a venue cannot fill it", () => {
    const demo = "npx carrybook demo --pairs 20 --days 365";
    expect(demoAbsence(up, demo)).toMatchObject({commands: [demo]});
    expect(demoAbsence({...up, simulated: true}, demo)).toBeNull();
    expect(demoAbsence({...up, link: "down"}, demo)!.commands).toEqual(["npm start"]);
    expect(demoAbsence({...up, reachable: false, link: "down"}, demo)!.commands).toEqual([demo]);
  });
});

it("messages for the next page are read once, and missing storage is tolerated", () => {
  handOver(["Queued.", "Warning: 2 left out"]);
  expect(takeOver()).toEqual(["Queued.", "Warning: 2 left out"]);
  expect(takeOver()).toEqual([]);
  const broken = {
    setItem: () => {
      throw new Error("quota");
    },
    getItem: () => "{",
    removeItem: () => undefined
  };
  expect(() => handOver(["x"], broken)).not.toThrow();
  expect(takeOver(broken)).toEqual([]);
});
