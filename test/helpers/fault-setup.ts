import {mkdtempSync, rmSync, symlinkSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {build} from "esbuild";
import {globSync} from "tinyglobby";
import type {TestProject} from "vitest/node";
import {ROOT} from "../../engine/site/paths.js";

declare module "vitest" {
  interface ProvidedContext {
    /** folder of the program as JavaScript */
    compiled: string;
  }
}

/** Translates the program once, so that a command that is started hundreds of times need not do it each time. */
export default async function setup({provide}: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "carrybook-compiled-"));
  await build({
    entryPoints: globSync(["engine/**/*.ts", "loaders/**/*.ts", "src/lib/**/*.ts"], {cwd: ROOT, absolute: true}),
    outdir: folder,
    outbase: ROOT,
    format: "esm",
    platform: "node",
    logLevel: "error"
  });
  writeFileSync(join(folder, "package.json"), JSON.stringify({type: "module"}));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  provide("compiled", folder);
  return () => rmSync(folder, {recursive: true, force: true});
}
