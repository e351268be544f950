import {createHash} from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from "node:fs";
import {dirname, join} from "node:path";

/**
 * Returns the folder of drafts: outside every glob over `lake/`, and on the same file system so that a rename is
 * atomic.
 */
export const draftDir = (dataDir: string): string => join(dataDir, ".drafts");

/** Flushes a file's content to the disk. */
function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Puts a finished draft in its place: content first, then the name, then the folder that holds the name. */
export function moveIntoPlace(draft: string, path: string): void {
  syncFile(draft);
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  renameSync(draft, path);
  syncFile(dirname(path));
}

/** Writes a small file atomically: a reader sees the old content or the new, never a part of either. */
export function writeAtomically(dataDir: string, path: string, content: string): void {
  mkdirSync(draftDir(dataDir), {recursive: true, mode: 0o700});
  const draft = join(draftDir(dataDir), `${process.pid}-${createHash("sha1").update(path).digest("hex").slice(0, 12)}`);
  const fd = openSync(draft, "w");
  try {
    writeSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  moveIntoPlace(draft, path);
}

/**
 * Removes the drafts of an interrupted process. Only the store's owner may call it.
 * @returns the number removed
 */
export function sweepDrafts(dataDir: string): number {
  if (!existsSync(draftDir(dataDir))) return 0;
  const names = readdirSync(draftDir(dataDir));
  for (const name of names) rmSync(join(draftDir(dataDir), name), {force: true, recursive: true});
  return names.length;
}

/** Returns every Parquet file under `lake/`, as paths relative to it. */
export function listParts(lakeDir: string): string[] {
  if (!existsSync(lakeDir)) return [];
  return readdirSync(lakeDir, {recursive: true, encoding: "utf8"})
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => name.replaceAll("\\", "/"))
    .sort();
}

/** Returns the size in bytes and the SHA-256 of a file. */
export function fingerprint(path: string): {bytes: number; sha256: string} {
  return {bytes: statSync(path).size, sha256: createHash("sha256").update(readFileSync(path)).digest("hex")};
}
