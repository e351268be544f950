import type {IncomingMessage} from "node:http";
import type {ErrorCode} from "../../src/lib/wire/error.js";

/** The error response to a rejected request. */
export interface Refusal {
  status: number;
  code: ErrorCode;
  error: string;
  fix?: string;
}

/** Admits requests by Host (a loopback name with the server's port) and by Origin (its own or an allowed one). */
export class Gate {
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  constructor(port: number, devOrigins: readonly string[] = []) {
    const names = ["127.0.0.1", "localhost"];
    this.hosts = new Set(names.map((name) => `${name}:${port}`));
    this.origins = new Set([...names.map((name) => `http://${name}:${port}`), ...devOrigins.map(originOf)]);
  }

  /** Checks the request target, Host and Origin, before anything else is read. */
  check(request: IncomingMessage): Refusal | undefined {
    const {url = "", headers} = request;
    // An absolute-form target carries a host of its own, which could contradict the Host header.
    if (!url.startsWith("/") || url.startsWith("//") || url.length > 4_096)
      return {status: 400, code: "invalid-target", error: "invalid request target"};
    if (occurrences(request, "host") !== 1)
      return {status: 400, code: "invalid-host", error: "invalid host: exactly one is required"};
    if (!this.hosts.has(headers.host!.toLowerCase()))
      return {status: 403, code: "invalid-host", error: "invalid host", fix: "use the address printed by the engine"};
    if (occurrences(request, "origin") > 1)
      return {status: 400, code: "invalid-origin", error: "invalid origin: more than one"};
    const {origin} = headers;
    if (origin !== undefined && !this.origins.has(origin))
      return {status: 403, code: "invalid-origin", error: "invalid origin"};
    // Browsers send Sec-Fetch-Site even where they omit Origin.
    if (origin === undefined && headers["sec-fetch-site"] === "cross-site" && !isRead(request))
      return {status: 403, code: "invalid-origin", error: "invalid origin: cross-site request"};
    return undefined;
  }

  /** Returns the CORS headers for an allowed origin; empty for requests without an origin. */
  corsHeaders({headers: {origin}}: IncomingMessage): Record<string, string> {
    if (origin === undefined || !this.origins.has(origin)) return {};
    return {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST, PATCH, DELETE",
      "access-control-allow-headers": "authorization, content-type, last-event-id",
      "access-control-expose-headers": "retry-after",
      "access-control-max-age": "600"
    };
  }

  /** The server's loopback origins: the page's own, and others with a separate connection pool. */
  get own(): string[] {
    return [...this.origins].filter((origin) => this.hosts.has(origin.slice("http://".length)));
  }
}

const originOf = (url: string): string => new URL(url).origin;

export const isRead = ({method}: IncomingMessage): boolean => method === "GET" || method === "HEAD";

/** Counts how often a header was sent; Node's `headers` keeps only the first of some. */
function occurrences({rawHeaders}: IncomingMessage, name: string): number {
  let n = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === name) n++;
  return n;
}
