import type {Hono} from "hono";
import type {Bindings} from "./context.js";
import type {Given} from "./data-routes.js";
import {SCHEMAS} from "./schemas.js";

/** Builds the routes of uploaded files: received, planned, imported, discarded. */
export function importRoutes(app: Hono<{Bindings: Bindings}>, {host: data, body}: Omit<Given, "query">): void {
  // The file has been received before the routes are asked; its report stands for the body.
  app.post("/imports/files", (c) => c.json(c.env.body, 201));
  app.delete("/imports/files/:upload", (c) => {
    body(c, SCHEMAS.none);
    data().imports.inbox.remove(c.req.param("upload"));
    return c.body(null, 204);
  });
  app.post("/imports/plan", async (c) => c.json(await data().imports.plan(body(c, SCHEMAS.imports))));
  app.post("/imports", async (c) => c.json(await data().imports.import(body(c, SCHEMAS.imports))));
}
