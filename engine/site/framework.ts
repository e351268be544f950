/**
 * The internals of Observable Framework that the preflight and the site check use. Framework is pinned to one version;
 * review this file when the pin changes.
 */
import {pathToFileURL} from "node:url";
import {join} from "node:path";
import {ROOT} from "./paths.js";

/** A module specifier found in a page or module, as Framework classifies it. */
interface FoundImport {
  name: string;
  type: "local" | "global";
  method: "static" | "dynamic" | "resolve";
}

/** The part of a parsed code cell that determines the page's dependencies. */
interface PageNode {
  imports: FoundImport[];
  files: {name: string; method?: string}[];
  references: {name: string}[];
  declarations: {name: string}[] | null;
}

interface Page {
  body: string;
  code: {node: PageNode}[];
  data: {sql?: Record<string, string>; draft?: boolean};
}

interface ModuleInfo {
  files: Set<string>;
  fileMethods: Set<string>;
  localStaticImports: Set<string>;
  localDynamicImports: Set<string>;
  globalStaticImports: Set<string>;
  globalDynamicImports: Set<string>;
}

interface Config {
  root: string;
  duckdb: unknown;
  loaders: {
    loadPage(path: string, options: object): Promise<Page>;
    find(path: string): unknown;
  };
}

const load = (path: string) =>
  import(pathToFileURL(join(ROOT, "node_modules/@observablehq/framework/dist", path)).href);

/** Loads the internals; throws when the installed Framework lacks one of these files. */
export async function framework() {
  const [config, files, globals, imports, libraries, module, npm, path, resolvers] = await Promise.all(
    [
      "config.js",
      "files.js",
      "javascript/globals.js",
      "javascript/imports.js",
      "libraries.js",
      "javascript/module.js",
      "npm.js",
      "path.js",
      "resolvers.js"
    ].map(load)
  );
  return {
    readConfig: config.readConfig as (path?: string, root?: string) => Promise<Config>,
    visitFiles: files.visitFiles as (root: string) => Iterable<string>,
    defaultGlobals: globals.defaultGlobals as Set<string>,
    parseImports: imports.parseImports as (root: string, path: string) => Promise<FoundImport[]>,
    getImplicitFileImports: libraries.getImplicitFileImports as (methods: Iterable<string>) => Set<string>,
    getImplicitInputImports: libraries.getImplicitInputImports as (inputs: Iterable<string>) => Set<string>,
    getImplicitDependencies: libraries.getImplicitDependencies as (imports: Iterable<string>) => Set<string>,
    getImplicitStylesheets: libraries.getImplicitStylesheets as (imports: Iterable<string>) => Set<string>,
    getImplicitDownloads: libraries.getImplicitDownloads as (imports: Iterable<string>, duckdb: unknown) => Set<string>,
    getModuleInfo: module.getModuleInfo as (root: string, path: string) => ModuleInfo | undefined,
    findModule: module.findModule as (root: string, path: string) => {path: string} | undefined,
    parseNpmSpecifier: npm.parseNpmSpecifier as (specifier: string) => {name: string; range?: string; path?: string},
    resolvePath: path.resolvePath as (source: string, target: string) => string,
    builtins: resolvers.builtins as Map<string, string>
  };
}
