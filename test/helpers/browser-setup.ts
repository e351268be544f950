import {mkdirSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";

/**
 * Creates one folder for the sites that browser tests share, and deletes it at the end. A folder given by
 * `CARRYBOOK_TEST_SITES` is kept with its sites, for repeated runs of one file.
 */
export default function setup(): () => void {
  const given = process.env.CARRYBOOK_TEST_SITES;
  if (given) mkdirSync(given, {recursive: true});
  const folder = (process.env.CARRYBOOK_TEST_SITES = given ?? mkdtempSync(join(tmpdir(), "carrybook-sites-")));
  return () => {
    if (!given) rmSync(folder, {recursive: true, force: true});
  };
}
