import {existsSync, readdirSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {framework} from "./framework.js";
import {ROOT} from "./paths.js";

/** An import that the offline build cannot resolve. */
interface MissingImport {
  /** Source file of the page, relative to the source root. */
  page: string;
  /** The specifier as Framework would resolve it, such as `npm:lodash` or `./chart.js`. */
  specifier: string;
  /** The problem and its fix, in one sentence. */
  message: string;
}

/** Where the preflight reads; tests pass their own. */
interface PreflightOptions {
  configPath?: string;
  /** Folder that holds the Framework source root. */
  cwd?: string;
}

/**
 * Parses every page with Framework's own parser and lists each import, file or library neither in `src/` nor vendored.
 * Framework would fetch such a library from a CDN, or fail with a bare `fetch failed`. An import from outside `src/`
 * becomes an error inside the page, with exit code 0.
 */
export async function preflight({configPath}: PreflightOptions = {}): Promise<MissingImport[]> {
  const fw = await framework();
  const config = await fw.readConfig(configPath);
  const {root, loaders, duckdb} = config;
  const npm = join(root, ".observablehq/cache/_npm");
  const require = createRequire(join(ROOT, "package.json"));
  const missing: MissingImport[] = [];

  for (const file of fw.visitFiles(root)) {
    if (!file.endsWith(".md")) continue;
    const path = `/${file.slice(0, -".md".length).replace(/\[(\w+)\]/g, "BTC-USDT")}`;
    const report = (specifier: string, message: string) => missing.push({page: file, specifier, message});
    const page = await loaders.loadPage(path, {...config, path});
    const error = /observablehq--error"[^>]*>([^<]*)</.exec(page.body);
    if (error) report("", `the page does not parse: ${error[1]}`);

    const files = new Set<string>();
    const methods = new Set<string>();
    const globals = new Set<string>();
    const locals = new Set<string>();
    for (const {node} of page.code) {
      for (const f of node.files) {
        files.add(fw.resolvePath(path, f.name));
        if (f.method) methods.add(f.method);
      }
      for (const i of node.imports) {
        if (i.type === "local") locals.add(fw.resolvePath(path, i.name));
        else globals.add(i.name);
      }
    }
    for (const local of locals) {
      if (local.endsWith(".ts")) {
        report(local, "a local import ends in .js, also for a TypeScript file");
        continue;
      }
      const info = fw.getModuleInfo(root, local);
      if (!info) {
        if (!existsSync(join(root, local))) report(local, "no such module in src");
        else if (local.endsWith(".js")) report(local, "the module does not parse, or imports from outside src");
        continue;
      }
      for (const f of info.files) files.add(fw.resolvePath(local, f));
      for (const m of info.fileMethods) methods.add(m);
      for (const i of [...info.localStaticImports, ...info.localDynamicImports]) locals.add(fw.resolvePath(local, i));
      for (const i of [...info.globalStaticImports, ...info.globalDynamicImports]) globals.add(i);
    }
    for (const i of fw.getImplicitInputImports(freeInputs(page.code, fw.defaultGlobals))) globals.add(i);
    if (page.data.sql) globals.add("npm:@observablehq/duckdb");
    for (const i of fw.getImplicitFileImports(methods)) globals.add(i);
    for (const i of fw.getImplicitDependencies(globals)) globals.add(i);
    for (const i of fw.getImplicitStylesheets(globals)) globals.add(i);
    for (const i of fw.getImplicitDownloads(globals, duckdb)) globals.add(i);

    for (const specifier of globals) {
      if (fw.builtins.has(specifier) || specifier.startsWith("observablehq:")) continue;
      if (specifier.startsWith("npm:")) {
        const message = npmMessage(npm, fw.parseNpmSpecifier(specifier.slice("npm:".length)));
        if (message) report(specifier, message);
      } else if (/^\w+:/.test(specifier)) {
        report(specifier, "it would be fetched over the network");
      } else {
        try {
          require.resolve(specifier);
        } catch {
          report(specifier, "not installed, or without an entry for require: import it as npm: and vendor it");
        }
      }
    }
    for (const f of files) if (!loaders.find(f)) report(f, "no such file or data loader in src");
  }
  return missing;
}

function npmMessage(npm: string, {name, range, path}: {name: string; range?: string; path?: string}): string | null {
  const add = "add it to VENDORED in engine/site/vendor.ts and to the dependencies in package.json";
  const [scope, base] = name.startsWith("@") ? name.split("/") : [".", name];
  const folder = join(npm, scope!);
  const versions = existsSync(folder)
    ? readdirSync(folder)
        .filter((entry) => entry.startsWith(`${base}@`))
        .map((entry) => entry.slice(base!.length + 1))
    : [];
  if (!versions.length) return `not vendored: ${add}`;
  const exact = range && /^\d+\.\d+\.\d+/.test(range) ? range : versions[0]!;
  if (!versions.includes(exact)) return `vendored is version ${versions[0]}, not ${exact}: drop the version`;
  const target =
    path === undefined || path === "+esm"
      ? "_esm.js"
      : /\.\w+$/.test(path)
        ? path
        : `${path.replace(/\/\+esm$/, "")}._esm.js`;
  return existsSync(join(folder, `${base}@${exact}`, target)) ? null : `not vendored: ${add}`;
}

function freeInputs(
  code: {node: {references: {name: string}[]; declarations: {name: string}[] | null}}[],
  defaultGlobals: Set<string>
): Set<string> {
  const outputs = new Set([...defaultGlobals, "display", "view", "visibility", "invalidation"]);
  for (const {node} of code) for (const {name} of node.declarations ?? []) outputs.add(name);
  const inputs = new Set<string>();
  for (const {node} of code) for (const {name} of node.references) if (!outputs.has(name)) inputs.add(name);
  return inputs;
}

/** Prints what is missing and returns whether the build may start. */
export function reportMissing(
  missing: readonly MissingImport[],
  write: (line: string) => void = console.error
): boolean {
  for (const {page, specifier, message} of missing) write(`src/${page}: ${specifier || "error"}: ${message}`);
  return missing.length === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = reportMissing(await preflight()) ? 0 : 1;
}
