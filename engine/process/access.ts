import {chmodSync, existsSync, readdirSync, statSync} from "node:fs";
import {join} from "node:path";
import {databasePath} from "../../loaders/store/database.js";

/** A file or folder of the data directory that others on this machine may open. */
interface Wide {
  path: string;
  /** permission bits, e.g. `0o644` */
  mode: number;
  /** the bits it is to have */
  wanted: number;
}

/**
 * Returns what of a data directory others may open: the directory itself, the store, the journals. Empty where the
 * platform has no permission bits.
 */
export function wideOpen(dataDir: string): Wide[] {
  if (process.platform === "win32") return [];
  const store = databasePath(dataDir);
  const paths = [dataDir, store, `${store}.wal`, ...withinFolder(join(dataDir, "journal"))];
  return paths.flatMap((path) => {
    const stat = statSync(path, {throwIfNoEntry: false});
    if (!stat || (stat.mode & 0o077) === 0) return [];
    return [{path, mode: stat.mode & 0o777, wanted: stat.isDirectory() ? 0o700 : 0o600}];
  });
}

/** Takes the rights of others away. @throws the system's error where the files belong to somebody else */
export function closeAccess(wide: readonly Wide[]): void {
  for (const {path, wanted} of wide) chmodSync(path, wanted);
}

function withinFolder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const inside = readdirSync(folder, {withFileTypes: true}).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? withinFolder(path) : entry.isFile() ? [path] : [];
  });
  return [folder, ...inside];
}
