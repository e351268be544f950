import type {IncomingMessage, ServerResponse} from "node:http";

/** The built site, as the server hands requests to it. */
export interface Site {
  answer(request: IncomingMessage, reply: ServerResponse, own: readonly string[]): Promise<void>;
}
