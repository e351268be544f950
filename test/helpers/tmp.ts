import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterEach} from "vitest";

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, {recursive: true, force: true});
});

/** Creates a directory that is deleted after the test. */
export function tmp(): string {
  const dir = mkdtempSync(join(tmpdir(), "carrybook-"));
  made.push(dir);
  return dir;
}
