import {existsSync, lstatSync, readdirSync, realpathSync, statSync} from "node:fs";
import {join, relative, resolve, sep} from "node:path";
import {globSync, isDynamicPattern} from "tinyglobby";
import {BESIDE_DATA, DATA_FILE} from "../../../src/lib/wire/imports.js";
import {UsageError} from "../../errors.js";

/** The files of an import, sorted, and the links to folders that are not followed. */
export interface Found {
  files: string[];
  links: string[];
}

/**
 * Expands files, folders and globs into the files of an import. A folder is searched with the folders in it; a link in it
 * that leads out of it is not followed, else its files could be anywhere and have no end.
 * @throws UsageError when a pattern matches nothing
 */
export function filesOf(patterns: readonly string[], cwd: string): Found {
  const files = new Set<string>();
  const links = new Set<string>();
  for (const pattern of patterns) {
    const found = expand(pattern, cwd);
    if (found.files.length + found.links.length === 0) {
      throw new UsageError(`missing file: ${pattern}`, {
        fix: "give a file, a folder or a quoted glob of .csv, .gz, .zip, .parquet, .feather or .json files"
      });
    }
    for (const path of found.files) files.add(path);
    for (const path of found.links) links.add(path);
  }
  return {files: [...files].sort(), links: [...links].sort()};
}

const NOTHING: Found = {files: [], links: []};
const joined = (all: readonly Found[]): Found => ({
  files: all.flatMap(({files}) => files),
  links: all.flatMap(({links}) => links)
});

function expand(pattern: string, cwd: string): Found {
  const path = resolve(cwd, pattern);
  if (pattern !== "" && existsSync(path)) return isFolder(path) ? inFolder(path) : {files: [path], links: []};
  if (!isDynamicPattern(pattern)) return NOTHING;
  const options = {cwd, absolute: true, onlyFiles: false, expandDirectories: false, followSymbolicLinks: false};
  return joined(
    globSync(pattern, options).map((found) => {
      if (found.endsWith("/")) return inFolder(found);
      if (isFolder(found)) return {files: [], links: [found]};
      return DATA_FILE.test(found) ? {files: [found], links: []} : NOTHING;
    })
  );
}

const isFolder = (path: string): boolean => statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;

/**
 * Lists the files of a folder and of the folders in it, pipes and dead links too: what cannot be read is to be named.
 */
function inFolder(folder: string, root = realpathSync(folder)): Found {
  return joined(
    readdirSync(folder).map((name) => {
      const path = join(folder, name);
      if (BESIDE_DATA.test(name)) return NOTHING;
      if (!isFolder(path)) return DATA_FILE.test(name) ? {files: [path], links: []} : NOTHING;
      if (!lstatSync(path).isSymbolicLink()) return inFolder(path, root);
      // What a link within the folder leads to is found there.
      return isFound(relative(root, realpathSync(path))) ? NOTHING : {files: [], links: [path]};
    })
  );
}

/** True for a path below the root that a search of it comes to. */
const isFound = (below: string): boolean => !below.split(sep).some((name) => name === ".." || BESIDE_DATA.test(name));
