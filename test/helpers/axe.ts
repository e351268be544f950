import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import type {Page} from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Accepted findings of axe: one rule on one element each, with its reason. */
const AXE_EXCEPTIONS = [
  {
    rule: "region",
    element: 'id="observablehq-sidebar-toggle"',
    reason: "Framework's sidebar toggle must precede the sidebar as its sibling: its style depends on that"
  }
];

/** Returns the violations on a page in its current state, less the accepted ones. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const result = await page.evaluate(() => (window as any).axe.run(document));
  return result.violations
    .flatMap((v: any) => v.nodes.map((n: any) => ({rule: v.id, html: n.html, why: n.any?.[0]?.message ?? ""})))
    .filter((d: any) => !AXE_EXCEPTIONS.some(({rule, element}) => rule === d.rule && d.html.includes(element)))
    .map((d: any) => `${d.rule}: ${d.html.slice(0, 160)} ${d.why}`);
}
