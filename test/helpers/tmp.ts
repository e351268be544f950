import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterTest} from "./cleanup.js";

/** Creates a directory that is deleted after the test. */
export function tmp(): string {
  const dir = mkdtempSync(join(tmpdir(), "carrybook-"));
  afterTest(() => rmSync(dir, {recursive: true, force: true}));
  return dir;
}
