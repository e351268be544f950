import {createHash} from "node:crypto";

/**
 * The content security policy of a page: its own inline scripts by their hashes and nothing else that is inline.
 * `unsafe-eval` goes only to pages that load arquero, whose expressions are compiled at run time; WebAssembly (DuckDB)
 * and its blob workers are allowed everywhere, as neither runs text.
 * @param own the server's addresses on the loopback; a page may use another of them for a second set of connections
 */
export function pagePolicy(html: string, own: readonly string[] = []): string {
  const hashes = inlineScripts(html).map(
    (source) => `'sha256-${createHash("sha256").update(source).digest("base64")}'`
  );
  const evaluates = /_npm\/arquero@|npm:arquero/.test(html);
  const scripts = [
    "'self'",
    "blob:",
    ...new Set(hashes),
    "'wasm-unsafe-eval'",
    ...(evaluates ? ["'unsafe-eval'"] : [])
  ];
  return policy({
    "default-src": ["'self'"],
    "script-src": scripts,
    "worker-src": ["'self'", "blob:"],
    // Plot and Inputs set style attributes and insert style elements.
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'", "data:"],
    // Chromium takes no IPv6 literal for a source and says so on every page.
    "connect-src": ["'self'", "blob:", "data:", ...own.filter((address) => !address.includes("["))]
  });
}

/** The policy of what is no page of ours: an error, a picture that is opened by itself. */
export const BARE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

const policy = (directives: Record<string, readonly string[]>): string =>
  [
    ...Object.entries(directives).map(([name, values]) => [name, ...values].join(" ")),
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; ");

/** Sources of the scripts that stand in a page itself; those with a `src` are covered by `'self'`. */
function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi)]
    .filter(([, attributes]) => !/\bsrc\s*=/i.test(attributes!))
    .map(([, , source]) => source!);
}
