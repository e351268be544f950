import {siteRoot} from "../ui/links.js";

/** Key of the token in this tab's own storage; it is in no address, cookie or file. */
const KEY = "carrybook-engine-token";

/** What this module reads of the browser; tests give their own. */
export interface SessionEnvironment {
  location: {hash: string; href: string; hostname: string; pathname: string; search: string};
  history: {replaceState(data: unknown, unused: string, url: string): void};
  storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  /** the address that the development preview names, when it does */
  named: string | null;
  /** root of the site this module was served from */
  root: string;
}

export const browserSession = (): SessionEnvironment => ({
  location,
  history,
  storage: sessionStorage,
  named: document.querySelector<HTMLMetaElement>("meta[name=carrybook-engine]")?.content ?? null,
  root: siteRoot()
});

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])$/;

/**
 * Base address of the engine, without a slash at the end: what the preview names, else the site's own root, because the
 * engine serves page and API from one origin. Null on any other machine: a published site asks nobody's ports.
 */
export function engineBase({named, root, location: {hostname}}: SessionEnvironment): string | null {
  if (!LOOPBACK.test(hostname)) return null;
  return (named ?? root).replace(/\/$/, "");
}

/** The same server under its other name of this machine, which has connections of its own; null where there is none. */
export function otherName(base: string): string | null {
  const url = new URL(base);
  if (url.hostname === "127.0.0.1") url.hostname = "localhost";
  else if (url.hostname === "localhost") url.hostname = "127.0.0.1";
  else return null;
  return url.href.replace(/\/$/, "");
}

/** Takes the one-time ticket out of the address, so that it is neither kept in the history nor copied with a link. */
export function takeTicket({location, history}: SessionEnvironment): string | null {
  const ticket = new URLSearchParams(location.hash.slice(1)).get("ticket");
  if (location.hash.includes("ticket=")) history.replaceState(null, "", `${location.pathname}${location.search}`);
  return ticket || null;
}

/** The token of this tab. */
export const storedToken = ({storage}: SessionEnvironment): string | null => storage.getItem(KEY);

export function storeToken({storage}: SessionEnvironment, token: string | null): void {
  if (token === null) storage.removeItem(KEY);
  else storage.setItem(KEY, token);
}
