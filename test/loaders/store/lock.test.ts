import {mkdirSync, readFileSync, statSync, utimesSync, writeFileSync} from "node:fs";
import {hostname} from "node:os";
import {afterEach, describe, expect, it, vi} from "vitest";
import {lockPath, openDatabase, rowsOf} from "../../../loaders/store/database.js";
import {LockedError} from "../../../loaders/errors.js";
import {acquireLock, readHolder, type Holder} from "../../../loaders/store/lock.js";
import {tmp} from "../../helpers/tmp.js";

afterEach(() => vi.useRealTimers());

const elsewhere: Holder = {
  pid: 1,
  host: "container-7",
  command: "engine",
  sinceTs: Date.UTC(2026, 0, 1),
  bootTicks: "42",
  bootId: "another",
  beatMs: 5_000
};

/** A data directory whose lock is held, its last heartbeat an age ago. */
function locked(holder: Holder, silentMs: number): string {
  const dir = tmp();
  mkdirSync(dir, {recursive: true});
  writeFileSync(lockPath(dir), JSON.stringify(holder));
  const at = new Date(Date.now() - silentMs);
  utimesSync(lockPath(dir), at, at);
  return dir;
}

describe("the lock of a data directory", () => {
  it("of another host that gives no sign of life is taken over, and that is said and kept", async () => {
    const said: string[] = [];
    const dir = locked(elsewhere, 61_000);
    const db = await openDatabase(dir, {onIncident: (text) => void said.push(text)});
    expect(said).toEqual([
      expect.stringContaining("lock of pid 1 on container-7 since 2026-01-01T00:00:00.000Z taken over")
    ]);
    expect(await rowsOf(db.connection, "select kind from incidents")).toEqual([{kind: "lock"}]);
    await db.close();
  });

  it("of another host with a heartbeat is respected", async () => {
    const error = await acquireLock(lockPath(locked(elsewhere, 10_000))).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LockedError);
    expect((error as LockedError).message).toContain("pid 1 on container-7");
    expect((error as LockedError).fix).toContain("taken over after 60 s");
  });

  it("of another host from a version without heartbeats is respected, with a way out", async () => {
    const {bootId: _, beatMs: __, ...old} = elsewhere;
    const dir = locked(old, 86_400_000);
    const error = await acquireLock(lockPath(dir)).catch((e: unknown) => e);
    expect((error as LockedError).fix).toBe(`if container-7 is gone, delete ${lockPath(dir)}`);
  });

  it("of this host before its last boot is taken over at once, although its pid lives again", async () => {
    const taken: Holder[] = [];
    const own = {...elsewhere, pid: process.pid, host: hostname(), bootTicks: undefined};
    const release = await acquireLock(lockPath(locked(own, 0)), {onTakeOver: (holder) => void taken.push(holder)});
    expect(taken).toHaveLength(1);
    release();
  });

  it("beats while it is held, and no longer", async () => {
    vi.useFakeTimers({toFake: ["setInterval", "clearInterval"]});
    const path = lockPath(tmp());
    const release = await acquireLock(path);
    expect(readHolder(path)).toMatchObject({beatMs: 5_000});
    const old = new Date(Date.now() - 100_000);
    utimesSync(path, old, old);
    vi.advanceTimersByTime(5_000);
    expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(50_000);
    release();
    writeFileSync(path, JSON.stringify(elsewhere));
    utimesSync(path, old, old);
    vi.advanceTimersByTime(20_000);
    expect(Date.now() - statSync(path).mtimeMs).toBeGreaterThan(50_000);
    expect(readFileSync(path, "utf8")).toContain("container-7");
  });
});
