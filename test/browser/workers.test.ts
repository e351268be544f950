import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {build} from "esbuild";
import type {Page} from "playwright-core";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {labWorker, type LabAnswer} from "../../src/lib/workers/lab.js";
import {SweepRunner, type SweepPlan} from "../../src/lib/sweep/plan.js";
import {openPage} from "../helpers/browser.js";
import {planMarket} from "../helpers/market.js";
import {serveDist} from "../helpers/server.js";

const root = join(import.meta.dirname, "../..");
const market = planMarket({
  seed: 11,
  bars: 4_000,
  timeframe: "1h",
  intervals: [8, 4, 1],
  holes: 0.01,
  volatility: 0.006,
  mark: true,
  pair: "MADE/USDT",
  delay: 0
});
const plan: SweepPlan = {
  markets: [market],
  range: {},
  base: {strategy: "simple"},
  axes: [
    {key: "minRate", values: Array.from({length: 20}, (_, i) => (0.0001 + i * 0.00002).toFixed(5))},
    {key: "exitRate", values: Array.from({length: 12}, (_, i) => (i * 0.000008).toFixed(6))}
  ]
};

/** The page's side of the proof: data crosses as JSON, so columns become typed arrays again here. */
const PAGE = `
import {sweepInPage} from "${join(root, "src/components/builder/sweepPool.ts")}";
const revive = (market) => {
  const columns = (c) => c && Object.fromEntries(Object.entries(c).map(([k, v]) => [k, Array.isArray(v) ? Float64Array.from(v, (x) => x ?? NaN) : v]));
  return {...market, spot: columns(market.spot), perp: columns(market.perp), mark: columns(market.mark)};
};
const asJson = (value) => JSON.parse(JSON.stringify(value, (_, v) => (v instanceof Float64Array ? Array.from(v) : v)));
const plain = ({trials, complete}) => ({complete, trials: trials.map((t) => ({...t, returns: Array.from(t.returns)}))});
globalThis.sweep = async (plan, cancelAt) => {
  const stop = new AbortController();
  const seen = [];
  const result = await sweepInPage({...plan, markets: plan.markets.map(revive)}, {
    url: "/sweepWorker.js", workers: 2, chunk: 16, signal: stop.signal,
    onProgress: (done, total) => { seen.push([done, total]); if (cancelAt && done >= cancelAt) stop.abort(); }
  });
  return {...plain(result), seen};
};
globalThis.backtest = (market, entries) => new Promise((resolve, reject) => {
  const worker = new Worker("/labWorker.js", {type: "module"});
  worker.onmessage = ({data}) => data.type !== "preview" && resolve(asJson(data));
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage({type: "data", markets: [revive(market)], range: {}});
  worker.postMessage({type: "run", id: 1, entries});
});`;

let dir: string;
let page: Page;
let site: {url: string; close: () => Promise<void>};
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "carrybook-workers-"));
  writeFileSync(join(dir, "page.ts"), PAGE);
  for (const [entry, name] of [
    [join(dir, "page.ts"), "page.js"],
    [join(root, "src/components/builder/sweepWorker.ts"), "sweepWorker.js"],
    [join(root, "src/components/run/labWorker.ts"), "labWorker.js"]
  ] as const) {
    await build({
      entryPoints: [entry],
      outfile: join(dir, name),
      bundle: true,
      format: "esm",
      platform: "browser",
      logLevel: "error"
    });
  }
  writeFileSync(join(dir, "index.html"), `<!doctype html><script type="module" src="/page.js"></script>`);
  site = await serveDist(dir);
  ({page} = await openPage(site.url));
  await page.waitForFunction(() => "sweep" in globalThis);
});
afterAll(async () => {
  await site?.close();
  rmSync(dir, {recursive: true, force: true});
});

/** Typed arrays as lists, the way they can be handed to a page. */
const asJson = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_, v: unknown) => (v instanceof Float64Array ? Array.from(v) : v))) as T;

declare global {
  var sweep: (
    plan: SweepPlan,
    cancelAt?: number
  ) => Promise<{complete: boolean; trials: {index: number; returns: number[]}[]; seen: [number, number][]}>;
  var backtest: (market: unknown, entries: Record<string, string>) => Promise<LabAnswer>;
}

describe("the model in Web Workers", () => {
  it("a sweep over two workers gives the trials that Node gives, to the bit, with progress up to the end", async () => {
    const {complete, trials, seen} = await page.evaluate((p) => globalThis.sweep(p), asJson(plan));
    const expected = asJson(new SweepRunner(plan).run(0, 240));
    expect(complete).toBe(true);
    expect(asJson(trials)).toEqual(expected);
    expect(seen.at(-1)).toEqual([240, 240]);
    expect(seen.length).toBeGreaterThan(5);
  });

  it("cancelling hands out no further chunk and keeps what came back", async () => {
    const {complete, trials} = await page.evaluate((p) => globalThis.sweep(p, 32), asJson(plan));
    expect(complete).toBe(false);
    expect(trials.length).toBeGreaterThanOrEqual(32);
    expect(trials.length).toBeLessThan(240);
    const expected = new SweepRunner(plan);
    for (const trial of trials) expect(asJson(trial)).toEqual(asJson(expected.run(trial.index, trial.index + 1)[0]));
  });

  it("one backtest in the worker is the exact ledger's own report; a bad config is an error, not a silence", async () => {
    const run = (entries: Record<string, string>) =>
      page.evaluate(([m, e]) => globalThis.backtest(m, e), [asJson(market), entries] as const);
    const answers: LabAnswer[] = [];
    const handle = labWorker((answer) => answers.push(answer));
    handle({type: "data", markets: [market], range: {}});
    handle({type: "run", id: 1, entries: {strategy: "simple", minRate: "0.0002"}});
    expect(asJson(await run({strategy: "simple", minRate: "0.0002"}))).toEqual(
      asJson(answers.find(({type}) => type === "run"))
    );
    expect(await run({strategy: "simple", minRte: "1"})).toMatchObject({
      type: "error",
      message: expect.stringContaining("minRte") as string
    });
  });
});
