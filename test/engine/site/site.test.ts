import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, existsSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {afterEach, beforeEach, describe, expect, it, vi} from "vitest";
import {checkDist} from "../../../engine/site/check-dist.js";
import {clearLoaderCache} from "../../../engine/site/build.js";
import {touch, watchManifest} from "../../../engine/site/dev.js";
import {findLoaders, warmLoaders} from "../../../engine/site/loaders.js";
import {nightly} from "../../../engine/site/nightly.js";
import {CARRYBOOK, ROOT, siteEnv, siteOptions} from "../../../engine/site/paths.js";
import {accessibleHtml} from "../../../engine/site/postprocess.js";
import {preflight, reportMissing} from "../../../engine/site/preflight.js";
import {run, type Exit} from "../../../engine/site/run.js";
import {librariesOf, vendor, VENDORED} from "../../../engine/site/vendor.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "carrybook-site-"))));
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const write = (path: string, text = "") => {
  mkdirSync(dirname(join(folder, path)), {recursive: true});
  writeFileSync(join(folder, path), text);
};

describe("options", () => {
  it("options prefer the flag over the environment over the default", () => {
    const env = {CARRYBOOK_DATA: "/env"};
    expect(siteOptions(["--data", "/flag", "--port", "3001"], env)).toMatchObject({
      data: "/flag",
      rest: ["--port", "3001"]
    });
    expect(siteOptions(["--data=/flag"], env).data).toBe("/flag");
    expect(siteOptions([], env).data).toBe("/env");
    expect(siteOptions([], {}).data).toBe(join(ROOT, "data"));
  });
  it("options pass the configuration to the loaders", () => {
    write("own.json", JSON.stringify({data: "/configured", costs: {spotFee: "0.002"}}));
    const options = siteOptions(["--config", join(folder, "own.json")], {});
    expect(options.data).toBe("/configured");
    expect(siteEnv(options)).toMatchObject({CARRYBOOK_DATA: "/configured", CARRYBOOK_COSTS_SPOT_FEE: "0.002"});
    expect(() => siteOptions(["--config", join(folder, "gone.json")], {})).toThrow("missing config");
  });
  it("options reject a flag without its value", () =>
    expect(() => siteOptions(["--data"], {})).toThrow("missing value: --data"));
  it("site environment switches telemetry off", () => {
    expect(siteEnv({data: "/a", dist: "/b"})).toMatchObject({
      CARRYBOOK_DATA: "/a",
      CARRYBOOK_DIST: "/b",
      OBSERVABLE_TELEMETRY_DISABLE: "true"
    });
  });
});

describe("vendor", () => {
  const fake = (name: string, version: string, source: string) => {
    write(`node_modules/${name}/package.json`, JSON.stringify({name, version, type: "module", main: "index.js"}));
    write(`node_modules/${name}/index.js`, source);
  };
  const options = () => ({
    packages: [
      {name: "a", shares: ["@s/b"]},
      {name: "@s/b", hasDefault: true, files: ["index.js"]}
    ],
    nodeModules: join(folder, "node_modules"),
    output: join(folder, "src/.observablehq"),
    client: join(folder, "client"),
    font: null
  });
  beforeEach(() => {
    fake("a", "1.0.0", 'import {b} from "@s/b"; export const a = b + 1;');
    fake("@s/b", "2.0.0", "export const b = 1; export default b;");
    write("client/stdlib.js", 'import("npm:elsewhere"); import("npm:@x/y/z.js"); import("npm:a")');
  });

  it("vendor bundles each package, shares common ones, and prevents Framework's online lookups", async () => {
    const {packages, changed} = await vendor(options());
    expect({packages, changed}).toEqual({packages: ["a@1.0.0", "@s/b@2.0.0"], changed: true});
    const npm = join(folder, "src/.observablehq/cache/_npm");
    expect(readFileSync(join(npm, "a@1.0.0/_esm.js"), "utf8")).toContain("../@s/b@2.0.0/_esm.js");
    expect(readFileSync(join(npm, "@s/b@2.0.0/_esm.js"), "utf8")).toMatch(/as default|export default/);
    expect(existsSync(join(npm, "@s/b@2.0.0/index.js"))).toBe(true);
    for (const name of ["elsewhere@0.0.0", "@x/y@0.0.0"]) expect(existsSync(join(npm, name))).toBe(true);
  });
  it("vendor does nothing when up to date, and restores removed files", async () => {
    await vendor(options());
    expect((await vendor(options())).changed).toBe(false);
    const file = join(folder, "src/.observablehq/cache/_npm/a@1.0.0/_esm.js");
    rmSync(file);
    expect((await vendor(options())).changed).toBe(true);
    expect(existsSync(file)).toBe(true);
  });
  it("vendor replaces a package whose version changed", async () => {
    await vendor(options());
    fake("a", "0.9.0", "export const a = 0;");
    expect((await vendor(options())).packages).toContain("a@0.9.0");
    expect(existsSync(join(folder, "src/.observablehq/cache/_npm/a@1.0.0"))).toBe(false);
  });
  it("vendor gives the fix when a package is not installed", async () => {
    await expect(vendor({...options(), packages: [{name: "gone"}]})).rejects.toThrow(
      "package not installed: gone (run npm ci)"
    );
  });
  it("vendor finds the libraries that Framework names", async () => {
    const names = await librariesOf(join(ROOT, "node_modules/@observablehq/framework/dist/client"));
    expect(names).toEqual(expect.arrayContaining(["lodash", "d3", "@duckdb/duckdb-wasm", "mermaid", "katex"]));
    expect(VENDORED.map((d) => d.name)).toEqual(
      expect.arrayContaining(["d3", "htl", "arquero", "katex", "@observablehq/plot"])
    );
  });
});

describe("preflight", () => {
  const config = () => {
    write("observablehq.config.js", `export default {root: ${JSON.stringify(join(folder, "src"))}}`);
    return join(folder, "observablehq.config.js");
  };
  it("preflight names the page and the missing import", async () => {
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    mkdirSync(join(folder, "src/.observablehq/cache/_npm/d3@7.0.0"), {recursive: true});
    writeFileSync(join(folder, "src/.observablehq/cache/_npm/d3@7.0.0/_esm.js"), "");
    mkdirSync(join(folder, "src/.observablehq/cache/_npm/lodash@0.0.0"), {recursive: true});
    write("src/index.md", "```js\n_.chunk([], 2)\n```\n\n```js\nd3.sum([])\n```\n");
    write(
      "src/sub/[pair].md",
      '```js\nimport {x} from "../nope.js";\nimport y from "npm:not-vendored";\nFileAttachment("gone.csv").text()\n```\n'
    );
    write("src/c.md", '```js\nimport {x} from "./lib.js";\n```\n');
    write("src/lib.ts", 'import z from "no-such-package"; export const x: number = z;');
    write("src/d.md", '```js\nimport {x} from "../../outside.js";\n```\n');
    const missing = await preflight({configPath: config()});
    const found = missing.map(({page, specifier}) => `${page} ${specifier}`);
    expect(found).toEqual(
      expect.arrayContaining([
        "index.md npm:lodash",
        "sub/[pair].md /nope.js",
        "sub/[pair].md npm:not-vendored",
        "sub/[pair].md /sub/gone.csv",
        "c.md no-such-package"
      ])
    );
    expect(found.some((d) => d.startsWith("d.md"))).toBe(true);
    expect(found).not.toContain("index.md npm:d3");
    const lines: string[] = [];
    expect(reportMissing(missing, (line) => lines.push(line))).toBe(false);
    expect(lines.find((d) => d.includes("lodash"))).toMatch(
      /^src\/index\.md: npm:lodash: not vendored: add it to VENDORED/
    );
  });
});

describe("check-dist", () => {
  const page = (body: string, head = "") =>
    `<!DOCTYPE html><html lang="en"><head>${head}</head><body><main id="observablehq-main">${body}</main></body></html>`;
  const texts = async () => (await checkDist(folder)).map((d) => `${d.file}: ${d.message}`);

  it("check-dist passes a complete site with clean links", async () => {
    write(
      "index.html",
      page(
        '<h2 id="a">x</h2><a href="./b#c">b</a><a href="#a">a</a><a href="https://example.org">out</a><a href="./sub/">sub</a>',
        '<link rel="stylesheet" href="./_import/style.css"><script type="module">import "./_import/m.js";\nregisterFile("x", {"path":"./_file/x.json"});</script>'
      )
    );
    write("b.html", page('<h2 id="c">x</h2>'));
    write("sub/index.html", page('<a href="../">home</a><code>import {x} from "../components/x.js"</code>'));
    write("_import/style.css");
    write("_import/m.js", 'import "./n.js"; export const x = 1;');
    write("_import/n.js");
    write("_file/x.json", "{}");
    expect(await texts()).toEqual([]);
  });
  it("check-dist finds every kind of defect", async () => {
    write(
      "index.html",
      page(
        '<div class="observablehq--inspect observablehq--error">SyntaxError: x</div><a href="./gone">gone</a><a href="./b#no">no</a><img src="./no.png">',
        '<link rel="stylesheet" href="https://fonts.example/x.css"><script type="module">import "./_import/none.js";\nregisterFile("x", {"path":"./_file/none.json"});</script>'
      )
    );
    write("b.html", page(""));
    write("_import/m.js", 'import "./none.js"; import "https://cdn.example/x.js";');
    const found = await texts();
    expect(found).toEqual(
      expect.arrayContaining([
        "index.html: broken cell: SyntaxError: x",
        "index.html: link to nothing: ./gone",
        "index.html: anchor to nothing: ./b#no",
        "index.html: missing asset: ./no.png",
        "index.html: fetched over the network: https://fonts.example/x.css",
        "index.html: missing asset: ./_import/none.js",
        "index.html: missing asset: ./_file/none.json",
        "_import/m.js: missing module: ./none.js",
        "_import/m.js: fetched over the network: https://cdn.example/x.js"
      ])
    );
    expect(found).toHaveLength(9);
  });
  it("check-dist fails on a site without pages", async () => expect(await texts()).toHaveLength(1));
});

describe("post-processing", () => {
  const stock = `<!DOCTYPE html>
<html>
<head>
<meta name="viewport" content="width=device-width, initial-scale=1, maximum-scale=1">
</head>
<body>
<input id="observablehq-sidebar-toggle" type="checkbox" title="Toggle sidebar">
<label id="observablehq-sidebar-backdrop" for="observablehq-sidebar-toggle"></label>
<nav id="observablehq-sidebar">
  <ol>
    <label id="observablehq-sidebar-close" for="observablehq-sidebar-toggle"></label>
    <li></li>
  </ol>
  <div id="observablehq-search"><input type="search" placeholder="Search"></div>
</nav>
<main id="observablehq-main" class="observablehq"></main></body></html>`;
  it("post-processing adds the missing names, once", () => {
    const html = accessibleHtml(stock);
    expect(html).toContain('<html lang="en">');
    expect(html).not.toContain("maximum-scale");
    expect(html).toContain('aria-label="Search pages"');
    expect(html).toContain('aria-label="Toggle sidebar"');
    expect(html).toContain('href="#observablehq-main"');
    expect(html).toMatch(/<ol>\s*<li><label id="observablehq-sidebar-close"/);
    expect(accessibleHtml(html)).toBe(html);
  });
});

describe("dev", () => {
  it("watch fires once when the manifest's content changes and is stable, not when only its time changes", async () => {
    const path = join(folder, "lake/manifest.json");
    const onChange = vi.fn();
    vi.useFakeTimers();
    const stop = watchManifest(path, onChange, {intervalMs: 10, restMs: 40});
    const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
    try {
      await wait(60);
      expect(onChange).toHaveBeenCalledTimes(0);
      write("lake/manifest.json", "1");
      await wait(15);
      write("lake/manifest.json", "2");
      await wait(40);
      expect(onChange).toHaveBeenCalledTimes(0);
      await wait(20);
      expect(onChange).toHaveBeenCalledTimes(1);
      await touch([path]);
      await wait(120);
      expect(onChange).toHaveBeenCalledTimes(1);
      write("lake/manifest.json", "3");
      await wait(60);
      expect(onChange).toHaveBeenCalledTimes(2);
    } finally {
      stop();
      vi.useRealTimers();
    }
  });
  it("dev finds every loader and touches it", async () => {
    write("src/data/status.json.ts");
    write("src/notes/x.arrow.ts");
    write("src/components/x.ts");
    write("src/.observablehq/cache/y.json.ts");
    const loaders = await findLoaders(join(folder, "src"));
    expect(loaders.map((d) => d.slice(folder.length + 5))).toEqual(["data/status.json.ts", "notes/x.arrow.ts"]);
    await touch(loaders, new Date(1e12));
    expect(statSync(loaders[0]!).mtimeMs).toBe(1e12);
  });
});

describe("loaders before the build", () => {
  const fflate = join(ROOT, "node_modules/fflate/esm/index.mjs");
  it("loaders write outputs and archive members to Framework's cache", async () => {
    write("data/a.json.ts", "process.stdout.write(JSON.stringify({x: process.env.X as string}));");
    write(
      "data/b.zip.ts",
      `import {zipSync, strToU8} from ${JSON.stringify(fflate)};
       process.stdout.write(zipSync({"P/m.json": strToU8("{}"), "../out.json": strToU8("no")}, {level: 0}));`
    );
    await warmLoaders({root: folder, env: {...process.env, X: "1"}});
    const cache = join(folder, ".observablehq/cache/data");
    expect(readFileSync(join(cache, "a.json"), "utf8")).toBe('{"x":"1"}');
    expect(readFileSync(join(cache, "b/P/m.json"), "utf8")).toBe("{}");
    expect(existsSync(join(cache, "out.json"))).toBe(false);
  });
  it("failed loader is named and leaves no output", async () => {
    write("data/a.json.ts", 'process.stdout.write("half"); process.exitCode = 3;');
    await expect(warmLoaders({root: folder})).rejects.toThrow(/data loader failed: .*a\.json\.ts exited with 3/);
    expect(existsSync(join(folder, ".observablehq/cache/data/a.json"))).toBe(false);
  });
});

it("clearing removes loader output and nothing else", async () => {
  for (const path of ["_npm/d3@7.0.0/_esm.js", "vendor.json", "data/status.json", "notes/x.json"]) write(path);
  await clearLoaderCache(folder);
  expect([existsSync(join(folder, "_npm/d3@7.0.0/_esm.js")), existsSync(join(folder, "vendor.json"))]).toEqual([
    true,
    true
  ]);
  expect([existsSync(join(folder, "data")), existsSync(join(folder, "notes"))]).toEqual([false, false]);
});

describe("nightly", () => {
  const fake = ({
    exits = {},
    tracked = "[]",
    broken = null as string | null
  }: {exits?: Record<string, Partial<Exit>>; tracked?: string; broken?: string | null} = {}) => {
    const calls: string[] = [];
    const lines: string[] = [];
    const effects = {
      carrybook: async (args: readonly string[]) => {
        calls.push(args.join(" "));
        return {
          code: 0,
          stdout: args[0] === "track" ? `${tracked}\n` : "",
          stderr: "first\nthe last line",
          error: null,
          ...exits[args[0]!]
        };
      },
      build: async () => (calls.push("build"), broken),
      log: (line: string) => void lines.push(line)
    };
    return {calls, lines, effects};
  };
  it("nightly verifies, rebuilds, and reports that nothing is tracked", async () => {
    const {calls, lines, effects} = fake();
    expect(await nightly(effects)).toEqual([]);
    expect(calls).toEqual(["track --json", "gaps --json", "doctor --json", "build"]);
    expect(lines[0]).toContain("nothing is tracked");
  });
  it("nightly updates tracked histories first", async () => {
    const {calls, effects} = fake({tracked: '[{"pair":"BTC/USDT"}]'});
    expect(await nightly(effects)).toEqual([]);
    expect(calls).toEqual(["track --json", "update --json", "gaps --json", "doctor --json", "build"]);
  });
  it("nightly continues after a failure and returns every reason", async () => {
    const jobs = [
      {status: "completed", error: null},
      {status: "failed", error: "the venue → refused"},
      {status: "failed", error: "another"}
    ];
    const checks = [
      {name: "disk", state: "warning", text: "little space"},
      {name: "lake", state: "failed", text: "a checksum differs", fix: "restore it"}
    ];
    const exits = {
      update: {code: 5, stdout: JSON.stringify({batches: [], jobs, usage: {}}, null, 2)},
      gaps: {code: 1},
      doctor: {code: 4, stdout: JSON.stringify(checks, null, 2)}
    };
    const {calls, effects} = fake({exits, tracked: "[{}]", broken: "a page is broken"});
    expect(await nightly(effects)).toEqual([
      "update exited with 5: the venue → refused and 1 more",
      "gaps exited with 1: the last line",
      "doctor exited with 4: lake: a checksum differs",
      "build: a page is broken"
    ]);
    expect(calls.at(-1)).toBe("build");
  });
  it("failed command hands its error, without the fix, to the process that runs it", async () => {
    const {code, error, stderr} = await run(CARRYBOOK, ["engine", "--mode", "none"], {capture: true});
    expect([code, error]).toEqual([2, "invalid mode: none"]);
    expect(stderr).toMatch(/^error: invalid mode: none\n {2}→ one of /);
  });
  it("nightly does not update a store whose list it cannot read", async () => {
    const {calls, effects} = fake({exits: {track: {code: 6, error: "the store is locked"}}});
    expect(await nightly(effects)).toEqual(["track exited with 6: the store is locked"]);
    expect(calls).not.toContain("update");
  });
});
