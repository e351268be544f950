import {existsSync} from "node:fs";
import {rm} from "node:fs/promises";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {build} from "esbuild";
import {ROOT, main} from "./paths.js";
import {run} from "./run.js";

/** The folder from which `package.json` exports `carrybook/lib`. */
export const LIBRARY = join(ROOT, "build/lib");

const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/**
 * Builds `carrybook/lib` from the model's public interface: one ES module, with declarations below `types/`.
 * The model's two dependencies stay external, so an application has one copy of each. Needs no network.
 * @returns `types`: false in an install without development dependencies, which gets no declarations
 * @throws when a source does not compile
 */
export async function buildLibrary(output: string = LIBRARY): Promise<{types: boolean}> {
  const types = existsSync(TSC);
  await rm(output, {recursive: true, force: true});
  await Promise.all([
    build({
      entryPoints: [join(ROOT, "src/lib/index.ts")],
      outfile: join(output, "index.js"),
      bundle: true,
      packages: "external",
      format: "esm",
      platform: "neutral",
      target: "es2022",
      sourcemap: true,
      logLevel: "error"
    }),
    types && declare(join(output, "types"))
  ]);
  return {types};
}

async function declare(output: string): Promise<void> {
  const {code, stdout} = await run(TSC, ["-p", join(ROOT, "src/lib"), "--outDir", output], {capture: true});
  if (code !== 0) throw new Error(`invalid library: ${stdout.trim()}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const {types} = await buildLibrary();
    if (!types) console.error("built without declarations: typescript is not installed");
  });
}
