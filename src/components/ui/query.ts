/** The location and history that state is kept in; the page's own unless a test gives another. */
export interface QueryEnvironment {
  location: {search: string; pathname: string; hash: string};
  history: {replaceState(data: unknown, unused: string, url: string): void};
}

const here = (): QueryEnvironment => ({location: globalThis.location, history: globalThis.history});

/** The value of a query parameter, or null when the address does not have it. */
export function getParam(name: string, env: QueryEnvironment = here()): string | null {
  return new URLSearchParams(env.location.search).get(name);
}

/**
 * Puts a parameter into the address without a new history entry, so that a link carries what is seen. Null or the
 * fallback removes it: an address says only what differs from the page as it opens.
 */
export function setParam(
  name: string,
  value: string | null,
  {fallback = null, env = here()}: {fallback?: string | null; env?: QueryEnvironment} = {}
): void {
  const params = new URLSearchParams(env.location.search);
  if (value === null || value === "" || value === fallback) params.delete(name);
  else params.set(name, value);
  const search = params.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  env.history.replaceState(null, "", `${env.location.pathname}${search ? `?${search}` : ""}${env.location.hash}`);
}

/**
 * Puts many parameters into the address in one step; null removes one. Browsers refuse more than about two hundred
 * changes of the address in a few seconds, which a dragged slider would reach with one change for each.
 */
export function setParams(values: Readonly<Record<string, string | null>>, env: QueryEnvironment = here()): void {
  const params = new URLSearchParams(env.location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") params.delete(name);
    else params.set(name, value);
  }
  const search = params.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  env.history.replaceState(null, "", `${env.location.pathname}${search ? `?${search}` : ""}${env.location.hash}`);
}

/** One of the allowed values from the address, else the fallback: an address typed by hand breaks nothing. */
export function oneOf<T extends string>(value: string | null, allowed: readonly T[], fallback: T): T {
  return allowed.includes(value as T) ? (value as T) : fallback;
}

/** A number from the address within its bounds, else the fallback. */
export function numberIn(value: string | null, min: number, max: number, fallback: number): number {
  const x = value === null || value.trim() === "" ? NaN : Number(value);
  return Number.isFinite(x) && x >= min && x <= max ? x : fallback;
}

/** A UTC day (`2024-03-14`) from the address in milliseconds, or null. */
export function dayIn(value: string | null): number | null {
  if (!value || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return null;
  const ms = Date.parse(`${value}T00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(value) ? ms : null;
}
