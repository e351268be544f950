import {mkdirSync, utimesSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {expect, describe, it, vi} from "vitest";
import {linkIn, startEngine, stopWith, whyBuild} from "../../../engine/site/start.js";
import {tmp} from "../../helpers/tmp.js";

/** A stand-in for `carrybook`: prints its arguments, a link, and the signal it received. */
function standIn({stubborn = false} = {}): string[] {
  const file = join(tmp(), "engine.mjs");
  writeFileSync(
    file,
    `console.error("args " + process.argv.slice(2).join(" "));
process.on("SIGINT", () => { console.error("asked to end"); ${stubborn ? "" : "process.exit(0);"} });
setInterval(() => {}, 1000);
console.error("open http://127.0.0.1:8321/engine#ticket=Ab-_9 (works once, for ten minutes)");`
  );
  return [process.execPath, file];
}

describe("npm start", () => {
  it("start finds only the sign-in link in the engine's output", () => {
    expect(linkIn("open http://127.0.0.1:8321/engine#ticket=Ab-_9 (works once)")).toBe(
      "http://127.0.0.1:8321/engine#ticket=Ab-_9"
    );
    expect(linkIn("engine (paper, sim) at http://127.0.0.1:8321; Ctrl-C stops it")).toBe(null);
    expect(linkIn("open http://example.org/engine#ticket=x")).toBe(null);
  });

  it("start builds when the site is missing, its sources changed, or the data is much newer", () => {
    const folder = tmp();
    const [dist, data, src] = ["dist", "data", "src"].map((d) => join(folder, d)) as [string, string, string];
    for (const d of [dist, join(data, "lake"), src]) mkdirSync(d, {recursive: true});
    const put = (path: string, at: number) => {
      writeFileSync(path, "");
      utimesSync(path, at, at);
    };
    put(join(src, "index.md"), 1_000);
    expect(whyBuild(dist, data, src)).toBe("there is no site yet");
    put(join(dist, "index.html"), 2_000);
    put(join(dist, "engine.html"), 2_000);
    expect(whyBuild(dist, data, src)).toBe(null);
    put(join(data, "lake/manifest.json"), 2_000 + 3_600);
    expect(whyBuild(dist, data, src)).toBe(null);
    put(join(data, "lake/manifest.json"), 2_000 + 7 * 3_600);
    expect(whyBuild(dist, data, src)).toBe("the data is newer than the site");
    put(join(data, "lake/manifest.json"), 2_000);
    put(join(src, "index.md"), 3_000);
    expect(whyBuild(dist, data, src)).toBe("its sources have changed");
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
