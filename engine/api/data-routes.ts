import type {Hono} from "hono";
import type {z} from "zod";
import {UsageError} from "../../loaders/errors.js";
import type {SeriesKey} from "../../loaders/store/key.js";
import type {DataHost} from "../data/host.js";
import type {BackfillRequest} from "../data/request.js";
import {identifyUrl} from "../data/venue.js";
import type {Bindings, C} from "./context.js";
import {QUERIES, SCHEMAS} from "./schemas.js";

/** What the routes of the data are handed. */
export interface Given {
  /** @throws ConflictError where the engine runs without the store */
  host: () => DataHost;
  body: <T>(c: C, schema: z.ZodType<T>) => T;
  query: <T>(c: C, schema: z.ZodType<T>) => T;
}

/** Adds the routes for histories, jobs, holes, rate limits and tracked pairs. */
export function dataRoutes(app: Hono<{Bindings: Bindings}>, {host: data, body, query}: Given): void {
  app.get("/data-status", (c) => c.json(data().status()));
  app.get("/gaps", (c) => c.json(data().gaps()));

  app.get("/limits", (c) => c.json(data().limits()));
  app.patch("/limits", async (c) => {
    const {venue, share} = body(c, SCHEMAS.limits);
    return c.json(await data().throttle(venue, share));
  });

  app.get("/jobs", async (c) => {
    const filter = query(c, QUERIES.jobs);
    return c.json(await data().jobs(filter));
  });
  app.get("/jobs/export", (c) => {
    const {limit, ...filter} = query(c, QUERIES.export);
    const jobs = data().exportJobs({...filter, ...(limit !== undefined && {limit})});
    return c.body(ndjson(jobs), 200, {
      "content-type": "application/x-ndjson; charset=utf-8",
      "content-disposition": 'attachment; filename="carrybook-jobs.ndjson"'
    });
  });
  app.get("/jobs/:id", async (c) => c.json(await data().detail(c.req.param("id"))));
  app.post("/jobs", async (c) => {
    const request = body(c, SCHEMAS.jobs);
    const host = data();
    if (request.kind === "update") return c.json(await host.update(request.venue), 202);
    if (request.kind === "repair") return c.json(await host.repair(), 202);
    return c.json(await host.backfill(await identified(host, request)), 202);
  });
  app.post("/jobs/estimate", async (c) => {
    const request = body(c, SCHEMAS.estimate);
    const host = data();
    return c.json(await host.estimate(await identified(host, request)));
  });
  app.post("/jobs/retry", async (c) => {
    const {ids} = body(c, SCHEMAS.ids);
    return c.json({results: await data().retryMany(ids)}, 202);
  });
  app.post("/jobs/cancel", async (c) => {
    const {ids} = body(c, SCHEMAS.ids);
    return c.json({results: await data().cancelMany(ids)}, 202);
  });
  app.post("/jobs/retry-failed", async (c) => {
    body(c, SCHEMAS.none);
    return c.json(await data().retryFailed(), 202);
  });
  app.post("/jobs/:id/retry", async (c) => {
    body(c, SCHEMAS.none);
    return c.json(await data().retry(c.req.param("id")), 202);
  });
  app.post("/jobs/:id/cancel", async (c) => {
    body(c, SCHEMAS.none);
    return c.json(await data().cancel(c.req.param("id")), 202);
  });
  app.post("/batches/:id/retry", async (c) => {
    body(c, SCHEMAS.none);
    return c.json(await data().retryBatch(c.req.param("id")), 202);
  });

  app.post("/gaps/repair", async (c) => {
    body(c, SCHEMAS.none);
    return c.json(await data().repair(), 202);
  });
  app.post("/gaps/check", async (c) => c.json(await data().checkGaps(keyOf(body(c, SCHEMAS.check)))));
  app.post("/gaps/fill", async (c) => {
    const {from, to, ...key} = body(c, SCHEMAS.fill);
    return c.json(await data().fillGaps(keyOf(key), {from, to}), 202);
  });
  app.post("/series/refresh", async (c) => {
    const {venue, ...scope} = body(c, SCHEMAS.refresh);
    return c.json(await data().update(venue, scope), 202);
  });

  app.get("/tracked", async (c) => c.json(await data().trackedPairs()));
  for (const [path, enabled] of [
    ["/tracked/enable", true],
    ["/tracked/disable", false]
  ] as const) {
    app.post(path, async (c) => {
      const request = body(c, SCHEMAS.pairsOf);
      return c.json(await data().enable(request, enabled));
    });
  }
  app.post("/tracked/remove", async (c) => {
    const {pairs, venue} = body(c, SCHEMAS.pairsOf);
    const host = data();
    await host.untrack(pairs, {venue});
    return c.json(await host.trackedPairs());
  });
  app.post("/track", async (c) => c.json(await data().track(body(c, SCHEMAS.track))));
  app.post("/untrack", async (c) => {
    const {pairs, ...only} = body(c, SCHEMAS.untrack);
    return c.json(await data().untrack(pairs, only));
  });
}

/** Sets a backfill's venue by probing its URL. A simulated venue without a URL uses the stored one. */
async function identified<T extends BackfillRequest>(host: DataHost, request: T): Promise<T> {
  const {venue, url} = request;
  if (url === undefined) {
    if (venue !== "sim") return request;
    const known = await host.address("sim");
    if (known !== undefined) return {...request, url: known};
    throw new UsageError("missing url: a simulated venue needs one", {fix: "pass the url of `npx carrybook sim`"});
  }
  const {simulated} = await identifyUrl(url);
  if (venue === "sim" && !simulated) throw new UsageError("invalid url: no simulated venue answers there");
  return {...request, venue: simulated ? "sim" : venue};
}

const keyOf = ({
  timeframe = "",
  ...key
}: Omit<SeriesKey, "timeframe"> & {timeframe?: string | undefined}): SeriesKey => ({
  ...key,
  timeframe
});

/** Streams NDJSON, one value per line, generating each value only when the reader pulls it. */
function ndjson(values: AsyncGenerator<unknown>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      const {value, done} = await values.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
    cancel: async () => void (await values.return(undefined))
  });
}
