import {siteRoot} from "../ui/links.js";

/** Key of the token in the tab's session storage; the token is in no URL, cookie or file. */
const KEY = "carrybook-engine-token";

/** Parts of the browser that this module uses; replaced in tests. */
export interface SessionEnvironment {
  location: {hash: string; href: string; hostname: string; pathname: string; search: string};
  history: {replaceState(data: unknown, unused: string, url: string): void};
  storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  /** engine address from the meta tag of the development preview, if any */
  named: string | null;
  /** root URL of the site that served this module */
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
 * Returns the base URL of the engine without a trailing slash: the one named by the preview, else the site's root,
 * because the engine serves pages and API from one origin. Null unless the host is a loopback address: a published site
 * must not probe local ports.
 */
export function engineBase({named, root, location: {hostname}}: SessionEnvironment): string | null {
  if (!LOOPBACK.test(hostname)) return null;
  return (named ?? root).replace(/\/$/, "");
}

/**
 * Returns the same server under the other loopback name. Browsers limit connections per host name, so this one has its
 * own. Null when there is no other name.
 */
export function otherName(base: string): string | null {
  const url = new URL(base);
  if (url.hostname === "127.0.0.1") url.hostname = "localhost";
  else if (url.hostname === "localhost") url.hostname = "127.0.0.1";
  else return null;
  return url.href.replace(/\/$/, "");
}

/** Returns the one-time ticket of the URL and removes it, so that it is not kept in the history or copied with a link. */
export function takeTicket({location, history}: SessionEnvironment): string | null {
  const ticket = new URLSearchParams(location.hash.slice(1)).get("ticket");
  if (location.hash.includes("ticket=")) history.replaceState(null, "", `${location.pathname}${location.search}`);
  return ticket || null;
}

export const storedToken = ({storage}: SessionEnvironment): string | null => storage.getItem(KEY);

export function storeToken({storage}: SessionEnvironment, token: string | null): void {
  if (token === null) storage.removeItem(KEY);
  else storage.setItem(KEY, token);
}
