import {readFileSync} from "node:fs";
import {join} from "node:path";
import {sharedDir} from "./shared.js";

const wireDir = sharedDir && join(sharedDir, "data/other-wire");
/** True if recorded replies of other venues are beside the repository. */
export const recorded = wireDir !== undefined;
if (!recorded)
  console.warn("skipped: recorded exchange replies are not beside the repository (../shared/data/other-wire)");
/** Reads a recorded reply. */
export const wire = (name: string): unknown =>
  (JSON.parse(readFileSync(join(wireDir!, `${name}.json`), "utf8")) as {http_response: unknown}).http_response;

/** Returns the keys and types of a value; of a list, those of its first element. */
export function shape(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.every((v) => typeof v !== "object") ? (value as unknown[]).map((v) => typeof v) : [shape(value[0])];
  }
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([k, v]) => [k, shape(v)])
      .sort(([a], [b]) => (a! < b! ? -1 : 1))
  );
}
