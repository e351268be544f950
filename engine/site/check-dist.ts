import {existsSync, readFileSync, readdirSync, statSync} from "node:fs";
import {basename, join, relative} from "node:path";
import {pathToFileURL} from "node:url";
import {framework} from "./framework.js";
import {main, siteOptions} from "./paths.js";

/** One defect of the built site. */
interface Finding {
  /** File within the site. */
  file: string;
  message: string;
}

/**
 * Checks every page and module of a built site for defects that Framework's build accepts with exit code 0: cells with
 * errors, missing modules or assets, absolute URLs, and broken internal links or anchors.
 */
export async function checkDist(dist: string): Promise<Finding[]> {
  const {parseImports} = await framework();
  const findings: Finding[] = [];
  const files = [...walk(dist)];
  const pages = files.filter((file) => file.endsWith(".html"));
  if (!pages.length) return [{file: "", message: `no pages in ${basename(dist)}: run npm run build`}];
  const ids = new Map<string, Set<string>>();
  const idsOf = (page: string) => {
    if (!ids.has(page))
      ids.set(page, new Set(attributes(readFileSync(page, "utf8"), "id").concat("observablehq-main")));
    return ids.get(page)!;
  };

  for (const page of pages) {
    const html = readFileSync(page, "utf8");
    const report = (message: string) => findings.push({file: relative(dist, page), message});
    const scripts = [...html.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map(([, source]) => source).join("\n");
    const body = html.replace(/<script\b[\s\S]*?<\/script>/g, "");
    for (const [, text] of body.matchAll(/class="[^"]*\bobservablehq--error\b[^"]*"[^>]*>([^<]*)/g)) {
      report(`broken cell: ${text}`);
    }
    const assets = [
      ...[...html.matchAll(/<(?:link|script|img|source)\b[^>]*?\b(?:href|src)="([^"]*)"/g)].map(([, url]) => url!),
      ...[...scripts.matchAll(/"path":"(\.[^"]*)"/g)].map(([, url]) => url!),
      ...[...scripts.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g)]
        .map(([, url]) => url!)
        .filter((url) => /^[./]/.test(url))
    ];
    for (const url of assets) {
      if (/^(data|blob):/.test(url)) continue;
      if (/^(https?:)?\/\//.test(url)) report(`fetched over the network: ${url}`);
      else if (!existsSync(locate(dist, page, url).path)) report(`missing asset: ${url}`);
    }
    for (const [, url] of body.matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)) {
      if (!url || /^[a-z][a-z0-9+.-]*:/i.test(url) || url.startsWith("//")) continue;
      const {path, hash} = locate(dist, page, decode(url));
      const target = resolvePage(path);
      if (!target) report(`link to nothing: ${url}`);
      else if (hash && target.endsWith(".html") && !idsOf(target).has(hash)) report(`anchor to nothing: ${url}`);
    }
  }

  for (const file of files) {
    if (!file.endsWith(".js")) continue;
    const path = relative(dist, file);
    for (const {name, type, method} of await parseImports(dist, path)) {
      // Framework's own code names every library it knows; unused ones are never built or requested.
      if (path.startsWith("_observablehq/") && method !== "static") continue;
      if (type !== "local") {
        if (/^https?:/.test(name)) findings.push({file: path, message: `fetched over the network: ${name}`});
        continue;
      }
      if (!existsSync(locate(dist, file, name).path)) findings.push({file: path, message: `missing module: ${name}`});
    }
  }
  return findings;
}

function* walk(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

function attributes(html: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`\\b${name}="([^"]*)"`, "g"))].map(([, value]) => value!);
}

const decode = (url: string) => decodeURI(url.replace(/&amp;/g, "&"));

function locate(dist: string, from: string, url: string): {path: string; hash: string} {
  const [rest = "", hash = ""] = url.split("#");
  const pathname = rest.split("?")[0]!;
  if (pathname === "") return {path: from, hash};
  const base = pathname.startsWith("/") ? dist : join(from, "..");
  return {path: join(base, pathname) + (pathname.endsWith("/") ? "/" : ""), hash};
}

// Links omit the extension; a link to a folder means its index.
function resolvePage(path: string): string | undefined {
  const candidates = path.endsWith("/") ? [`${path}index.html`] : [path, `${path}.html`, join(path, "index.html")];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const findings = await checkDist(siteOptions(process.argv.slice(2)).dist);
    if (findings.length) throw new Error(findings.map(({file, message}) => `${file}: ${message}`).join("\n"));
    console.log("the built site has no broken cell, module, asset, link or anchor");
  });
}
