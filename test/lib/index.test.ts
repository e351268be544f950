import {execFileSync, spawnSync} from "node:child_process";
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {build} from "esbuild";
import {beforeAll, describe, expect, it} from "vitest";
import {buildLibrary, LIBRARY} from "../../engine/site/library.js";
import {ROOT} from "../../engine/site/paths.js";
import * as analysis from "../../src/components/analysis.js";
import * as lib from "../../src/lib/index.js";
import {tmp} from "../helpers/tmp.js";

const SCRIPT = join(ROOT, "test/examples/backtest.mjs");

/** What the example prints, with nothing in the environment that would load TypeScript. */
const runPlain = (script: string) => {
  const {NODE_OPTIONS, ...env} = process.env;
  return JSON.parse(execFileSync(process.execPath, [script], {encoding: "utf8", env}));
};

describe("the model's public face", () => {
  it("a note has all of it from one place, and nothing there hides a name of the model", () => {
    const hidden = Object.keys(lib).filter(
      (name) => (analysis as Record<string, unknown>)[name] !== (lib as Record<string, unknown>)[name]
    );
    expect(hidden).toEqual([]);
  });

  it("the example note imports nothing deeper", () => {
    const note = readFileSync(join(ROOT, "test/examples/note.md"), "utf8");
    const sources = [...note.matchAll(/\bfrom "([^"]+)"/g)].map(([, source]) => source);
    expect(sources).toEqual(["../components/analysis.js"]);
    const names = /import \{([\s\S]*?)\}/
      .exec(note)![1]!
      .split(",")
      .map((name) => name.trim());
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !(name in analysis))).toEqual([]);
  });
});

describe("carrybook/lib", () => {
  let types: boolean;
  beforeAll(async () => {
    ({types} = await buildLibrary());
  });

  it("exports what the sources export", async () => {
    const built = await import(pathToFileURL(join(LIBRARY, "index.js")).href);
    expect(Object.keys(built).sort()).toEqual(Object.keys(lib).sort());
  });

  it("plain Node runs a script with it, and a bundle of the script gives the same", async () => {
    const printed = runPlain(SCRIPT);
    expect(printed.trades).toBeGreaterThan(0);
    expect(Number(printed.net)).not.toBe(0);
    expect(printed.trials.map((trial: {minRate: string}) => trial.minRate)).toEqual([
      "0.0002",
      "0.0003",
      "0.0004",
      "0.0005"
    ]);

    const outfile = join(tmp(), "backtest.mjs");
    await build({entryPoints: [SCRIPT], outfile, bundle: true, format: "esm", platform: "neutral", logLevel: "error"});
    expect(readFileSync(outfile, "utf8")).not.toMatch(/^\s*import\b/m);
    expect(runPlain(outfile)).toEqual(printed);
  });

  it("its declarations type a program that has neither the sources nor a loader", () => {
    expect(types).toBe(true);
    const folder = tmp();
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/carrybook"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({type: "module"}));
    writeFileSync(
      join(folder, "program.ts"),
      `import {parseConfig, runBacktest, type MarketData, type Trade} from "carrybook/lib";
       export const trades = (market: MarketData): readonly Trade[] => runBacktest([market], parseConfig()).trades;
       // @ts-expect-error: a run wants a list of markets
       runBacktest("BTC/USDT", parseConfig());`
    );
    const {status, stdout} = spawnSync(
      process.execPath,
      [
        join(ROOT, "node_modules/typescript/bin/tsc"),
        ...["--noEmit", "--strict", "--module", "nodenext", "--lib", "es2023,dom", "program.ts"]
      ],
      {cwd: folder, encoding: "utf8"}
    );
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});
