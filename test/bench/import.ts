import {spawn} from "node:child_process";
import {once} from "node:events";
import {createWriteStream, mkdirSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {openDatabase, rowsOf} from "../../loaders/store/database.js";
import type {BenchRow} from "./harness.js";

const SIZES = [1_000_000, 4_000_000, 10_000_000];
/** Rows of one file: more minutes than this there have not been since the first market. */
const MAX_ROWS_PER_FILE = 5_000_000;
const MINUTE = 60_000;
const END = Date.UTC(2026, 0, 1);
const PEAK_MB = 500;
const BIN = join(import.meta.dirname, "../../engine/cli/bin.js");
const REPORT = "process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))";

/** Writes a file of one-minute candles, as a venue's dump has them. */
async function writeCandles(path: string, rows: number): Promise<void> {
  const file = createWriteStream(path);
  file.write("open_time,open,high,low,close,volume\n");
  let lines: string[] = [];
  for (let i = 0; i < rows; i++) {
    const price = 40_000 + 1_000 * Math.sin(i / 100);
    lines.push(
      `${END - (rows - i) * MINUTE},${price.toFixed(2)},${(price + 10).toFixed(2)},${(price - 10).toFixed(2)},` +
        `${(price + 1).toFixed(2)},${(100 + (i % 100) / 7).toFixed(4)}`
    );
    if (lines.length < 10_000 && i < rows - 1) continue;
    if (!file.write(`${lines.join("\n")}\n`)) await once(file, "drain");
    lines = [];
  }
  file.end();
  await once(file, "close");
}

/** Imports a folder in a process of its own; returns the time it took, ms, and its largest resident size, MB. */
async function imported(path: string, data: string): Promise<{ms: number; peakMb: number}> {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(REPORT)}`,
      BIN,
      "import",
      path,
      "--venue",
      "binance",
      "--series",
      "perp",
      "--data",
      data,
      "--quiet"
    ],
    {stdio: ["ignore", "ignore", "pipe"]}
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`import ended with ${code}: ${said}`);
  return {ms: performance.now() - start, peakMb: Number(/peak (\d+)/.exec(said)![1]) / 1024};
}

/** Measures rows per second and peak memory of an import from text, publication of the lake included. */
export async function importBench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const size of SIZES) {
    const dir = mkdtempSync(join(tmpdir(), "carrybook-bench-"));
    try {
      const files = Math.ceil(size / MAX_ROWS_PER_FILE);
      const folder = join(dir, "files");
      mkdirSync(folder);
      for (let i = 0; i < files; i++) await writeCandles(join(folder, `C${"ABC"[i]}USDT-1m.csv`), size / files);
      const {ms, peakMb} = await imported(folder, join(dir, "data"));
      const db = await openDatabase(join(dir, "data"));
      const [{n}] = (await rowsOf<{n: number}>(db.connection, "select count(*) as n from candles")) as [{n: number}];
      await db.close();
      if (n !== size) throw new Error(`invalid import: ${n} rows of ${size}`);
      rows.push({
        work: `import ${size.toLocaleString("en-US")} candles from CSV, published`,
        figure: `${Math.round((size / ms) * 1000).toLocaleString("en-US")} rows/s, peak ${peakMb.toFixed(0)} MB`,
        against: `${PEAK_MB} MB (peak / bound)`,
        ratio: peakMb / PEAK_MB
      });
    } finally {
      rmSync(dir, {recursive: true, force: true});
    }
  }
  return rows;
}
