import {createServer, type IncomingMessage, type ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";
import {afterTest} from "./cleanup.js";

interface TestServer {
  url: string;
  /** every request received, in order */
  seen: URL[];
}

type Handler = (url: URL, reply: ServerResponse, request: IncomingMessage) => void;

/** Starts a server with scripted replies, which closes after the test. */
export async function serve(handler: Handler): Promise<TestServer> {
  const seen: URL[] = [];
  const server = createServer((request, reply) => {
    const url = new URL(request.url ?? "/", "http://test");
    seen.push(url);
    handler(url, reply, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterTest(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      })
  );
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen};
}

/** Sends JSON, or text as it is, with a status and headers. */
export function answer(
  reply: ServerResponse,
  body: unknown,
  {status = 200, headers = {}}: {status?: number; headers?: Record<string, string>} = {}
): void {
  reply.writeHead(status, {"content-type": "application/json", ...headers});
  reply.end(typeof body === "string" ? body : JSON.stringify(body));
}
