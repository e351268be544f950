import {copyFileSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import {zipSync} from "fflate";
import {expect, it} from "vitest";
import {cli} from "../helpers/cli.js";
import {finished, holds, spawnCompiled} from "../helpers/cli-process.js";
import {generator} from "../../src/lib/stats/random.js";
import {makeHistory} from "../helpers/history.js";
import {dumpHash, lakeHash, open} from "../helpers/store.js";
import {KILLS, KILLS_A_STORE} from "../helpers/kills.js";
import {tmp} from "../helpers/tmp.js";

const hashes = async (data: string): Promise<string[]> => {
  const db = await open(data, {now: Date.now});
  try {
    return [await dumpHash(db), await lakeHash(data)];
  } finally {
    await db.close();
  }
};

/** The exit code of an import that left a file out. */
const LEFT_OUT = 4;

/** A folder as a person keeps one: text, compressed text, an archive of several files, and a contract that is left out. */
function mixedFolder(dir: string): void {
  makeHistory(dir);
  const bars = (name: string) => join(dir, "perp", name);
  writeFileSync(bars("CAUSDT-1h.csv.gz"), gzipSync(readFileSync(bars("CAUSDT-1h.csv"))));
  const members = ["CBUSDT-1h.csv", "CCUSDT-1h.csv"];
  writeFileSync(
    bars("bars.zip"),
    zipSync(Object.fromEntries(members.map((name) => [name, new Uint8Array(readFileSync(bars(name)))])))
  );
  copyFileSync(bars("CDUSDT-1h.csv"), bars("CDUSDT_240628-1h.csv"));
  for (const name of ["CAUSDT-1h.csv", ...members]) rmSync(bars(name));
}

/** Kills the command at a random moment, timed from when it holds the data directory. */
async function killAt(args: readonly string[], data: string, afterMs: number): Promise<"killed" | "ended"> {
  const child = spawnCompiled(args);
  const end = finished(child);
  await holds(child, data);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill("SIGKILL");
  return (await end).signal === "SIGKILL" ? "killed" : "ended";
}

it(`kill -9 at ${KILLS} random points of an import of a mixed folder, resumed, equals an uninterrupted one`, async () => {
  const root = tmp();
  mixedFolder(join(root, "files"));
  const argsFor = (data: string) => [
    "import",
    join(root, "files"),
    "--venue",
    "binance",
    "--data",
    data,
    "--json",
    "--quiet"
  ];
  const clean = join(root, "clean");
  const timed = spawnCompiled(argsFor(clean));
  const end = finished(timed);
  const began = await holds(timed, clean);
  expect((await end).code).toBe(LEFT_OUT);
  const workMs = performance.now() - began;
  const expected = await hashes(clean);
  const next = generator(20240101);
  let kills = 0;
  let runs = 0;
  for (let store = 0; kills < KILLS; store++) {
    const data = join(root, `store-${store}`);
    for (let k = 0; k < KILLS_A_STORE; k++) {
      runs++;
      if ((await killAt(argsFor(data), data, next() * workMs * 0.8)) === "killed") kills++;
    }
    const last = await cli(argsFor(data));
    expect(last.code, last.stderr).toBe(LEFT_OUT);
    expect(await hashes(data), `store ${store} after ${kills} kills`).toEqual(expected);
    expect((await cli(["doctor", "--data", data])).code).toBe(0);
  }
  console.log(`${kills} kills in ${runs} runs, every store equal to the uninterrupted one`);
  expect(kills).toBeGreaterThanOrEqual(KILLS);
}, 1_200_000);
