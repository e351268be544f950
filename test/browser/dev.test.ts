import {spawn, type ChildProcess} from "node:child_process";
import {mkdirSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, expect, it, vi} from "vitest";
import {ROOT} from "../../engine/site/paths.js";
import {freePort, openPage} from "../helpers/browser.js";
import {importMade} from "../helpers/site.js";

let folder: string;
let child: ChildProcess;
let url: string;
let output = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "carrybook-dev-"));
  mkdirSync(join(folder, "data"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      "engine/site/dev.ts",
      "--data",
      join(folder, "data"),
      "--port",
      String(port),
      "--no-open",
      "--no-demo"
    ],
    {cwd: ROOT, stdio: ["ignore", "pipe", "pipe"]}
  );
  child.stdout!.on("data", (chunk) => (output += chunk));
  child.stderr!.on("data", (chunk) => (output += chunk));
  await vi.waitFor(() => expect(output).toContain(url), {timeout: 60_000, interval: 200});
});

afterAll(async () => {
  if (child?.exitCode === null) child.kill("SIGTERM");
  rmSync(folder, {recursive: true, force: true});
});

it("open pages update by themselves after an import, parameterised ones too; Ctrl-C ends everything", async () => {
  const overview = await openPage(url);
  const pair = await openPage(`${url}pairs/BTC-USDT`);
  await expect
    .poll(() => overview.page.locator(".empty").innerText(), {timeout: 30_000})
    .toContain("npx carrybook import");
  await expect
    .poll(() => pair.page.locator("[role=alert]").innerText(), {timeout: 30_000})
    .toContain("no data of BTC/USDT");

  await importMade(join(folder, "data"), {days: 60, pairs: ["BTC/USDT"]});
  await expect.poll(() => overview.page.locator(".keys").innerText(), {timeout: 60_000}).toContain("BTC/USDT");
  await expect.poll(() => pair.page.locator(".keys").innerText(), {timeout: 60_000}).toContain("2024-02-29");

  await importMade(join(folder, "data"), {days: 90, pairs: ["BTC/USDT"]});
  await expect.poll(() => pair.page.locator(".keys").innerText(), {timeout: 60_000}).toContain("2024-03-30");

  // Files of a pair that is not there yet are a 404 by design; the page says so in words.
  const real = [...overview.problems, ...pair.problems].filter((d) => !/404|Failed to load resource/.test(d));
  expect(real).toEqual([]);

  child.kill("SIGINT");
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect([0, 130]).toContain(code);
  await expect(fetch(url)).rejects.toThrow();
});
