import {paramsOf, type RunState} from "../lib/strategy/request.js";

/** `BTC/USDT` → `BTC-USDT`, as addresses write it. */
export const slugOf = (pair: string): string => pair.replace("/", "-");

/** The address of a page with a run's whole state in it. */
export function linkTo(page: string, state: RunState, more: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({...paramsOf(state), ...more})) if (value) params.set(name, value);
  return `${page}?${params.toString().replaceAll("%2C", ",").replaceAll("%2F", "/")}`;
}
