import {createHash} from "node:crypto";
import {mkdirSync, symlinkSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {openSite} from "../../../engine/api/static.js";
import {raw, request, startApi, statusOf} from "../../helpers/engine.js";
import {tmp} from "../../helpers/tmp.js";

const INLINE = 'import {define} from "./_observablehq/client.js";\ndefine({id: 1});';

function site(): string {
  const root = tmp();
  const dist = join(root, "dist");
  for (const dir of ["dist/pairs", "dist/_npm", "dist-secret"]) mkdirSync(join(root, dir), {recursive: true});
  writeFileSync(
    join(dist, "index.html"),
    `<!doctype html><script type="module">${INLINE}</script><script src="x.js"></script>`
  );
  writeFileSync(join(dist, "engine.html"), "<!doctype html>the engine's page");
  writeFileSync(join(dist, "free.html"), '<link rel="modulepreload" href="./_npm/arquero@8.0.3/_esm.js">');
  writeFileSync(join(dist, "404.html"), "<!doctype html>not here");
  writeFileSync(join(dist, "pairs/index.html"), "<!doctype html>pairs");
  writeFileSync(join(dist, "x.js"), "1");
  writeFileSync(join(dist, "a b.csv"), "a");
  writeFileSync(join(dist, ".env"), "SECRET=1");
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(root, "dist-secret/secret.txt"), "secret");
  symlinkSync(join(root, "secret.txt"), join(dist, "link.txt"));
  symlinkSync(join(root, "dist-secret"), join(dist, "linked"));
  symlinkSync(join(dist, "x.js"), join(dist, "inside.js"));
  return dist;
}

describe("built site", () => {
  it("site is served along with the API, with content types and clean URLs", async () => {
    const {url, call} = await startApi({}, {site: openSite(site())});
    const get = async (path: string) => {
      const reply = await fetch(`${url}${path}`);
      return [reply.status, reply.headers.get("content-type"), await reply.text()];
    };
    expect((await get("/"))[1]).toBe("text/html; charset=utf-8");
    expect(await get("/engine")).toEqual([200, "text/html; charset=utf-8", "<!doctype html>the engine's page"]);
    expect((await get("/pairs"))[2]).toContain("pairs");
    expect((await get("/pairs/"))[2]).toContain("pairs");
    expect(await get("/x.js?v=1")).toEqual([200, "text/javascript; charset=utf-8", "1"]);
    expect(await get("/inside.js")).toEqual([200, "text/javascript; charset=utf-8", "1"]);
    expect((await get("/a%20b.csv"))[0]).toBe(200);
    expect(await get("/nowhere")).toEqual([404, "text/html; charset=utf-8", "<!doctype html>not here"]);
    const asked = await call("GET", "/nowhere");
    expect([asked.status, await asked.json()]).toEqual([
      404,
      expect.objectContaining({code: "missing-route", fix: expect.any(String)})
    ]);
    const posted = await call("POST", "/nowhere", {});
    expect([posted.status, await posted.json()]).toEqual([
      405,
      expect.objectContaining({code: "invalid-method", fix: expect.any(String)})
    ]);
    expect((await call("GET", "/status")).headers.get("content-type")).toContain("json");
  });

  it("no URL reaches a file outside the folder", async () => {
    const {port} = await startApi({}, {site: openSite(site())});
    const ways = [
      "/../secret.txt",
      "/../dist-secret/secret.txt",
      "/%2e%2e/secret.txt",
      "/%2e%2e%2fsecret.txt",
      "/..%2fsecret.txt",
      "/pairs/../../secret.txt",
      "/pairs/%2e%2e/%2e%2e/secret.txt",
      "/..%5csecret.txt",
      "/..\\secret.txt",
      "/%252e%252e/secret.txt",
      "/x.js%00.html",
      "/x.js%00",
      "/%00",
      "/.env",
      "/link.txt",
      "/linked/secret.txt",
      "/linked/",
      "/%",
      "/%ff%fe",
      "/....//secret.txt"
    ];
    for (const way of ways) {
      const answer = await raw(port, request(`GET ${way}`, [`Host: 127.0.0.1:${port}`, "Connection: close"]));
      expect(statusOf(answer), way).toBe(404);
      expect(answer, way).not.toMatch(/secret(?!\.txt)|SECRET/);
    }
  });

  it("page's policy hashes its own scripts; only pages with arquero get unsafe-eval", async () => {
    const {url} = await startApi({}, {site: openSite(site())});
    const index = await fetch(url);
    const csp = index.headers.get("content-security-policy")!;
    expect(csp).toContain(`'sha256-${createHash("sha256").update(INLINE).digest("base64")}'`);
    expect(csp).toContain("frame-ancestors 'none'");
    expect(csp.match(/script-src ([^;]*)/)![1]).not.toContain("unsafe-inline");
    expect(csp).not.toContain("'unsafe-eval'");
    expect((await fetch(`${url}/free`)).headers.get("content-security-policy")).toContain("'unsafe-eval'");
    for (const [name, value] of [
      ["x-content-type-options", "nosniff"],
      ["referrer-policy", "no-referrer"]
    ] as const)
      expect(index.headers.get(name)).toBe(value);
    expect(index.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("site is revalidated, rejects writes, and may be built later", async () => {
    const dist = site();
    const {url} = await startApi({}, {site: openSite(dist)});
    const etag = (await fetch(`${url}/x.js`)).headers.get("etag")!;
    expect((await fetch(`${url}/x.js`, {headers: {"if-none-match": etag}})).status).toBe(304);
    writeFileSync(join(dist, "x.js"), "changed");
    expect((await fetch(`${url}/x.js`, {headers: {"if-none-match": etag}})).status).toBe(200);
    expect((await fetch(`${url}/x.js`, {method: "POST"})).status).toBe(405);
    const head = await fetch(`${url}/x.js`, {method: "HEAD"});
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "7", ""]);
    const later = join(tmp(), "dist");
    const other = await startApi({}, {site: openSite(later)});
    expect(await (await fetch(other.url)).text()).toContain("npm run build");
    mkdirSync(later);
    writeFileSync(join(later, "index.html"), "built");
    expect(await (await fetch(other.url)).text()).toBe("built");
  });
});
