import {spawnSync} from "node:child_process";
import {mkdirSync, readdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {ROOT} from "../../engine/site/paths.js";
import {cli} from "./cli.js";
import {realDataDir} from "./shared.js";

/** True when the real market data lies beside the project. */
export const hasSharedData = realDataDir !== undefined;

function node(args: readonly string[], {offline = false} = {}): string {
  const [command, rest] =
    offline && canCutNetwork() ? ["unshare", ["-rn", process.execPath, ...args]] : [process.execPath, args];
  const result = spawnSync(command as string, rest as string[], {cwd: ROOT, encoding: "utf8", maxBuffer: 1e8});
  if (result.status !== 0) {
    throw new Error(
      `${args.join(" ")} exited with ${result.status}\n${result.stdout.slice(-3000)}\n${result.stderr.slice(-3000)}`
    );
  }
  return result.stdout;
}

let cut: boolean | undefined;

/** True when a child process can run in its own network namespace, which has no route. */
export function canCutNetwork(): boolean {
  return (cut ??= spawnSync("unshare", ["-rn", "true"]).status === 0);
}

/** Runs a command that must not fail. */
async function carrybook(...args: string[]): Promise<void> {
  const {code, stderr} = await cli(args);
  if (code !== 0) throw new Error(`${args.join(" ")} exited with ${code}\n${stderr.slice(-3000)}`);
}

/** Builds the site of a data directory, without network where the machine allows that. */
export const build = (data: string, dist: string): string =>
  node(["--import", "tsx", "engine/site/build.ts", "--data", data, "--dist", dist], {offline: true});

/** Imports real data where it lies beside the project, else made data of two pairs, and says which. */
export async function importData(data: string): Promise<"real" | "made"> {
  if (realDataDir !== undefined) {
    const folders = ["funding", "candles-8h-perp", "candles-8h-spot", "candles-1h-perp", "candles-1h-spot"];
    await carrybook(
      "import",
      ...folders.map((d) => join(realDataDir!, d)),
      "--venue",
      "binance",
      "--data",
      data,
      "--quiet"
    );
    return "real";
  }
  console.warn("real market data skipped: ../shared/data/binance is absent; the pages are tested on made data");
  await importMade(data);
  return "made";
}

/** Imports made funding and candles of two pairs; `days` from 2024-01-01 on. */
export async function importMade(data: string, {days = 120, pairs = ["BTC/USDT", "SOL/USDT"]} = {}): Promise<void> {
  const folder = join(data, "..", `made-${days}`);
  mkdirSync(folder, {recursive: true});
  for (const [p, pair] of pairs.entries()) {
    const name = pair.replace("/", "");
    const times = Array.from({length: days * 3}, (_, i) => Date.UTC(2024, 0, 1) + i * 8 * 36e5).filter(
      (_, i) => i < 60 || i > 66
    );
    const price = (i: number) => 40000 / (p + 1) + 900 * Math.sin(i / 20);
    const rate = (i: number) => 0.0001 + 0.00025 * Math.sin(i / (11 + p)) + (i % 7) * 1e-5;
    writeFileSync(
      join(folder, `${name}-funding.csv`),
      ["ts,rate", ...times.map((t, i) => `${t},${rate(i).toFixed(8)}`)].join("\n")
    );
    for (const series of ["spot", "perp"]) {
      const rows = times.map((t, i) => {
        const open = price(i) * (series === "perp" ? 1 + rate(i) : 1);
        return [t, open, open * 1.01, open * 0.99, open * 1.002, 900]
          .map((x, k) => (k ? (x as number).toFixed(4) : x))
          .join(",");
      });
      writeFileSync(join(folder, `${name}-${series}.csv`), ["ts,open,high,low,close,volume", ...rows].join("\n"));
    }
    const common = ["--venue", "binance", "--pair", pair, "--data", data, "--quiet"];
    await carrybook("import", join(folder, `${name}-funding.csv`), "--series", "funding", ...common);
    for (const series of ["spot", "perp"]) {
      await carrybook(
        "import",
        join(folder, `${name}-${series}.csv`),
        "--series",
        series,
        "--timeframe",
        "8h",
        ...common
      );
    }
  }
}

/** Returns the addresses of every page of a built site, relative to its root. */
export function pagesOf(dist: string): string[] {
  return readdirSync(dist, {recursive: true, encoding: "utf8"})
    .filter((file) => file.endsWith(".html"))
    .map((file) => file.replace(/\.html$/, "").replace(/(^|\/)index$/, "$1"))
    .sort();
}
