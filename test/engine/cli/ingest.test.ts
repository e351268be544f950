import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {startSim, type Sim} from "../../../engine/simulator/api/server.js";
import {existsSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {readCount, readPairs, readSeries, readSpan} from "../../../engine/data/request.js";
import {cli, startCli} from "../../helpers/cli.js";
import {until} from "../../helpers/until.js";
import {importMade} from "../../helpers/site.js";

let sim: Sim;
let root: string;
let data: string;

beforeAll(async () => {
  sim = await startSim({nowMs: Date.UTC(2026, 9, 1, 12, 34, 56), speed: 0});
  root = mkdtempSync(join(tmpdir(), "carrybook-ingest-"));
  data = join(root, "data");
});
afterAll(async () => {
  await sim.close();
  rmSync(root, {recursive: true, force: true});
});

const json = <T = Record<string, unknown>>(text: string): T => JSON.parse(text) as T;
const backfill = (...args: string[]) =>
  cli(["backfill", "--url", sim.url, "--data", data, "--json", "--quiet", ...args]);

interface Ended {
  batches: {id: string; status: string; rowsFetched: number}[];
  jobs: {pair: string; series: string; status: string; error: string | null}[];
}

describe("ingestion commands", () => {
  it("backfill fetches a venue's top pairs, update continues them, and a repeat fetches nothing", async () => {
    const first = await backfill("--top", "2", "--days", "30");
    expect(first.code, first.stderr).toBe(0);
    const ended = json<Ended>(first.stdout);
    expect(ended.batches[0]).toMatchObject({status: "completed"});
    expect(new Set(ended.jobs.map((job) => job.pair))).toEqual(new Set(["BTC/USDT", "ETH/USDT"]));
    expect(new Set(ended.jobs.map((job) => job.series))).toEqual(new Set(["funding", "spot", "perp", "mark"]));
    const status = json<{source: string; simulated: boolean; pairs: number; rows: {funding: number; candles: number}}>(
      (await cli(["status", "--data", data, "--json"])).stdout
    );
    expect(status).toMatchObject({source: "demo", simulated: true, pairs: 2});
    expect(status.rows.funding).toBe(2 * 90);
    const update = await cli(["update", "--data", data, "--json", "--quiet"]);
    expect(update.code, update.stderr).toBe(0);
    expect(json<Ended>(update.stdout).batches[0]!.rowsFetched).toBe(0);
  });

  it("jobs lists past jobs, shows a batch with its log, and rejects an unknown id", async () => {
    const list = json<{id: string; kind: string}[]>((await cli(["jobs", "--data", data, "--json"])).stdout);
    expect(list.map((job) => job.kind)).toEqual(["update", "backfill"]);
    const shown = json<{children: unknown[]; log: {text: string}[]}>(
      (await cli(["jobs", "show", list[1]!.id, "--data", data, "--json"])).stdout
    );
    expect(shown.children).toHaveLength(8);
    expect(shown.log.some((line) => line.text.startsWith("done: "))).toBe(true);
    const none = await cli(["jobs", "show", "nosuch", "--data", data]);
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining("missing job: nosuch")]);
    expect((await cli(["jobs", "dance", "--data", data])).code).toBe(2);
    expect((await cli(["jobs", "retry", "--data", data])).code).toBe(2);
  });

  it("track and untrack change the scope of update", async () => {
    const tracked = await cli(["track", "SOL/USDT", "--series", "funding", "--days", "10", "--data", data, "--json"]);
    expect(json<{pair: string; chosenBy: string}[]>(tracked.stdout)).toContainEqual(
      expect.objectContaining({venue: "sim", pair: "SOL/USDT", series: "funding", chosenBy: "person"})
    );
    const gone = await cli(["untrack", "ETH/USDT", "--data", data, "--json"]);
    expect(json(gone.stdout)).toMatchObject({untracked: 4});
    const update = json<Ended>((await cli(["update", "--data", data, "--json", "--quiet"])).stdout);
    expect(new Set(update.jobs.map((job) => job.pair))).toEqual(new Set(["BTC/USDT", "SOL/USDT"]));
    expect((await cli(["untrack", "NOSUCH/USDT", "--data", data])).code).toBe(4);
    const none = await cli(["track", "NOSUCH/USDT", "--data", data]);
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining("lists no perpetual NOSUCH/USDT")]);
  });

  it("gaps --repair marks the venue's outage as confirmed missing", async () => {
    const outage = ["--pairs", "XRP/USDT", "--series", "perp", "--from"];
    expect((await backfill(...outage, "2026-02-08", "--to", "2026-02-12")).code).toBe(0);
    expect((await backfill(...outage, "2026-02-17", "--to", "2026-02-20")).code).toBe(0);
    const gaps = async () => {
      const lines = (await cli(["gaps", "--data", data, "--json"])).stdout;
      return json<{series: string; rows: number; state: string}[]>(lines).filter((gap) => gap.series === "perp");
    };
    // The month in between was never requested: it is missing too, and no row of it is interpolated.
    expect(await gaps()).toMatchObject([
      {rows: 1, state: "open"},
      {rows: 24 * 5, state: "open"}
    ]);
    const repair = await cli(["gaps", "--repair", "--data", data, "--json", "--quiet"]);
    expect(repair.code, repair.stderr).toBe(0);
    expect(await gaps()).toMatchObject([{rows: 1, state: "confirmed missing"}]);
  });

  it("pairs --universe gives the reasons for exclusion, also at a past instant", async () => {
    interface Row {
      pair: string;
      exclusions: string[];
    }
    const now = json<Row[]>(
      (await cli(["pairs", "--universe", "--at", "2026-10-01T13:00Z", "--data", data, "--json"])).stdout
    );
    expect(now.find((row) => row.pair === "JELLY/USDT")?.exclusions).toContain("no-spot-market");
    expect(now.find((row) => row.pair === "ETH/USDT")?.exclusions).toEqual([]);
    const past = json<Row[]>((await cli(["pairs", "--at", "2026-01-01", "--data", data, "--json"])).stdout);
    expect(past.map((row) => row.pair)).not.toContain("NEWT/USDT");
    expect(now.map((row) => row.pair)).toContain("NEWT/USDT");
  });

  it("backtest uses the venue's lot steps", async () => {
    const run = await cli([
      "backtest",
      "--pairs",
      "BTC/USDT",
      "--strategy",
      "simple",
      "--data",
      data,
      "--json",
      "--quiet"
    ]);
    expect(run.code, run.stderr).toBe(0);
    expect(json<{runs: {instrument: string}[]}>(run.stdout).runs[0]!.instrument).toBe("known");
  });

  it("open interest and the premium index are fetched, continued and exported; what a venue does not serve is refused", async () => {
    const own = join(root, "observations");
    const run = (...args: string[]) => cli([...args, "--data", own, "--json", "--quiet"]);
    const first = await run(
      ...["backfill", "--url", sim.url, "--pairs", "BTC/USDT", "--days", "10"],
      ...["--series", "open-interest,premium", "--timeframe", "1h"]
    );
    expect(first.code, first.stderr).toBe(0);
    expect(json<Ended>(first.stdout).jobs.map(({series, status}) => [series, status])).toEqual([
      ["open-interest", "completed"],
      ["premium", "completed"]
    ]);
    const tracked = json<{series: string; timeframe: string}[]>((await run("track")).stdout);
    expect(tracked.map(({series, timeframe}) => `${series} ${timeframe}`)).toEqual(["open-interest 1h", "premium 1h"]);
    expect((await run("update")).code).toBe(0);
    const rows = (await run("export", "--series", "open-interest", "--format", "csv")).stdout.trim().split("\n");
    expect(rows[0]).toBe("venue,series,pair,timeframe,ts,known,open_interest,notional");
    expect(rows.length - 1).toBeGreaterThanOrEqual(239);
    const away = ["backfill", "--venue", "bybit", "--pairs", "BTC/USDT", "--series"];
    for (const [args, words] of [
      [[...away, "borrow"], "no venue gives its past borrow rates without an account"],
      [[...away, "own:fear"], "invalid series: own:fear"],
      [[...away, "open-interest", "--timeframe", "1m"], "serves no open interest in it"],
      [["track", "ETH/USDT", "--series", "borrow"], "invalid series: borrow"]
    ] as const) {
      const refused = await cli([...args, "--data", join(root, "refused")]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(words)]);
    }
  });

  it("invalid flags are usage errors that name the value, before any request to a venue", async () => {
    const away = "http://127.0.0.1:9";
    const bad = await cli(["backfill", "--url", away, "--days", "abc", "--data", data]);
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining("invalid days: abc")]);
    const none = await backfill("--pairs", "NOSUCH/USDT");
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining("lists no perpetual NOSUCH/USDT")]);
    const now = Date.UTC(2026, 9, 1);
    const refused: [() => unknown, string][] = [
      [() => readCount("top", "0", {most: 9}), "invalid top: 0"],
      [() => readSpan({days: "5", from: "2026-01-01"}, now), "invalid days"],
      [() => readSpan({from: "yesterday"}, now), "invalid from: yesterday"],
      [() => readSpan({from: "2027-01-01"}, now), "invalid from"],
      [() => readSeries({series: "volume"}), "invalid series: volume"],
      [() => readSeries({series: "predicted"}), "invalid series: predicted"],
      [() => readSeries({timeframe: "3h"}), "invalid timeframe: 3h"],
      [() => readPairs(["BTC"]), "invalid pair: BTC"]
    ];
    for (const [read, words] of refused) expect(read, words).toThrow(words);
    expect(readSpan({from: "2026-01-01", to: "2026-01-02"}, now)).toMatchObject({days: 1});
    expect(readPairs(["btc-usdt,ETH/USDT", "BTC/USDT"])).toEqual(["BTC/USDT", "ETH/USDT"]);
  });

  it("unreachable venue is an exchange error that names the address", async () => {
    const away = await cli(["backfill", "--url", "http://127.0.0.1:9", "--data", join(root, "away")]);
    expect([away.code, away.stderr]).toEqual([5, expect.stringContaining("http://127.0.0.1:9")]);
    expect((await cli(["backfill", "--url", "nowhere", "--data", join(root, "away")])).code).toBe(2);
  });

  it("simulated rows never enter a store of real data", async () => {
    const real = join(root, "real");
    await importMade(real, {days: 5, pairs: ["BTC/USDT"]});
    const refused = await cli(["backfill", "--url", sim.url, "--top", "1", "--data", real]);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("holds real data")]);
  });

  it("update without tracked pairs fails with a fix", async () => {
    const empty = await cli(["update", "--data", join(root, "empty")]);
    expect([empty.code, empty.stderr]).toEqual([4, expect.stringContaining("nothing is tracked")]);
  });

  it("interrupted backfill keeps its rows and exits 130; the same command resumes it", async () => {
    const dir = join(root, "interrupted");
    const args = ["backfill", "--url", sim.url, "--top", "5", "--days", "120", "--data", dir, "--json"];
    const running = startCli(args);
    await until(() => existsSync(join(dir, "lake/manifest.json")));
    running.interrupt();
    const cut = await running.ended;
    expect([cut.code, cut.stderr]).toEqual([130, expect.stringContaining("Run the same command again")]);
    const again = await cli(args);
    expect(again.code, again.stderr).toBe(0);
    const gaps = json<{state: string; rows: number}[]>((await cli(["gaps", "--data", dir, "--json"])).stdout);
    expect(gaps.filter((gap) => gap.state === "open").every((gap) => gap.rows === 1)).toBe(true);
  });
});

it("demo fills its own directory through the same pipeline and leaves real data untouched", async () => {
  const dir = join(root, "demo");
  const demo = await cli(["demo", "--pairs", "2", "--days", "20", "--data", dir, "--json"]);
  expect(demo.code, demo.stderr).toBe(0);
  expect(demo.stderr).toContain("simulated");
  const status = json<{source: string; pairs: number; origin: string}>(
    (await cli(["status", "--demo", "--data", dir, "--json"])).stdout
  );
  expect(status).toMatchObject({source: "demo", pairs: 2, origin: "sim:7"});
  expect(json((await cli(["status", "--data", dir, "--json"])).stdout)).toMatchObject({state: "empty"});
  const update = await cli(["update", "--demo", "--data", dir, "--json", "--quiet"]);
  expect(update.code, update.stderr).toBe(0);
});
