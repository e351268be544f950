import {spawn} from "node:child_process";
import {mkdir, open, readFile, readdir, rm, writeFile} from "node:fs/promises";
import {dirname, join, relative} from "node:path";
import {unzipSync} from "fflate";
import {ROOT} from "./paths.js";

/** Finds the data loaders below a source root: TypeScript files named after their output, such as `x.json.ts`. */
export async function findLoaders(root: string = join(ROOT, "src")): Promise<string[]> {
  const entries = await readdir(root, {withFileTypes: true, recursive: true});
  return entries
    .filter((entry) => entry.isFile() && /\.(json|arrow|csv|tsv|parquet|zip|txt)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(".observablehq"))
    .sort();
}

/** Where loaders are and where their output goes; tests pass their own. */
interface WarmOptions {
  root?: string;
  env?: NodeJS.ProcessEnv;
  /** Processes at a time. */
  concurrency?: number;
}

/**
 * Runs every data loader before the build and extracts archives into Framework's cache. Framework itself would run
 * loaders one by one and reread an archive for each member, which dominates a build with fifty pairs.
 * @throws an error naming the loader that failed
 */
export async function warmLoaders({
  root = join(ROOT, "src"),
  env = process.env,
  concurrency = 2
}: WarmOptions = {}): Promise<string[]> {
  const cache = join(root, ".observablehq/cache");
  const loaders = await findLoaders(root);
  const queue = [...loaders];
  const work = async () => {
    for (let loader = queue.shift(); loader; loader = queue.shift()) {
      const output = join(cache, relative(root, loader).slice(0, -".ts".length));
      await runLoader(loader, output, env);
      if (output.endsWith(".zip")) await extract(output);
    }
  };
  await Promise.all(Array.from({length: concurrency}, work));
  return loaders;
}

async function runLoader(loader: string, output: string, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(dirname(output), {recursive: true});
  const file = await open(output, "w");
  try {
    const child = spawn(process.execPath, ["--no-warnings=ExperimentalWarning", "--import", "tsx", loader], {
      cwd: ROOT,
      env,
      stdio: ["ignore", file.fd, "inherit"]
    });
    const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (code === 0) return;
    await rm(output, {force: true});
    throw new Error(`data loader failed: ${relative(ROOT, loader)} exited with ${code}`);
  } finally {
    await file.close();
  }
}

async function extract(archive: string): Promise<void> {
  const folder = archive.slice(0, -".zip".length);
  for (const [name, bytes] of Object.entries(unzipSync(await readFile(archive)))) {
    const path = join(folder, name);
    if (name.endsWith("/") || relative(folder, path).startsWith("..")) continue;
    await mkdir(dirname(path), {recursive: true});
    await writeFile(path, bytes);
  }
}
