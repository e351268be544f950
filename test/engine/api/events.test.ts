import {connect, type Socket} from "node:net";
import {describe, expect, it} from "vitest";
import {Coalescer} from "../../../engine/data/coalesce.js";
import {Hub, RING_EVENTS} from "../../../engine/hub.js";
import {systemClock} from "../../../loaders/exchange/clock.js";
import {virtualClock} from "../../helpers/clock.js";
import {listenTo} from "../../helpers/events.js";
import {STATUS, startApi, TOKEN} from "../../helpers/engine.js";

const heartbeat = (ts: number) => ({ts, venueTs: null});
const note = (id: number, text = "x") => ({id, ts: 1, level: "info" as const, event: "e", text, pair: null});

describe("GET /events", () => {
  it("stream begins with a status, then sends events in order", async () => {
    const {url, hub} = await startApi();
    const stream = await listenTo(url);
    expect(await stream.next()).toMatchObject({event: "status", data: STATUS});
    hub.emit("notification", note(1));
    hub.emit("notification", note(2));
    expect((await stream.next()).data).toMatchObject({id: 1});
    expect(await stream.next()).toMatchObject({event: "notification", id: "test-2", data: {id: 2}});
    stream.close();
  });

  it("Last-Event-ID resumes after the last received event, without loss or duplicates", async () => {
    const {url, hub} = await startApi();
    for (let i = 1; i <= 5; i++) hub.emit("notification", note(i));
    const stream = await listenTo(url, {lastId: "test-3"});
    expect((await stream.next()).event).toBe("status");
    expect([(await stream.next()).data, (await stream.next()).data]).toMatchObject([{id: 4}, {id: 5}]);
    hub.emit("notification", note(6));
    expect((await stream.next()).id).toBe("test-6");
    stream.close();
  });

  it("discarded, foreign or malformed event id is answered with a reset", async () => {
    const {url, hub} = await startApi();
    for (let i = 0; i < RING_EVENTS + 10; i++) hub.emit("notification", note(i));
    for (const lastId of ["test-3", "before-1005", "test-99999", "nonsense", "test--1"]) {
      const stream = await listenTo(url, {lastId});
      expect((await stream.next()).event, lastId).toBe("reset");
      expect(await stream.next(), lastId).toMatchObject({event: "status", id: `test-${RING_EVENTS + 10}`});
      stream.close();
    }
  });

  it("heartbeat leaves the client's position unchanged", async () => {
    const {url} = await startApi({}, {heartbeatMs: 30});
    const stream = await listenTo(url);
    const status = await stream.next();
    expect(await stream.next()).toMatchObject({event: "heartbeat", id: status.id, data: {venueTs: 2}});
    stream.close();
  });

  it("status that cannot be read ends neither the process nor the streams, and refuses a new one with its error", async () => {
    let broken = false;
    const {url, streams, logged} = await startApi(
      {
        status: () => {
          if (broken) throw new Error("no status");
          return STATUS;
        }
      },
      {heartbeatMs: 5}
    );
    const stream = await listenTo(url);
    expect((await stream.next()).event).toBe("status");
    broken = true;
    while (!logged.some((text) => text.includes("no status"))) await new Promise(setImmediate);
    const refused = await fetch(`${url}/events`, {headers: {authorization: `Bearer ${TOKEN}`}});
    expect([refused.status, streams.count]).toEqual([500, 1]);
    broken = false;
    expect((await stream.next()).event).toBe("heartbeat");
    expect((await stream.next()).event).toBe("heartbeat");
    stream.close();
  });

  it("stream over the limit is rejected with a reason; an ended stream frees its place", async () => {
    const {url, streams} = await startApi({}, {maxStreams: 2});
    const open = [await listenTo(url), await listenTo(url)];
    const refused = await fetch(`${url}/events`, {headers: {authorization: `Bearer ${TOKEN}`}});
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({error: "too many streams: 2 are open"})
    ]);
    open[0]!.close();
    while (streams.count > 1) await new Promise(setImmediate);
    (await listenTo(url)).close();
    open[1]!.close();
  });

  it("client that reads nothing is dropped and delays nobody", async () => {
    const {url, port, hub, streams} = await startApi();
    const deaf = await deafReader(port);
    const stream = await listenTo(url);
    await stream.next();
    expect(streams.count).toBe(2);
    const bulk = "x".repeat(20_000);
    for (let i = 0; streams.count === 2; i++) {
      hub.emit("notification", note(i, bulk));
      expect((await stream.next()).data).toMatchObject({id: i});
    }
    expect(streams.count).toBe(1);
    hub.emit("notification", note(-1));
    expect((await stream.next()).data).toMatchObject({id: -1});
    stream.close();
    deaf.destroy();
  });

  it("ten pages with open streams do not delay the emergency stop", async () => {
    const {url, port, call, control, hub} = await startApi(
      {},
      {rates: {read: none, write: none, open: none, stream: {burst: 50, perSecond: 1}}}
    );
    const streams = await Promise.all(Array.from({length: 10}, () => listenTo(url)));
    const deaf = await Promise.all(Array.from({length: 10}, () => deafReader(port)));
    for (let i = 0; i < 200; i++) hub.emit("notification", note(i, "x".repeat(10_000)));
    const hanging = call("POST", "/engine/pause", {});
    const reply = await call("POST", "/engine/emergency-stop", {});
    expect([reply.status, await reply.json()]).toEqual([200, control.report]);
    expect(control.told).toEqual(["emergency api"]);
    expect((await hanging).status).toBe(429);
    for (const stream of streams) stream.close();
    for (const socket of deaf) socket.destroy();
  });

  it("emergency stop responds while closing continues", async () => {
    const never = new Promise<never>(() => undefined);
    const hurried = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms === 1_500 ? 1 : ms, signal)
    };
    const {call} = await startApi({emergency: () => never, clock: hurried});
    const reply = await call("POST", "/engine/emergency-stop");
    expect([reply.status, await reply.json()]).toEqual([
      202,
      {ts: expect.any(Number), done: false, closed: [], left: [], remaining: []}
    ]);
  });
});

const none = {burst: 0, perSecond: 0};

/** Opens the stream and never reads a byte of it. */
function deafReader(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.pause();
      socket.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`, () =>
        resolve(socket)
      );
    });
    socket.on("error", () => undefined);
  });
}

describe("hub", () => {
  it("hub keeps a bounded number and size of events", () => {
    const hub = new Hub("e");
    for (let i = 0; i < 3_000; i++) hub.emit("heartbeat", heartbeat(i));
    expect([hub.maybeResume("e-2000"), hub.maybeResume("e-1999"), hub.maybeResume("f-2000")]).toEqual([
      2_000,
      undefined,
      undefined
    ]);
    expect(hub.after(3_000)).toBeUndefined();
    for (let i = 0; i < 100; i++) hub.emit("notification", note(i, "x".repeat(1e6)));
    expect(hub.maybeResume("e-3080")).toBeUndefined();
    expect(hub.after(hub.head - 1)).toMatchObject({n: hub.head});
  });

  it("job progress is throttled to four events a second; urgent and last values are always sent", async () => {
    const clock = virtualClock(0);
    const coalescer = new Coalescer(clock, 250);
    const sent: string[] = [];
    for (let i = 0; i < 100; i++) {
      coalescer.offer("a", () => sent.push(`a${i}`));
      coalescer.offer("b", () => sent.push(`b${i}`));
    }
    coalescer.offer("a", () => sent.push("done"), {urgent: true});
    expect(sent).toEqual(["a0", "b0", "done"]);
    while (sent.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sent).toEqual(["a0", "b0", "done", "b99"]);
    coalescer.close();
  });
});
