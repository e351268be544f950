import {paramsOf, type RunRequest} from "../../lib/strategy/request.js";

/** Returns the URL of the site's root, for pages at any depth: modules are served below `_import/components/ui/`. */
export const siteRoot = (): string => new URL("../../../", import.meta.url).href;

/** Returns a pair as URLs write it: `BTC/USDT` → `BTC-USDT`. */
export const slugOf = (pair: string): string => pair.replace("/", "-");

/** The address of a page with a run's whole state in it. */
export function linkTo(page: string, state: RunRequest, more: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({...paramsOf(state), ...more})) if (value) params.set(name, value);
  return `${page}?${params.toString().replaceAll("%2C", ",").replaceAll("%2F", "/")}`;
}
