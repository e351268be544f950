import {readFile, readdir, writeFile} from "node:fs/promises";
import {join} from "node:path";

/**
 * Adds what Framework's HTML lacks for assistive technology: the language, a zoomable viewport, a skip link, and names
 * for the sidebar's controls. Leaves the page's text unchanged; idempotent.
 */
export function accessibleHtml(html: string): string {
  return html
    .replace(/<html>/, '<html lang="en">')
    .replace(/(<meta name="viewport" content="[^"]*?), maximum-scale=1"/, '$1"')
    .replace(/<body>(?!\n<a class="skip")/, '<body>\n<a class="skip" href="#observablehq-main">Skip to content</a>')
    .replace(
      /(<input id="observablehq-sidebar-toggle" type="checkbox" title="Toggle sidebar")>/,
      '$1 aria-label="Toggle sidebar">'
    )
    .replace(/<label id="observablehq-sidebar-backdrop" for="[^"]*">/, '<label id="observablehq-sidebar-backdrop">')
    .replace(/<nav id="observablehq-sidebar">/, '<nav id="observablehq-sidebar" aria-label="Pages">')
    .replace(
      /(<ol>\s*)<label id="observablehq-sidebar-close" for="([^"]*)"><\/label>/,
      '$1<li><label id="observablehq-sidebar-close" for="$2" title="Hide sidebar"></label></li>'
    )
    .replace(
      /<input type="search" placeholder="Search">/,
      '<input type="search" placeholder="Search" aria-label="Search pages">'
    )
    .replace(/<main id="observablehq-main" class="([^"]*)">/, '<main id="observablehq-main" class="$1" tabindex="-1">');
}

/** Applies {@link accessibleHtml} to every page of a built site; returns how many files changed. */
export async function postprocess(dist: string): Promise<number> {
  let changed = 0;
  for (const entry of await readdir(dist, {withFileTypes: true, recursive: true})) {
    if (!entry.isFile() || !entry.name.endsWith(".html")) continue;
    const path = join(entry.parentPath, entry.name);
    const html = await readFile(path, "utf8");
    const output = accessibleHtml(html);
    if (output === html) continue;
    await writeFile(path, output);
    ++changed;
  }
  return changed;
}
