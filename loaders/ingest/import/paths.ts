import {existsSync, readdirSync, realpathSync, statSync} from "node:fs";
import {join, resolve} from "node:path";
import {globSync, isDynamicPattern} from "tinyglobby";
import {BESIDE_DATA, DATA_FILE} from "../../../src/lib/wire/imports.js";
import {UsageError} from "../../errors.js";

/**
 * Expands files, folders and globs into the files of an import, sorted.
 * @throws UsageError when a pattern matches nothing
 */
export function filesOf(patterns: readonly string[], cwd: string): string[] {
  const paths = new Set<string>();
  for (const pattern of patterns) {
    const found = expand(pattern, cwd);
    if (found.length === 0) {
      throw new UsageError(`missing file: ${pattern}`, {
        fix: "give a file, a folder or a quoted glob of .csv, .gz, .zip, .parquet, .feather or .json files"
      });
    }
    for (const path of found) paths.add(path);
  }
  return [...paths].sort();
}

function expand(pattern: string, cwd: string): string[] {
  const path = resolve(cwd, pattern);
  if (pattern !== "" && existsSync(path)) return statSync(path).isDirectory() ? inFolder(path) : [path];
  if (!isDynamicPattern(pattern)) return [];
  return globSync(pattern, {cwd, absolute: true, onlyFiles: false, expandDirectories: false}).flatMap((found) =>
    found.endsWith("/") ? inFolder(found) : DATA_FILE.test(found) ? [found] : []
  );
}

/** Files of a folder and the folders in it, pipes and dead links too: what cannot be read is to be named. */
function inFolder(folder: string, above: ReadonlySet<string> = new Set()): string[] {
  const real = realpathSync(folder);
  // A link to a folder above it would never end.
  if (above.has(real)) return [];
  const within = new Set([...above, real]);
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (BESIDE_DATA.test(name)) return [];
    if (statSync(path, {throwIfNoEntry: false})?.isDirectory()) return inFolder(path, within);
    return DATA_FILE.test(name) ? [path] : [];
  });
}
