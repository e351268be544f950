import {execFileSync} from "node:child_process";
import {mkdirSync} from "node:fs";
import {join} from "node:path";
import {afterEach, beforeEach, describe, expect, it} from "vitest";
import {startSim} from "../../engine/simulator/api/server.js";
import {cliProcess} from "../helpers/cli-process.js";
import {makeHistory} from "../helpers/history.js";
import {dumpHash, lakeHash, open} from "../helpers/store.js";
import {tmp} from "../helpers/tmp.js";

/** Mounts a small file system, or returns the reason why this machine cannot. */
function mount(dir: string, megabytes: number): string | undefined {
  try {
    mkdirSync(dir, {recursive: true});
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", dir], {stdio: "pipe"});
    return undefined;
  } catch (error) {
    return String((error as {stderr?: Buffer}).stderr ?? error);
  }
}

describe("full disk", () => {
  let disk: string;
  let refused: string | undefined;
  beforeEach(() => {
    disk = join(tmp(), "disk");
    refused = mount(disk, 5);
  });
  afterEach(() => {
    if (refused === undefined) execFileSync("umount", ["-l", disk]);
  });

  it("full disk fails an import without losing committed rows; the same command resumes once there is space", async (context) => {
    if (refused !== undefined) context.skip(`no file system can be mounted here: ${refused}`);
    const root = tmp();
    makeHistory(join(root, "files"), {pairs: 8, hours: 6_000});
    const argsFor = (data: string) => ["import", join(root, "files"), "--venue", "binance", "--data", data, "--json"];
    expect((await cliProcess(argsFor(join(root, "clean")))).code).toBe(0);
    const data = join(disk, "data");
    const full = await cliProcess(argsFor(data));
    expect(full.code).toBe(1);
    expect(full.stderr).toContain("the disk is full");
    expect(full.stderr).toContain("run the same command again");
    execFileSync("mount", ["-o", "remount,size=200m", disk]);
    const db = await open(data, {now: Date.now});
    const kept = (await db.connection.runAndReadAll("select count(*) from coverage")).getRows()[0]![0];
    await db.close();
    expect(Number(kept)).toBeGreaterThan(0);
    const again = await cliProcess(argsFor(data));
    expect(again.code, again.stderr).toBe(0);
    const hashes = [];
    for (const dir of [data, join(root, "clean")]) {
      const store = await open(dir, {now: Date.now});
      hashes.push([await dumpHash(store), await lakeHash(dir)]);
      await store.close();
    }
    expect(hashes[0]).toEqual(hashes[1]);
  });

  it("full disk fails a backfill without losing committed rows; the same command resumes to an equal store", async (context) => {
    if (refused !== undefined) context.skip(`no file system can be mounted here: ${refused}`);
    const root = tmp();
    const sim = await startSim({nowMs: Date.UTC(2026, 5, 20, 12, 34, 56), speed: 0});
    const span = ["--from", "2026-02-01", "--to", "2026-06-15", "--top", "8"];
    const argsFor = (data: string) => ["backfill", "--url", sim.url, ...span, "--data", data, "--json", "--quiet"];
    expect((await cliProcess(argsFor(join(root, "clean")))).code).toBe(0);
    const data = join(disk, "data");
    const full = await cliProcess(argsFor(data));
    expect([full.code, full.stderr]).toEqual([1, expect.stringContaining("the disk is full")]);
    execFileSync("mount", ["-o", "remount,size=200m", disk]);
    const again = await cliProcess(argsFor(data));
    expect(again.code, again.stderr).toBe(0);
    const hashes = [];
    for (const dir of [data, join(root, "clean")]) {
      const store = await open(dir, {now: Date.now, kind: "simulated"});
      hashes.push([await dumpHash(store), await lakeHash(dir)]);
      await store.close();
    }
    expect(hashes[0]).toEqual(hashes[1]);
    await sim.close();
  });
});
