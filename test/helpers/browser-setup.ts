import {mkdirSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";

/**
 * Gives the browser tests one folder for the sites they share, and takes it away at the end. A folder given by
 * `CARRYBOOK_TEST_SITES` is kept, with the sites in it, for whoever runs one file again and again.
 */
export default function setup(): () => void {
  const given = process.env.CARRYBOOK_TEST_SITES;
  if (given) mkdirSync(given, {recursive: true});
  const folder = (process.env.CARRYBOOK_TEST_SITES = given ?? mkdtempSync(join(tmpdir(), "carrybook-sites-")));
  return () => {
    if (!given) rmSync(folder, {recursive: true, force: true});
  };
}
