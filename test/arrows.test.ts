import {readdirSync, readFileSync} from "node:fs";
import {dirname, join, relative} from "node:path";
import {describe, expect, it} from "vitest";

const root = join(import.meta.dirname, "..");

function sources(dir: string): string[] {
  return readdirSync(join(root, dir), {recursive: true, encoding: "utf8"})
    .filter((name) => /\.(ts|js)$/.test(name) && !name.includes(".observablehq"))
    .map((name) => join(dir, name));
}

interface Import {
  file: string;
  target: string;
}

/** Every import of a file, local ones as paths from the root, others as package names. */
function imports(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  return [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g)
  ].map((match) => {
    const name = (match[1] ?? match[2])!;
    if (name.startsWith(".")) return {file, target: relative(root, join(root, dirname(file), name))};
    return {file, target: name.startsWith("npm:") ? name.slice(4) : name};
  });
}

const all = (dir: string): Import[] => sources(dir).flatMap(imports);
const locals = (list: Import[]) => list.filter(({target}) => /^(src|loaders|engine|test|observablehq)/.test(target));
const show = ({file, target}: Import) => `${file} → ${target}`;

describe("the arrows of the house run one way", () => {
  it("the model imports nothing but itself, decimal.js and d3-array", () => {
    const bad = all("src/lib").filter(
      ({target}) => !target.startsWith("src/lib/") && !["decimal.js", "d3-array"].includes(target)
    );
    expect(bad.map(show)).toEqual([]);
    expect(all("src/lib").length).toBeGreaterThan(10);
  });

  it("trap 17: no part of the program knows a local time, so that daylight saving cannot matter", () => {
    const local = ["src", "loaders", "engine"].flatMap(sources).filter((file) => {
      const text = readFileSync(join(root, file), "utf8");
      return /\.(get(Hours|Date|Day|Month|FullYear|Minutes|TimezoneOffset)|set(Hours|Date|Month|FullYear))\(|toLocale(Date|Time)?String\((?!"en-US")|new Date\([^()]+,/.test(
        text
      );
    });
    expect(local).toEqual([]);
  });

  it("the model reads no clock, no randomness and no process", () => {
    const impure = sources("src/lib").filter((file) =>
      /Date\.now\(|new Date\(\)|Math\.random\(|\bprocess\.|performance\.now|fetch\(/.test(
        readFileSync(join(root, file), "utf8")
      )
    );
    expect(impure).toEqual([]);
  });

  it("components import components and the model", () => {
    const bad = locals(all("src/components")).filter(({target}) => !/^src\/(components|lib)\//.test(target));
    expect(bad.map(show)).toEqual([]);
  });

  it("loaders import loaders and the model", () => {
    expect(
      locals(all("loaders"))
        .filter(({target}) => !/^(loaders|src\/lib)\//.test(target))
        .map(show)
    ).toEqual([]);
  });

  it("the engine imports itself, loaders and the model", () => {
    expect(
      locals(all("engine"))
        .filter(({target}) => !/^(engine|loaders|src\/lib)\//.test(target))
        .map(show)
    ).toEqual([]);
  });

  it("only the store, the lake and the snapshots know DuckDB, and only the owner's module opens market.duckdb", () => {
    const everything = [...all("loaders"), ...all("engine"), ...all("src/lib"), ...all("src/components")];
    const users = everything.filter(({target}) => target === "@duckdb/node-api").map(({file}) => file);
    expect(users.filter((file) => !/^loaders\/(store|lake|snapshots)\//.test(file))).toEqual([]);
    const openers = [...sources("loaders"), ...sources("engine")].filter((file) =>
      /DuckDBInstance\.fromCache|market\.duckdb"/.test(readFileSync(join(root, file), "utf8"))
    );
    expect(openers).toEqual(["loaders/store/database.ts"]);
  });

  it("only the exchange client and live execution know ccxt", () => {
    const users = [...all("loaders"), ...all("engine"), ...all("src/lib")].filter(({target}) => target === "ccxt");
    expect(users.filter(({file}) => !/^(loaders\/exchange|engine\/execution\/live)/.test(file)).map(show)).toEqual([]);
  });
});
