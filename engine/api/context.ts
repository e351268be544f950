import type {HttpBindings} from "@hono/node-server";
import type {Context} from "hono";

/** What the server hands to a route beside the request: the sockets, and the body it has read. */
export type Bindings = HttpBindings & {body: unknown};

export type C = Context<{Bindings: Bindings}>;
