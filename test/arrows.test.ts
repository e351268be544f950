import {readdirSync, readFileSync} from "node:fs";
import {dirname, join, relative} from "node:path";
import {describe, expect, it} from "vitest";

const root = join(import.meta.dirname, "..");

/**
 * The floors of each wing, top first. A file may import its own room and rooms on lower floors of its wing; rooms on one
 * floor do not know each other. ARCHITECTURE.md says what each room is for.
 */
const FLOORS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "src/lib": [
    ["index"],
    ["workers"],
    ["sweep"],
    ["backtest"],
    ["ledger"],
    ["strategy"],
    ["market"],
    ["stats"],
    ["money", "time", "errors"],
    ["wire"]
  ],
  "src/components": [
    ["analysis"],
    ["builder", "replay", "data", "explorer", "notes"],
    ["ingest"],
    ["pageBar"],
    ["engine", "decision", "distributions"],
    ["run", "pair"],
    ["charts"],
    ["sourceView"],
    ["ui"],
    ["feed"],
    ["arrow"]
  ],
  loaders: [["ingest", "snapshots"], ["lake"], ["store", "exchange"], ["rows"], ["errors"]],
  engine: [
    ["cli"],
    ["process"],
    ["api"],
    ["loop"],
    ["risk", "schedule"],
    ["trader", "data", "runs", "site"],
    ["execution", "simulator"],
    ["journal", "notify"],
    ["config"],
    ["hub", "log", "files", "version"]
  ]
};

/** The wings a wing may import, itself apart. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  "src/lib": [],
  "src/components": ["src/lib"],
  loaders: ["src/lib"],
  engine: ["loaders", "src/lib"]
};

function sources(dir: string): string[] {
  return readdirSync(join(root, dir), {recursive: true, encoding: "utf8"})
    .filter((name) => /\.(ts|js)$/.test(name) && !name.includes(".observablehq"))
    .map((name) => join(dir, name))
    .sort();
}

interface Import {
  file: string;
  target: string;
}

const files = Object.keys(FLOORS).flatMap(sources);
const known = new Set(files);

/**
 * Every import of a file, of types too, static, dynamic, for its effect or by address (a worker's script): local ones as
 * paths of files from the root, others as package names.
 */
function imports(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|new URL\(\s*["'](\.[^"']+)["'],\s*import\.meta\.url|import\.meta\.resolve\(\s*["']([^"']+)["']/g
  );
  return [...found].map((match) => {
    const name = match.slice(1).find((part) => part !== undefined)!;
    if (!name.startsWith(".")) return {file, target: name.startsWith("npm:") ? name.slice(4) : name};
    const path = relative(root, join(root, dirname(file), name));
    const source = path.replace(/\.js$/, ".ts");
    return {file, target: !known.has(path) && known.has(source) ? source : path};
  });
}

const wingOf = (path: string): string | undefined =>
  Object.keys(FLOORS).find((wing) => path.startsWith(`${wing}/`)) ?? /^(src|test)\//.exec(path)?.[1];
/** The room a file of a wing stands in: its folder directly below the wing, or the file itself. */
const roomOf = (path: string, wing: string): string =>
  path
    .slice(wing.length + 1)
    .split("/")[0]!
    .replace(/\.\w+$/, "");
const floorOf = (room: string, wing: string): number => FLOORS[wing]!.findIndex((rooms) => rooms.includes(room));

const all = files.flatMap(imports);
const show = ({file, target}: Import) => `${file} → ${target}`;

/** The circles of a graph, each as the sorted list of its members: strongly connected parts of more than one (Tarjan). */
function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const members = stack.splice(stack.indexOf(node));
    if (members.length > 1) found.push(members.sort());
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return found;
}

/** For every folder, the graph of what stands directly in it: files by themselves, folders with all that is in them. */
function folderGraphs(list: readonly Import[]): Map<string, Map<string, Set<string>>> {
  const graphs = new Map<string, Map<string, Set<string>>>();
  for (const {file, target} of list) {
    const [from, to] = [file.split("/"), target.split("/")];
    let depth = 0;
    while (depth < from.length - 1 && from[depth] === to[depth]) depth++;
    if (from[depth] === to[depth]) continue;
    const folder = from.slice(0, depth).join("/");
    const graph = graphs.get(folder) ?? graphs.set(folder, new Map()).get(folder)!;
    const targets = graph.get(from[depth]!) ?? graph.set(from[depth]!, new Set()).get(from[depth]!)!;
    targets.add(to[depth]!);
  }
  return graphs;
}

describe("the arrows of the house run one way", () => {
  it("every import is found, whatever its form", () => {
    const forms = all.map(show);
    expect(forms).toContain("engine/runs/sweep-threads.ts → engine/runs/sweep-thread.js");
    expect(forms).toContain("engine/runs/sweep-thread.js → engine/runs/sweep-thread.ts");
    expect(forms).toContain("engine/cli/commands/engine.ts → engine/loop/index.ts");
    const lost = all.filter(({file, target}) => wingOf(target) !== undefined && !known.has(target) && known.has(file));
    expect(lost.map(show)).toEqual([]);
    expect(all.length).toBeGreaterThan(1_500);
  });

  it("every room stands on a floor", () => {
    const homeless = files.filter((file) => floorOf(roomOf(file, wingOf(file)!), wingOf(file)!) < 0);
    expect(homeless).toEqual([]);
  });

  it("within a wing, a room imports only rooms on lower floors", () => {
    const wrong = all.filter(({file, target}) => {
      const wing = wingOf(file)!;
      if (wingOf(target) !== wing) return false;
      const [from, to] = [roomOf(file, wing), roomOf(target, wing)];
      return from !== to && floorOf(to, wing) <= floorOf(from, wing);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("between wings: pages and loaders and the engine know the model, the engine knows the loaders, nothing else", () => {
    const wrong = all.filter(({file, target}) => {
      const [from, to] = [wingOf(file)!, wingOf(target)];
      return to !== undefined && to !== from && !BELOW[from]!.includes(to);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("the wire documents import nothing but each other", () => {
    const isWire = (path: string) => path.startsWith("src/lib/wire/");
    expect(all.filter(({file, target}) => isWire(file) && !isWire(target)).map(show)).toEqual([]);
  });

  it("there is no circle of files or folders, type imports included", () => {
    const found = [...folderGraphs(all.filter(({target}) => known.has(target)))].flatMap(([folder, graph]) =>
      circles(graph).map((members) => `${folder}: ${members.join(", ")}`)
    );
    expect(found).toEqual([]);
  });

  it("the search for circles finds one of files and one of folders", () => {
    const graphs = folderGraphs([
      {file: "a/x.ts", target: "a/y.ts"},
      {file: "a/y.ts", target: "a/x.ts"},
      {file: "a/z.ts", target: "b/z.ts"},
      {file: "b/w.ts", target: "a/x.ts"}
    ]);
    expect([...graphs].flatMap(([, graph]) => circles(graph))).toEqual([
      ["x.ts", "y.ts"],
      ["a", "b"]
    ]);
  });
});

describe("who may know what", () => {
  const users = (name: string) => all.filter(({target}) => target === name).map(({file}) => file);

  it("the model imports nothing but itself, decimal.js and d3-array", () => {
    const foreign = all.filter(
      ({file, target}) =>
        file.startsWith("src/lib/") && !known.has(target) && !["decimal.js", "d3-array"].includes(target)
    );
    expect(foreign.map(show)).toEqual([]);
  });

  it("the model reads no clock, no randomness and no process", () => {
    const impure = sources("src/lib").filter((file) =>
      /Date\.now\(|new Date\(\)|Math\.random\(|\bprocess\.|performance\.now|fetch\(/.test(
        readFileSync(join(root, file), "utf8")
      )
    );
    expect(impure).toEqual([]);
  });

  it("trap 17: no part of the program knows a local time, so that daylight saving cannot matter", () => {
    const local = files.filter((file) =>
      /\.(get(Hours|Date|Day|Month|FullYear|Minutes|TimezoneOffset)|set(Hours|Date|Month|FullYear))\(|toLocale(Date|Time)?String\((?!"en-US")|new Date\([^()]+,/.test(
        readFileSync(join(root, file), "utf8")
      )
    );
    expect(local).toEqual([]);
  });

  it("only the store, the lake and the snapshots know DuckDB, and only the owner's module opens market.duckdb", () => {
    expect(users("@duckdb/node-api").filter((file) => !/^loaders\/(store|lake|snapshots)\//.test(file))).toEqual([]);
    const openers = files.filter((file) =>
      /DuckDBInstance\.fromCache|market\.duckdb"/.test(readFileSync(join(root, file), "utf8"))
    );
    expect(openers).toEqual(["loaders/store/database.ts"]);
  });

  it("only the exchange client and live execution know ccxt", () => {
    expect(users("ccxt").filter((file) => !/^(loaders\/exchange|engine\/execution\/live)\//.test(file))).toEqual([]);
    expect(users("ccxt").length).toBeGreaterThan(1);
  });

  it("only note pages import the notes' own room", () => {
    expect(all.filter(({target}) => target.startsWith("src/components/notes/"))).toEqual([]);
  });
});
