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

/** Drafts live outside every glob over `lake/`, on the same file system so that a rename stays atomic. */
export const draftDir = (dataDir: string): string => join(dataDir, ".drafts");

/** Flushes a file's content to the disk. */
export function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Puts a finished draft in its place: content first, then the name, then the folder that holds the name. */
export function settle(draft: string, path: string): void {
  syncFile(draft);
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  renameSync(draft, path);
  syncFile(dirname(path));
}

/** Writes a small file so that a reader sees the old content or the new, never a part of either. */
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
  settle(draft, path);
}

/** Removes what an interrupted process left behind. Only the store's owner may call it. */
export function sweepDrafts(dataDir: string): number {
  if (!existsSync(draftDir(dataDir))) return 0;
  const names = readdirSync(draftDir(dataDir));
  for (const name of names) rmSync(join(draftDir(dataDir), name), {force: true, recursive: true});
  return names.length;
}

/** Every Parquet file under `lake/`, as paths relative to it. */
export function listParts(lakeDir: string): string[] {
  if (!existsSync(lakeDir)) return [];
  return readdirSync(lakeDir, {recursive: true, encoding: "utf8"})
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => name.replaceAll("\\", "/"))
    .sort();
}

/** Size and SHA-256 of a file. */
export function fingerprint(path: string): {bytes: number; sha256: string} {
  return {bytes: statSync(path).size, sha256: createHash("sha256").update(readFileSync(path)).digest("hex")};
}
