import {createReadStream, existsSync, readFileSync, realpathSync, statSync, type Stats} from "node:fs";
import type {IncomingMessage, ServerResponse} from "node:http";
import {extname, join, sep} from "node:path";
import {pipeline} from "node:stream/promises";
import {BARE_POLICY, pagePolicy} from "./csp.js";
import type {Site} from "./site.js";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".arrow": "application/vnd.apache.arrow.file",
  ".parquet": "application/vnd.apache.parquet",
  ".woff2": "font/woff2",
  ".woff": "font/woff"
};

interface Found {
  path: string;
  stat: Stats;
}

/**
 * Serves the built site from a folder, which need not exist yet: a build that completes later is served at once.
 * Paths follow Framework: without `.html`.
 */
export function openSite(dist: string): Site {
  const policies = new Map<string, {mtimeMs: number; own: string; text: string}>();
  const policyOf = ({path, stat: {mtimeMs}}: Found, own: readonly string[]): string => {
    const key = own.join(" ");
    const known = policies.get(path);
    if (known?.mtimeMs === mtimeMs && known.own === key) return known.text;
    const text = pagePolicy(readFileSync(path, "utf8"), own);
    policies.set(path, {mtimeMs, own: key, text});
    return text;
  };
  const send = async (
    request: IncomingMessage,
    reply: ServerResponse,
    status: number,
    found: Found,
    own: readonly string[]
  ) => {
    const {path, stat} = found;
    const extension = extname(path).toLowerCase();
    const page = extension === ".html";
    const tag = `"${stat.size.toString(36)}-${Math.trunc(stat.mtimeMs).toString(36)}"`;
    reply.setHeader("content-type", TYPES[extension] ?? "application/octet-stream");
    reply.setHeader("cache-control", "no-cache");
    reply.setHeader("etag", tag);
    if (page) reply.setHeader("content-security-policy", policyOf(found, own));
    else if (extension === ".svg") reply.setHeader("content-security-policy", BARE_POLICY);
    if (status === 200 && request.headers["if-none-match"] === tag) return void reply.writeHead(304).end();
    reply.writeHead(status, {"content-length": stat.size});
    if (request.method === "HEAD") return void reply.end();
    await pipeline(createReadStream(path), reply).catch(() => reply.destroy());
  };
  return {
    answer: async (request, reply, own) => {
      if (!existsSync(join(dist, "index.html")))
        return note(request, reply, "The site is not built yet: run npm run build");
      const found = locate(dist, request.url!.split("?")[0]!);
      if (found) return send(request, reply, 200, found, own);
      const missing = locate(dist, "/404");
      return missing ? send(request, reply, 404, missing, own) : note(request, reply, "Page not found");
    }
  };
}

function note(request: IncomingMessage, reply: ServerResponse, text: string): void {
  reply.writeHead(404, {"content-type": "text/plain; charset=utf-8", "content-security-policy": BARE_POLICY});
  reply.end(request.method === "HEAD" ? undefined : `${text}\n`);
}

/**
 * Resolves a URL path to a file inside the folder, with every link followed; undefined where there is none.
 * Rejects segments with a leading dot, an encoded slash or NUL.
 */
function locate(dist: string, address: string): Found | undefined {
  let parts: string[];
  try {
    parts = address.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
  if (parts.some((part) => part.startsWith(".") || /[/\\\0]/.test(part))) return undefined;
  const base = join(dist, ...parts);
  const candidates = address.endsWith("/")
    ? [join(base, "index.html")]
    : [base, `${base}.html`, join(base, "index.html")];
  for (const candidate of candidates) {
    try {
      const path = realpathSync(candidate);
      const stat = statSync(path);
      if (stat.isFile() && path.startsWith(realpathSync(dist) + sep)) return {path, stat};
    } catch {
      // Missing or unreadable: try the next candidate.
    }
  }
  return undefined;
}
