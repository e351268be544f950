import {connect} from "node:net";
import {expect, it} from "vitest";
import {startApi, TOKEN} from "../helpers/engine.js";
import {listenTo} from "../helpers/events.js";

const CLIENTS = 500;

it("500 streams receive every event in order though one never reads; further ones are rejected", async () => {
  const {url, port, hub, streams, call} = await startApi({}, {maxStreams: CLIENTS + 1, heartbeatMs: 1e9});
  const deaf = connect(port, "127.0.0.1", () => {
    deaf.pause();
    deaf.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  });
  deaf.on("error", () => undefined);
  const clients = [];
  for (let i = 0; i < CLIENTS; i += 50)
    clients.push(...(await Promise.all(Array.from({length: 50}, () => listenTo(url)))));
  while (streams.count < CLIENTS + 1) await new Promise(setImmediate);
  const refused = await fetch(`${url}/events`, {headers: {authorization: `Bearer ${TOKEN}`}});
  expect(refused.status).toBe(503);
  await refused.text();
  for (const client of clients) expect((await client.next()).event).toBe("status");
  const before = process.memoryUsage().rss;
  const bulk = "x".repeat(40_000);
  for (let round = 0; round < 250; round++) {
    hub.emit("notification", {id: round, ts: 1, level: "info", event: "e", text: round % 10 ? "x" : bulk, pair: null});
    // Read in turns, so the readers keep up with the emitted events.
    for (const client of clients) expect((await client.next()).data.id).toBe(round);
  }
  for (let i = 0; streams.count > CLIENTS; i++) {
    hub.emit("notification", {id: i, ts: 1, level: "info", event: "e", text: bulk, pair: null});
    for (const client of clients) await client.next();
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  expect((await call("POST", "/engine/emergency-stop", {})).status).toBe(200);
  expect((await call("GET", "/status")).status).toBe(200);
  for (const client of clients) client.close();
  deaf.destroy();
});
