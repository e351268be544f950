import {mkdirSync, utimesSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {expect, describe, it, vi} from "vitest";
import {startEngine, stopWith, whyBuild} from "../../../engine/site/start.js";
import {touch} from "../../../engine/site/dev.js";
import {markBuilt, sourcesDigest} from "../../../engine/site/sources.js";
import {tmp} from "../../helpers/tmp.js";

/** A stand-in for `carrybook`: prints its arguments and the signal it received, and sends a link. */
function standIn({stubborn = false} = {}): string[] {
  const file = join(tmp(), "engine.mjs");
  writeFileSync(
    file,
    `console.error("args " + process.argv.slice(2).join(" "));
process.on("SIGINT", () => { console.error("asked to end"); ${stubborn ? "" : "process.exit(0);"} });
setInterval(() => {}, 1000);
console.error("open http://127.0.0.1:1/engine#ticket=printed (works once, for ten minutes)");
process.send({link: "http://127.0.0.1:8321/engine#ticket=Ab-_9"});`
  );
  return [process.execPath, file];
}

describe("npm start", () => {
  it("start builds when the site is missing, its sources changed, or the data is much newer", async () => {
    const folder = tmp();
    const [dist, data, src] = ["dist", "data", "src"].map((d) => join(folder, d)) as [string, string, string];
    for (const d of [dist, join(data, "lake"), src]) mkdirSync(d, {recursive: true});
    const put = (path: string, at: number, content = "") => {
      writeFileSync(path, content);
      utimesSync(path, at, at);
    };
    const sources = [src];
    put(join(src, "index.md"), 1_000);
    expect(whyBuild(dist, data, sources)).toBe("there is no site yet");
    put(join(dist, "index.html"), 2_000);
    put(join(dist, "engine.html"), 2_000);
    expect(whyBuild(dist, data, sources)).toBe("its sources have changed");
    await markBuilt(dist, sourcesDigest(sources));
    expect(whyBuild(dist, data, sources)).toBe(null);
    put(join(data, "lake/manifest.json"), 2_000 + 3_600);
    expect(whyBuild(dist, data, sources)).toBe(null);
    put(join(data, "lake/manifest.json"), 2_000 + 7 * 3_600);
    expect(whyBuild(dist, data, sources)).toBe("the data is newer than the site");
    put(join(data, "lake/manifest.json"), 2_000);
    put(join(src, "index.md"), 3_000, "other words");
    expect(whyBuild(dist, data, sources)).toBe("its sources have changed");
    put(join(src, "index.md"), 3_000);
    expect(whyBuild(dist, data, sources)).toBe(null);
    put(join(src, "added.md"), 1_000);
    expect(whyBuild(dist, data, sources)).toBe("its sources have changed");
  });

  it("start does not build for loaders that dev has only touched, nor for Framework's cache", async () => {
    const [dist, src] = [tmp(), tmp()];
    for (const page of ["index.html", "engine.html"]) writeFileSync(join(dist, page), "");
    writeFileSync(join(src, "pairs.zip.ts"), "export {};");
    await markBuilt(dist, sourcesDigest([src]));
    await touch([join(src, "pairs.zip.ts")], new Date(Date.now() + 3_600_000));
    mkdirSync(join(src, ".observablehq/cache"), {recursive: true});
    writeFileSync(join(src, ".observablehq/cache/pairs.zip"), "rows");
    expect(whyBuild(dist, tmp(), [src])).toBe(null);
  });

  it("start runs in paper mode, on the simulated venue unless another is given, and stops cleanly", async () => {
    for (const [rest, expected] of [
      [[], "engine --mode paper --demo --data D"],
      [["--port", "9"], "engine --mode paper --demo --data D --port 9"],
      [["--venue=okx"], "engine --mode paper --data D --venue=okx"]
    ] as const) {
      const lines: string[] = [];
      const onLink = vi.fn();
      const child = startEngine({
        data: "D",
        env: process.env,
        rest,
        command: standIn(),
        onLink,
        onLine: (line) => lines.push(line)
      });
      const ended = stopWith(child);
      await vi.waitFor(() => expect(onLink).toHaveBeenCalledWith("http://127.0.0.1:8321/engine#ticket=Ab-_9"), 10_000);
      expect(lines[0]).toBe(`args ${expected}`);
      process.emit("SIGINT", "SIGINT");
      expect(await ended).toBe(0);
      expect(lines).toContain("asked to end");
    }
  });

  it("start kills a child that does not stop", async () => {
    const onLink = vi.fn();
    const child = startEngine({
      data: "D",
      env: process.env,
      rest: [],
      command: standIn({stubborn: true}),
      onLink,
      onLine: () => {}
    });
    const ended = stopWith(child, {graceMs: 300});
    await vi.waitFor(() => expect(onLink).toHaveBeenCalled(), 10_000);
    process.emit("SIGINT", "SIGINT");
    expect(await ended).toBe(130);
  });
});
