import type {IncomingMessage, ServerResponse} from "node:http";

/** Serves requests for the built site. */
export interface Site {
  answer(request: IncomingMessage, reply: ServerResponse, own: readonly string[]): Promise<void>;
}
