import {existsSync} from "node:fs";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Returns a folder shared by several checkouts beside this one; undefined when absent. */
export const sharedDir = ["../shared", "../../shared"].map((path) => join(root, path)).find((path) => existsSync(path));

/**
 * Real data for tests and measurements, kept out of the repository. Undefined only where nothing is shared at all: a shared
 * folder without it makes the tests fail that need it, and skips none.
 */
export const realDataDir = sharedDir && join(sharedDir, "data/binance");

export const fixture = (...parts: string[]): string => join(root, "test/fixtures", ...parts);
