import {createHash} from "node:crypto";
import {existsSync, readdirSync, readFileSync, statSync} from "node:fs";
import {writeFile} from "node:fs/promises";
import {join, relative} from "node:path";
import {ROOT} from "./paths.js";

/** What the pages are built from: their own sources, and the code that computes the data in them. */
const SOURCES = ["src", "loaders", "observablehq.config.ts", "package-lock.json"].map((path) => join(ROOT, path));

/** The digest's file in a built site; its dot keeps web servers from sending it. */
const markPath = (dist: string): string => join(dist, ".sources");

/**
 * Returns a digest of names and contents of files and folders. Times do not count: `npm run dev` touches data loaders
 * without changing them, and a fresh checkout gives every file a new one.
 */
export function sourcesDigest(paths: readonly string[] = SOURCES): string {
  const hash = createHash("sha256");
  for (const [i, path] of paths.entries()) {
    for (const file of filesOf(path))
      hash
        .update(`${i} ${relative(path, file)}\0`)
        .update(readFileSync(file))
        .update("\0");
  }
  return hash.digest("hex");
}

/** Returns the files of a folder, or the file itself; none for a path that is not there, as a lock file may not be. */
const filesOf = (path: string): string[] =>
  !existsSync(path)
    ? []
    : statSync(path).isFile()
      ? [path]
      : readdirSync(path, {recursive: true, withFileTypes: true})
          .filter((entry) => entry.isFile() && !entry.parentPath.includes(".observablehq"))
          .map((entry) => join(entry.parentPath, entry.name))
          .sort();

/** Records what a site was built from. */
export const markBuilt = (dist: string, digest: string): Promise<void> => writeFile(markPath(dist), digest);

/** Returns the digest of what a site was built from; undefined for a site of an earlier version. */
export const builtFrom = (dist: string): string | undefined =>
  existsSync(markPath(dist)) ? readFileSync(markPath(dist), "utf8") : undefined;
