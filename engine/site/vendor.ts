import {createHash} from "node:crypto";
import {existsSync} from "node:fs";
import {cp, copyFile, mkdir, readFile, readdir, rm, writeFile} from "node:fs/promises";
import {dirname, join, posix} from "node:path";
import {pathToFileURL} from "node:url";
import {build, version as esbuildVersion} from "esbuild";
import {ROOT} from "./paths.js";

/** One package that pages may import as `npm:<name>`. */
interface VendoredPackage {
  name: string;
  /** Whether its entry module has a default export besides the named ones. */
  hasDefault?: boolean;
  /** Files and folders copied unchanged, relative to the package. */
  files?: string[];
  /** Vendored packages that it imports instead of bundling. */
  shares?: string[];
}

/** Every package a page can import; the preflight reports any other. */
export const VENDORED: VendoredPackage[] = [
  {name: "htl"},
  {name: "isoformat"},
  {name: "@observablehq/plot"},
  {name: "d3"},
  {name: "d3-dsv"},
  {name: "arquero", shares: ["@uwdata/flechette"]},
  {name: "@uwdata/flechette"},
  {name: "apache-arrow"},
  {name: "hyparquet-writer"},
  {name: "katex", hasDefault: true, files: ["dist/katex.min.css", "dist/fonts"]},
  {
    name: "@duckdb/duckdb-wasm",
    shares: ["apache-arrow"],
    files: [
      "dist/duckdb-mvp.wasm",
      "dist/duckdb-browser-mvp.worker.js",
      "dist/duckdb-eh.wasm",
      "dist/duckdb-browser-eh.worker.js"
    ]
  }
];

/** Where the vendor step reads and writes; tests pass their own. */
interface VendorOptions {
  packages?: VendoredPackage[];
  nodeModules?: string;
  /** Framework's folder in the source root, `src/.observablehq`. */
  output?: string;
  /** Framework's browser code, scanned for the libraries that it knows by name. */
  client?: string;
  /** Latin subset of the text face, or null for none. */
  font?: string | null;
}

/** Result of a vendor run. */
interface VendorResult {
  /** `name@version` of every package now in the cache. */
  packages: string[];
  /** False when everything was already present. */
  changed: boolean;
}

// Framework looks up the version of every library it knows online, even unused ones, unless the cache has a folder.
// This version does not exist; the preflight rejects a page that imports such a library.
const NOWHERE = "0.0.0";

const FONT = "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";

/**
 * Bundles the packages of the lockfile into Framework's npm cache, so dev, build and pages need no network:
 * `cache/_npm/<name>@<version>/_esm.js`. Removes every other folder there, because Framework uses the newest it finds.
 * Does nothing when the versions are unchanged.
 */
export async function vendor({
  packages = VENDORED,
  nodeModules = join(ROOT, "node_modules"),
  output = join(ROOT, "src/.observablehq"),
  client = join(ROOT, "node_modules/@observablehq/framework/dist/client"),
  font = join(ROOT, FONT)
}: VendorOptions = {}): Promise<VendorResult> {
  const npm = join(output, "cache/_npm");
  const versions = new Map<string, string>();
  for (const {name} of packages) versions.set(name, await packageVersion(nodeModules, name));
  const folder = (name: string) => `${name}@${versions.get(name)}`;
  const names = packages.map(({name}) => folder(name));

  const stamp = join(output, "cache/vendor.json");
  const others = (await librariesOf(client)).filter((name) => !versions.has(name)).map((name) => `${name}@${NOWHERE}`);
  const expected = new Set([...names, ...others]);
  const key = createHash("sha256")
    .update(JSON.stringify({packages, names, others, esbuildVersion, font}))
    .digest("hex");
  const present = await cachedFolders(npm);
  const complete =
    present.length === expected.size &&
    present.every((name) => expected.has(name)) &&
    names.every((name) => existsSync(join(npm, name, "_esm.js"))) &&
    (font === null || existsSync(join(output, "generated/fonts.css")));
  if (complete && (await readStamp(stamp)) === key) return {packages: names, changed: false};

  await rm(stamp, {force: true});
  for (const name of present) await rm(join(npm, name), {recursive: true, force: true});
  for (const name of others) await mkdir(join(npm, name), {recursive: true});
  for (const {name, hasDefault = false, files = [], shares = []} of packages) {
    const target = join(npm, folder(name));
    await bundle({name, hasDefault, shares, nodeModules, target, folder});
    for (const file of files) await copyTree(join(nodeModules, name, file), join(target, file));
  }
  if (font !== null) await writeFont(font, join(output, "generated/fonts.css"));
  await mkdir(dirname(stamp), {recursive: true});
  await writeFile(stamp, JSON.stringify({key}));
  return {packages: names, changed: true};
}

interface BundleOptions {
  name: string;
  hasDefault: boolean;
  shares: string[];
  nodeModules: string;
  target: string;
  folder: (name: string) => string;
}

async function bundle({name, hasDefault, shares, nodeModules, target, folder}: BundleOptions): Promise<void> {
  await build({
    stdin: {
      contents: `export * from ${JSON.stringify(name)};${
        hasDefault ? `export {default} from ${JSON.stringify(name)};` : ""
      }`,
      resolveDir: dirname(nodeModules)
    },
    outfile: join(target, "_esm.js"),
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "error",
    define: {"process.env.NODE_ENV": '"production"'},
    plugins: [
      {
        name: "shared packages",
        setup(plugin) {
          for (const share of shares) {
            const up = posix.relative(folder(name), `${folder(share)}/_esm.js`);
            plugin.onResolve({filter: new RegExp(`^${share.replace("/", "\\/")}$`)}, () => ({
              path: up,
              external: true
            }));
          }
        }
      }
    ]
  });
}

async function packageVersion(nodeModules: string, name: string): Promise<string> {
  try {
    return JSON.parse(await readFile(join(nodeModules, name, "package.json"), "utf8")).version;
  } catch {
    throw new Error(`package not installed: ${name} (run npm ci)`);
  }
}

async function readStamp(path: string): Promise<string | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")).key;
  } catch {
    return undefined;
  }
}

async function cachedFolders(npm: string): Promise<string[]> {
  const entries = async (path: string) => (existsSync(path) ? await readdir(path) : []);
  const folders: string[] = [];
  for (const entry of await entries(npm)) {
    if (entry.startsWith("@")) for (const sub of await entries(join(npm, entry))) folders.push(`${entry}/${sub}`);
    else folders.push(entry);
  }
  return folders;
}

/** Lists the packages that Framework's browser code would import from npm on demand. */
export async function librariesOf(client: string): Promise<string[]> {
  const names = new Set<string>();
  for (const entry of existsSync(client) ? await readdir(client, {withFileTypes: true, recursive: true}) : []) {
    if (!entry.isFile() || !entry.name.endsWith(".js")) continue;
    const source = await readFile(join(entry.parentPath, entry.name), "utf8");
    for (const [, name] of source.matchAll(/["']npm:((?:@[\w.-]+\/)?[\w.-]+)/g)) names.add(name!);
  }
  return [...names].sort();
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), {recursive: true});
  if ((await readdir(from).catch(() => null)) === null) await copyFile(from, to);
  else await cp(from, to, {recursive: true});
}

// Framework's CSS bundler has no loader for font files, but passes a data URL through.
async function writeFont(font: string, to: string): Promise<void> {
  const base64 = (await readFile(font)).toString("base64");
  await mkdir(dirname(to), {recursive: true});
  await writeFile(
    to,
    `@font-face {
  font-family: "Inter";
  font-style: normal;
  font-weight: 100 900;
  font-display: swap;
  src: url(data:font/woff2;base64,${base64}) format("woff2");
}
`
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const {packages, changed} = await vendor();
  console.log(`${changed ? "vendored" : "already vendored"}: ${packages.join(", ")}`);
}
