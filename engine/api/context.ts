import type {HttpBindings} from "@hono/node-server";
import type {Context} from "hono";

/** What a route receives beside the request: the sockets and the parsed body. */
export type Bindings = HttpBindings & {body: unknown};

export type C = Context<{Bindings: Bindings}>;
