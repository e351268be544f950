import {execFileSync, spawn, type ChildProcess} from "node:child_process";
import {cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {afterAll, beforeAll, expect, it, vi} from "vitest";
import {ROOT} from "../../engine/site/paths.js";
import {freePort, openPage} from "../helpers/browser.js";

let clone: string;
let child: ChildProcess;
let url: string;
let output = "";

/** The files of the project as they are now, without data and caches, as somebody who has just cloned it has them. */
function cloneHere(): string {
  const folder = mkdtempSync(join(tmpdir(), "carrybook-clone-"));
  const files = execFileSync("git", ["ls-files", "-z"], {cwd: ROOT, encoding: "utf8"}).split("\0").filter(Boolean);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), {recursive: true});
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

beforeAll(async () => {
  clone = cloneHere();
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  child = spawn("npm", ["run", "--silent", "dev", "--", "--port", String(port), "--no-open"], {
    cwd: clone,
    env: {...process.env, CARRYBOOK_DATA: ""},
    stdio: ["ignore", "pipe", "pipe"],
    detached: true
  });
  child.stdout!.on("data", (chunk) => (output += chunk));
  child.stderr!.on("data", (chunk) => (output += chunk));
  await vi.waitFor(() => expect(output).toContain(url), {timeout: 60_000, interval: 200});
});

afterAll(async () => {
  if (child?.pid !== undefined && child.exitCode === null) {
    process.kill(-child.pid, "SIGTERM");
    await new Promise((resolve) => child.on("exit", resolve));
  }
  rmSync(clone, {recursive: true, force: true, maxRetries: 5, retryDelay: 200});
});

it("from an empty clone, `npm run dev` ends on the explorer with 20 pairs, and every page says that it is simulated", async () => {
  const explorer = await openPage(`${url}explorer`);
  const pairs = () => explorer.page.locator("table tbody tr").count();
  await expect.poll(pairs, {timeout: 180_000, interval: 500}).toBe(20);
  expect(output).toContain("filling the demo");
  await expect.poll(() => output, {timeout: 60_000}).toContain("the demo is ready");
  for (const path of ["", "explorer", "pairs", "pairs/BTC-USDT", "data", "notes/"]) {
    const {page} = await openPage(url + path);
    const banner = page.locator(".banner", {hasText: "Simulated"});
    await expect.poll(() => banner.count(), {timeout: 30_000}).toBe(1);
    expect(await banner.innerText(), path).toContain("npx carrybook backfill");
    await page.context().close();
  }
});
