/** Location and history that hold the state; the page's own by default, replaced in tests. */
export interface QueryEnvironment {
  location: {search: string; pathname: string; hash: string};
  history: {replaceState(data: unknown, unused: string, url: string): void};
}

const here = (): QueryEnvironment => ({location: globalThis.location, history: globalThis.history});

/** Returns a query parameter of the URL, or null when it is absent. */
export function getParam(name: string, env: QueryEnvironment = here()): string | null {
  return new URLSearchParams(env.location.search).get(name);
}

/**
 * Sets a query parameter without a new history entry, so that the URL reproduces the page. Null or the fallback removes
 * it: the URL holds only what differs from the defaults.
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
 * Sets many query parameters in one step; null removes one. Browsers reject more than about 200 changes of the URL in a
 * few seconds, which a dragged slider would exceed with one change per parameter.
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

/** Returns the value if it is allowed, else the fallback, so that a mistyped URL still opens the page. */
export function oneOf<T extends string>(value: string | null, allowed: readonly T[], fallback: T): T {
  return allowed.includes(value as T) ? (value as T) : fallback;
}

/** Parses a number; the fallback when it is invalid or out of bounds. */
export function numberIn(value: string | null, min: number, max: number, fallback: number): number {
  const x = value === null || value.trim() === "" ? NaN : Number(value);
  return Number.isFinite(x) && x >= min && x <= max ? x : fallback;
}

/** Parses a UTC day (`2024-03-14`) into UTC milliseconds; null when invalid. */
export function dayIn(value: string | null): number | null {
  if (!value || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return null;
  const ms = Date.parse(`${value}T00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(value) ? ms : null;
}
