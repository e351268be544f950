import type {IncomingMessage} from "node:http";
import type {ErrorCode} from "../../src/lib/wire/error.js";

/** Why a request is not let in. */
export interface Refusal {
  status: number;
  code: ErrorCode;
  error: string;
  fix?: string;
}

/** Who may speak with the server: names of this machine with its port, and pages of its own or allowed origins. */
export class Gate {
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  constructor(port: number, devOrigins: readonly string[] = []) {
    const names = ["127.0.0.1", "localhost"];
    this.hosts = new Set(names.map((name) => `${name}:${port}`));
    this.origins = new Set([...names.map((name) => `http://${name}:${port}`), ...devOrigins.map(originOf)]);
  }

  /** Looks at the request line, Host and Origin, before anything else is read. */
  check(request: IncomingMessage): Refusal | undefined {
    const {url = "", headers} = request;
    // A target that names a host, as proxies are sent, would leave open which of the two names counts.
    if (!url.startsWith("/") || url.startsWith("//") || url.length > 4_096)
      return {status: 400, code: "invalid-target", error: "invalid request target"};
    if (occurrences(request, "host") !== 1)
      return {status: 400, code: "invalid-host", error: "invalid host: exactly one is wanted"};
    if (!this.hosts.has(headers.host!.toLowerCase()))
      return {status: 403, code: "invalid-host", error: "invalid host", fix: "use the address that the engine prints"};
    if (occurrences(request, "origin") > 1)
      return {status: 400, code: "invalid-origin", error: "invalid origin: more than one"};
    const {origin} = headers;
    if (origin !== undefined && !this.origins.has(origin))
      return {status: 403, code: "invalid-origin", error: "invalid origin"};
    // A browser tells so even where it leaves the origin out.
    if (origin === undefined && headers["sec-fetch-site"] === "cross-site" && !isRead(request))
      return {status: 403, code: "invalid-origin", error: "invalid origin: another site"};
    return undefined;
  }

  /** What lets an allowed page of another origin read the answer; nothing for requests without an origin. */
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

  /** The server's own addresses on the loopback, one origin for the page and others with connections of their own. */
  get own(): string[] {
    return [...this.origins].filter((origin) => this.hosts.has(origin.slice("http://".length)));
  }
}

const originOf = (url: string): string => new URL(url).origin;

export const isRead = ({method}: IncomingMessage): boolean => method === "GET" || method === "HEAD";

/** How often a header was sent; Node keeps only the first of some. */
function occurrences({rawHeaders}: IncomingMessage, name: string): number {
  let n = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === name) n++;
  return n;
}
