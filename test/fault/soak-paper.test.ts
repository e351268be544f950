import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import {expect, it} from "vitest";
import {tmp} from "../helpers/tmp.js";

const DAYS = 31;
const PAIRS = 50;
const MEGABYTE = 1e6;

interface Day {
  day: number;
  rss: number;
  heapUsed: number;
  cycles: number;
  trades: number;
  open: number;
  failed: string[];
  disagreement: string | null;
}

it(`a month of paper trading on ${PAIRS} pairs: books agree every day, memory stays flat after the first, and the journal alone reproduces it`, async () => {
  const script = join(import.meta.dirname, "../helpers/soak.ts");
  const args = ["--expose-gc", "--import", "tsx", script, tmp(), String(DAYS), String(PAIRS), "600000"];
  const child = spawn(process.execPath, args, {stdio: ["ignore", "pipe", "inherit"]});
  let out = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(0);
  const lines = out.trim().split("\n");
  expect(JSON.parse(lines[0]!)).toEqual({pairs: PAIRS});
  expect(JSON.parse(lines.at(-1)!)).toEqual({audit: true});
  const days = lines.slice(1, -1).map((line) => JSON.parse(line) as Day);
  expect(days).toHaveLength(DAYS);
  for (const {day, failed, disagreement} of days)
    expect({day, failed, disagreement}).toEqual({day, failed: [], disagreement: null});
  expect(days.at(-1)!.trades).toBeGreaterThan(10);
  const heap = days.slice(1).map(({heapUsed}) => heapUsed);
  expect(Math.max(...heap) - heap[0]!).toBeLessThan(10 * MEGABYTE);
  // The collector's memory varies by tens of megabytes between days, so the minimum of the last ten days counts.
  // A leak would show first in the heap above.
  const growth = Math.min(...days.slice(-10).map(({rss}) => rss)) - days[0]!.rss;
  expect(growth).toBeLessThan(10 * MEGABYTE);
  const {cycles, trades, open} = days.at(-1)!;
  console.log(
    `${cycles} cycles, ${trades} trades closed, ${open} open; heap +${((Math.max(...heap) - heap[0]!) / MEGABYTE).toFixed(1)} MB, resident ${(growth / MEGABYTE).toFixed(1)} MB`
  );
}, 900_000);
