import {createHash} from "node:crypto";

/**
 * Builds the content security policy of a page. Inline scripts are allowed by hash only.
 * Only pages that load arquero get `unsafe-eval`: it compiles expressions at run time.
 * WebAssembly (DuckDB) and its blob workers are allowed everywhere, since neither evaluates text.
 * @param own the server's loopback origins; a page may use a second one for more connections
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
    // Chromium rejects IPv6 literals as sources and logs an error on every page.
    "connect-src": ["'self'", "blob:", "data:", ...own.filter((address) => !address.includes("["))]
  });
}

/** Policy of responses that are not pages: errors, images opened directly. */
export const BARE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

const policy = (directives: Record<string, readonly string[]>): string =>
  [
    ...Object.entries(directives).map(([name, values]) => [name, ...values].join(" ")),
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; ");

/** Extracts the text of inline scripts; `'self'` covers those with a `src`. */
function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi)]
    .filter(([, attributes]) => !/\bsrc\s*=/i.test(attributes!))
    .map(([, , source]) => source!);
}
