import {RESPONSE_ALREADY_SENT} from "@hono/node-server/utils/response";
import {Hono} from "hono";
import type {z} from "zod";
import type {DataHost} from "../data/host.js";
import type {Access} from "./access.js";
import type {TradingControl} from "../loop/commands.js";
import {readRequest} from "../runs/request.js";
import type {ApiDeps} from "./deps.js";
import {dataRoutes} from "./data-routes.js";
import {importRoutes} from "./import-routes.js";
import {ConflictError, errorReply, noStore, SEE_ROUTES} from "./reply.js";
import {QUERIES, readInput, SCHEMAS} from "./schemas.js";
import type {Streams} from "./streams.js";
import {UsageError} from "../../loaders/errors.js";
import type {ErrorBody} from "../../src/lib/wire/error.js";
import type {Bindings, C} from "./context.js";

/** Builds the routes of the API. The server has already authorised the request. */
export function apiRoutes(deps: ApiDeps, {access, streams}: {access: Access; streams: Streams}) {
  const app = new Hono<{Bindings: Bindings}>();
  const body = <T>(c: C, schema: z.ZodType<T>): T => readInput(schema, c.env.body);
  const query = <T>(c: C, schema: z.ZodType<T>): T => readInput(schema, queryOf(c));
  const trading = (): TradingControl => {
    if (deps.control) return deps.control;
    throw new ConflictError(`no trading loop in mode ${deps.mode}`, {
      code: "no-trading-loop",
      fix: "start `npx carrybook engine --mode paper`"
    });
  };
  const data = (): DataHost => {
    if (deps.data) return deps.data;
    throw noStore();
  };

  const schedule = () => {
    if (deps.schedule) return deps.schedule;
    throw noStore();
  };

  app.onError((error, c) => {
    const {status, body} = errorReply(error);
    if (status === 500) deps.log.error(`${c.req.method} ${c.req.path}: ${error.stack ?? error.message}`);
    return c.json(body, status as 500);
  });
  app.notFound((c) =>
    c.json(
      {
        error: `missing route: ${c.req.method}`,
        fix: SEE_ROUTES,
        type: "UsageError",
        code: "missing-route"
      } satisfies ErrorBody,
      404
    )
  );

  app.get("/health", (c) => c.json(deps.health()));
  app.post("/ticket", (c) => {
    const token = access.redeem(body(c, SCHEMAS.ticket).ticket);
    if (token !== undefined) return c.json({token});
    return c.json(
      {
        error: "invalid ticket: unknown, used or expired",
        fix: "`npx carrybook engine --ticket` prints a new link",
        type: "UsageError",
        code: "unauthorized"
      } satisfies ErrorBody,
      401
    );
  });
  app.post("/tickets", (c) => {
    body(c, SCHEMAS.none);
    return c.json({ticket: access.issue()}, 201);
  });

  app.get("/status", (c) => c.json(deps.status()));
  app.get("/positions", (c) => c.json(trading().positions()));
  app.get("/trades", (c) => c.json(trading().trades(query(c, QUERIES.page))));
  app.get("/equity", (c) => c.json(trading().equity()));
  app.get("/opportunities", (c) => c.json(trading().opportunities()));
  app.get("/decisions", (c) => c.json(trading().decisions(query(c, QUERIES.decisions))));
  app.get("/risk", (c) => c.json(trading().risk()));
  app.get("/reconciliation", (c) => c.json(trading().reconciliation()));
  app.get("/config", (c) => c.json(trading().config()));
  app.get("/notifications", (c) => c.json(deps.notifications(query(c, QUERIES.limit))));
  app.get("/notifications/settings", (c) => c.json(deps.notify.settings()));
  app.patch("/notifications/settings", (c) => c.json(deps.notify.set(body(c, SCHEMAS.notify).events)));
  app.patch("/config", async (c) => c.json(await trading().configure(body(c, SCHEMAS.settings))));

  dataRoutes(app, {host: data, body, query});
  importRoutes(app, {host: data, body});

  app.get("/schedule", (c) => c.json(schedule().reports()));
  app.post("/schedule/:name/run", async (c) => {
    body(c, SCHEMAS.none);
    const name = c.req.param("name");
    const known = schedule().reports();
    if (!known.some((report) => report.name === name)) {
      throw new UsageError(`invalid task: ${name}`, {fix: `one of ${known.map((report) => report.name).join(", ")}`});
    }
    return c.json(await schedule().now(name));
  });

  app.post("/backtests", async (c) => {
    const entries = body(c, SCHEMAS.backtest);
    if (deps.backtests.full) {
      c.header("retry-after", "5");
      return c.json(
        {
          error: `busy: ${deps.backtests.most} backtests are already running`,
          fix: "retry when one has finished",
          type: "Error",
          code: "busy"
        } satisfies ErrorBody,
        503
      );
    }
    const left = new AbortController();
    c.env.outgoing.once("close", () => left.abort(new Error("the client disconnected")));
    const request = readRequest(entries);
    return c.body(await deps.backtests.run(request, left.signal), 200, {"content-type": "application/json"});
  });

  app.post("/engine/pause", async (c) => {
    await trading().pause(body(c, SCHEMAS.pause).reason);
    return c.json(deps.status());
  });
  app.post("/engine/resume", async (c) => {
    body(c, SCHEMAS.none);
    trading();
    await deps.resume();
    return c.json(deps.status());
  });
  app.post("/engine/stop", async (c) => {
    const {positions = deps.onStop} = body(c, SCHEMAS.stop);
    void deps.stop(positions);
    return c.json({stopping: true, positions}, 202);
  });

  app.get("/events", (c) => {
    if (streams.full)
      return c.json(
        {
          error: `too many streams: ${streams.count} are open`,
          fix: "close a page",
          type: "Error",
          code: "too-many-streams"
        } satisfies ErrorBody,
        503
      );
    streams.add(c.env.outgoing, c.req.header("last-event-id"));
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

/** Returns the query's parameters. @throws UsageError for one that is given twice */
function queryOf(c: C): Record<string, string> {
  const entries = Object.entries(c.req.queries());
  const twice = entries.find(([, values]) => values.length > 1);
  if (twice) throw new UsageError(`invalid query: ${twice[0].slice(0, 60)} twice`, {fix: "give each parameter once"});
  return Object.fromEntries(entries.map(([name, values]) => [name, values[0]!]));
}
