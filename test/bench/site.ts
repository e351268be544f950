import {execFileSync} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import {chromium} from "playwright-core";
import {buildSite} from "../../engine/site/build.js";
import {publish} from "../../loaders/lake/publish.js";
import {openDatabase} from "../../loaders/store/database.js";
import {Stage} from "../../loaders/store/stage.js";
import type {MarketRow} from "../../loaders/rows.js";
import {writeStage} from "../../loaders/store/write.js";
import type {SeriesKey} from "../../loaders/store/key.js";
import {serveDist} from "../helpers/server.js";
import {median, time, type BenchRow} from "./harness.js";

const PAIRS = 50;
const HOURS = 8_760;
const HOUR = 3_600_000;
const T0 = Date.UTC(2024, 0, 1);

/** Measures the build of a site of fifty pairs and a year of hours, and the load of its Explorer. */
export async function siteBench(): Promise<BenchRow[]> {
  const root = mkdtempSync(join(tmpdir(), "carrybook-bench-"));
  const [data, dist] = [join(root, "data"), join(root, "dist")];
  try {
    await fill(data);
    let reason: string | null = null;
    const ms = await time(async () => {
      reason = await buildSite({data, dist});
    });
    if (reason) throw new Error(reason);
    const built: BenchRow = {
      work: `build the site of ${PAIRS} pairs, a year of hourly candles`,
      figure: `${(ms / 1000).toFixed(1)} s`,
      against: "30 s",
      ratio: ms / 30_000
    };
    return [built, ...(await pageLoad(dist))];
  } finally {
    rmSync(root, {recursive: true, force: true});
  }
}

async function fill(data: string): Promise<void> {
  const db = await openDatabase(data);
  const put = async (key: SeriesKey, rows: MarketRow[], stepMs: number) => {
    const stage = await Stage.open(db, key);
    for (const row of rows) stage.add(row);
    await writeStage(db, stage, {proven: {from: T0, to: T0 + rows.length * stepMs}, mode: "range", origin: "bench"});
  };
  try {
    for (let p = 0; p < PAIRS; p++) {
      const key = {venue: "bench", pair: `C${p}/USDT`};
      const price = (h: number) => 100 + p + 10 * Math.sin(h / 200 + p);
      const candles = (shift: number) =>
        Array.from({length: HOURS}, (_, h) => ({
          tsMs: T0 + h * HOUR,
          open: (price(h) + shift).toFixed(4),
          high: (price(h) + shift + 1).toFixed(4),
          low: (price(h) + shift - 1).toFixed(4),
          close: (price(h + 1) + shift).toFixed(4),
          volume: "12345.678"
        }));
      const rates = Array.from({length: HOURS / 8}, (_, i) => ({
        tsMs: T0 + i * 8 * HOUR,
        rate: (0.0001 + Math.sin(i / 20 + p) / 5000).toFixed(8)
      }));
      await put({...key, series: "perp", timeframe: "1h"}, candles(0.05), HOUR);
      await put({...key, series: "spot", timeframe: "1h"}, candles(0), HOUR);
      await put({...key, series: "funding", timeframe: ""}, rates, 8 * HOUR);
    }
    await publish(db);
  } finally {
    await db.close();
  }
}

/** Measures bytes and first content of the Explorer in Chromium, each load in a fresh, uncached context. */
async function pageLoad(dist: string): Promise<BenchRow[]> {
  const executablePath = execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync"
  ];
  const browser = await chromium.launch({executablePath, args});
  const site = await serveDist(dist);
  try {
    const paints: number[] = [];
    let compressed = 0;
    for (let i = 0; i < 5; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const sizes: Promise<number>[] = [];
      page.on("response", (response) =>
        sizes.push(
          response.body().then(
            (body) => gzipSync(body).length,
            () => 0
          )
        )
      );
      await page.goto(`${site.url}explorer`, {waitUntil: "networkidle"});
      paints.push(
        await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN)
      );
      compressed = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
      await context.close();
    }
    return [
      {
        work: `Explorer of ${PAIRS} pairs, first content`,
        figure: `${median(paints).toFixed(0)} ms`,
        against: "1 s",
        ratio: median(paints) / 1_000
      },
      {
        work: `Explorer of ${PAIRS} pairs, everything it loads, compressed`,
        figure: `${Math.round(compressed / 1_000)} kB`,
        against: "600 kB",
        ratio: compressed / 600_000
      }
    ];
  } finally {
    await browser.close();
    await site.close();
  }
}
