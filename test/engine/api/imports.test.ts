import {existsSync, readdirSync, statSync} from "node:fs";
import {once} from "node:events";
import {connect} from "node:net";
import {join} from "node:path";
import {afterEach, describe, expect, it} from "vitest";
import {DataHost, type HostOptions} from "../../../engine/data/host.js";
import {segmentsOf} from "../../../engine/data/inbox.js";
import {systemClock} from "../../../loaders/exchange/clock.js";
import {openDatabase, rowsOf, type StoreKind} from "../../../loaders/store/database.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import type {ImportedReport, UploadReport} from "../../../src/lib/wire/imports.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {raw, request, startApi, statusOf, TOKEN} from "../../helpers/engine.js";
import {tmp} from "../../helpers/tmp.js";

const NOW = Date.UTC(2026, 9, 1, 12);
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start({inbox, kind}: Pick<HostOptions, "inbox"> & {kind?: StoreKind} = {}) {
  const dir = tmp();
  const events: {type: string; data: unknown}[] = [];
  const quiet = () => undefined;
  let nowMs = NOW;
  const db = await openDatabase(dir, {now: () => nowMs, ...(kind && {kind})});
  const host = await DataHost.start(db, {
    clock: {...systemClock, now: () => nowMs},
    emit: (type, data) => void events.push({type, data}),
    log: {info: quiet, warn: quiet, error: quiet},
    onEvent: ({type}) => void events.push({type, data: null}),
    ...(inbox && {inbox})
  });
  closing.push(() => host.close());
  const api = await startApi({data: host});
  const send = (name: string, content: string, {upload, ...headers}: Record<string, string> = {}) =>
    fetch(`${api.url}/imports/files?name=${encodeURIComponent(name)}${upload ? `&upload=${upload}` : ""}`, {
      method: "POST",
      headers: {authorization: `Bearer ${TOKEN}`, "content-type": "application/octet-stream", ...headers},
      body: content
    });
  const uploaded = async (name: string, content: string, upload?: string): Promise<UploadReport> => {
    const reply = await send(name, content, upload ? {upload} : {});
    expect(reply.status).toBe(201);
    return (await reply.json()) as UploadReport;
  };
  const ask = async (path: string, body: unknown) => {
    const reply = await api.call("POST", path, body);
    return {status: reply.status, body: (await reply.json()) as ImportedReport & {error?: string; code?: string}};
  };
  return {
    api,
    host,
    db,
    events,
    send,
    uploaded,
    ask,
    inbox: join(dir, "engine", "inbox"),
    at: (ms: number) => void (nowMs = ms)
  };
}

/** Candles of hours, stamps in ms or as a clock without a zone. */
const candles = (n: number, stamp: (ms: number) => string | number = (ms) => ms, from = Date.UTC(2026, 0, 1)) =>
  ["open_time,open,high,low,close,volume"]
    .concat(
      Array.from({length: n}, (_, i) => `${stamp(from + i * HOUR_MS)},${100 + i},${103 + i},${99 + i},${101 + i},5`)
    )
    .join("\n");
const naive = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
const FUNDING = ["calc_time,funding_interval_hours,last_funding_rate"]
  .concat(Array.from({length: 9}, (_, i) => `${Date.UTC(2026, 0, 1) + i * 8 * HOUR_MS},8,0.000${i + 1}`))
  .join("\n");
const DUMP = "futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2026-01.csv";
const rowsIn = async ({db}: Awaited<ReturnType<typeof start>>) =>
  (
    await rowsOf<{n: number}>(
      db.connection,
      "select (select count(*) from candles) + (select count(*) from funding) as n"
    )
  )[0]!.n;

describe("an upload", () => {
  it("is planned, answered, planned again and imported; its rows are published and it is gone", async () => {
    const run = await start();
    const {upload} = await run.uploaded(DUMP, FUNDING);
    await run.uploaded("mine/ETH_USDT_perp_1h.csv", candles(30, naive), upload);
    await run.uploaded("mine/BTCUSDT_260327-1h.csv", candles(30), upload);
    const given = {venue: "binance"};
    const first = (await run.ask("/imports/plan", {upload, given})).body;
    const byName = ({files}: ImportedReport) => Object.fromEntries(files.map((file) => [file.file, file]));
    expect(byName(first)[DUMP]).toMatchObject({state: "planned", history: "binance BTC/USDT funding", rows: 9, new: 9});
    expect(byName(first)[DUMP]!.sample).toHaveLength(5);
    const open = byName(first)["mine/ETH_USDT_perp_1h.csv"]!;
    expect([open.state, open.code]).toEqual(["open", "tz"]);
    expect(open.error).toMatch(/^mine\/ETH_USDT_perp_1h\.csv: its stamps name no zone/);
    expect(byName(first)["mine/BTCUSDT_260327-1h.csv"]).toMatchObject({state: "refused", code: "contract"});
    expect(first.failed).toBe(2);
    expect(JSON.stringify(first)).not.toContain(run.inbox);
    expect(await rowsIn(run)).toBe(0);

    const answers = {"mine/ETH_USDT_perp_1h.csv": {tz: "+02:00"}};
    const second = (await run.ask("/imports/plan", {upload, given, answers})).body;
    expect(byName(second)["mine/ETH_USDT_perp_1h.csv"]).toMatchObject({
      state: "planned",
      from: Date.UTC(2025, 11, 31, 22),
      taken: {pair: "ETH/USDT", series: "perp", timeframe: "1h", zone: "+02:00", zoneFrom: "given"}
    });
    const {status, body} = await run.ask("/imports", {upload, given, answers});
    expect([status, body.failed, body.changed]).toEqual([200, 1, 39]);
    expect(await rowsIn(run)).toBe(39);
    expect(existsSync(run.inbox)).toBe(false);
    expect((await run.ask("/imports/plan", {upload, given})).status).toBe(400);
    const jobs = run.events.filter(({type}) => type === "batch").map(({data}) => data as Job);
    expect(jobs.map(({kind, status}) => [kind, status])).toEqual([
      ["import", "completed"],
      ["import", "failed"],
      ["import", "completed"]
    ]);
    expect(run.events.at(-1)!.type).toBe("published");
    expect(
      run.host
        .status()
        .series.map(({pair, series}) => `${pair} ${series}`)
        .sort()
    ).toEqual(["BTC/USDT funding", "ETH/USDT perp"]);
  });

  it("has the same plan as the command line, whatever the folders above its inbox are called", async () => {
    const run = await start();
    const {upload} = await run.uploaded("rows.csv", candles(30));
    const {body} = await run.ask("/imports/plan", {upload, given: {venue: "binance"}});
    expect(body.files).toMatchObject([{file: "rows.csv", state: "open", code: "series"}]);
  });

  it("counts and keeps rows that differ, unless replacement is asked for; bad rows as asked", async () => {
    const run = await start();
    const again = async (content: string, given: object) => {
      const {upload} = await run.uploaded("BTC_USDT_perp_1h.csv", content);
      return (await run.ask("/imports", {upload, given: {venue: "binance", ...given}})).body;
    };
    await again(candles(20), {});
    const changed = candles(20).replace(",120,5", ",121,5");
    expect((await again(changed, {})).files).toMatchObject([{state: "stored", different: 1, changed: 0}]);
    expect((await again(changed, {replace: true})).files).toMatchObject([{state: "stored", different: 1, changed: 1}]);
    const bad = `${candles(20)}\n${Date.UTC(2026, 0, 3)},1,2,3,x,5`;
    expect((await again(bad, {})).files).toMatchObject([{state: "failed", code: "bad-row"}]);
    expect((await again(bad, {badRows: "skip"})).files[0]!.state).toBe("stored");
  });

  it("of two at once stays by itself", async () => {
    const run = await start();
    const [one, two] = await Promise.all([
      run.uploaded("BTC_USDT_perp_1h.csv", candles(2_000)),
      run.uploaded("BTC_USDT_perp_1h.csv", candles(1_000))
    ]);
    expect(one.upload).not.toBe(two.upload);
    const given = {venue: "binance"};
    const replies = await Promise.all([one, two].map(({upload}) => run.ask("/imports", {upload, given})));
    expect(replies.map(({body}) => body.files[0]!.rows)).toEqual([2_000, 1_000]);
    expect(await rowsIn(run)).toBe(2_000);
  });

  it("is discarded on request, or after a day, or with the engine", async () => {
    const run = await start();
    const one = await run.uploaded("a.csv", "x");
    expect(statSync(join(run.inbox, one.upload, "a.csv")).mode & 0o777).toBe(0o600);
    expect(statSync(join(run.inbox, one.upload)).mode & 0o777).toBe(0o700);
    expect((await run.api.call("DELETE", `/imports/files/${one.upload}`, {})).status).toBe(204);
    expect((await run.api.call("DELETE", `/imports/files/${one.upload}`, {})).status).toBe(400);
    const two = await run.uploaded("a.csv", "x");
    run.at(NOW + DAY_MS);
    const three = await run.uploaded("a.csv", "x");
    run.at(NOW + DAY_MS + 1);
    run.host.imports.inbox.sweep();
    expect(readdirSync(run.inbox)).toEqual([three.upload]);
    expect(two.upload).not.toBe(three.upload);
    await run.host.imports.close();
    expect(existsSync(run.inbox)).toBe(false);
  });

  it("is not imported into a store of the simulated market", async () => {
    const run = await start({kind: "simulated"});
    await run.db.connection.run("insert into coverage values (1, 0, 1, 'sim', 0)");
    const {upload} = await run.uploaded("BTC_USDT_perp_1h.csv", candles(20));
    const {status, body} = await run.ask("/imports/plan", {upload, given: {venue: "binance"}});
    expect([status, body.code]).toEqual([422, "invalid-data"]);
    expect((await run.ask("/imports/plan", {upload, given: {venue: "sim"}})).status).toBe(400);
  });

  it("answers that mean nothing are refused", async () => {
    const run = await start();
    const {upload} = await run.uploaded("BTC_USDT_perp_1h.csv", candles(20));
    for (const body of [
      {upload, given: {}},
      {upload, given: {venue: "binance", tz: "Mars/Olympus"}},
      {upload, given: {venue: "binance", intervalHours: 5}},
      {upload, given: {venue: "binance", columns: "ts"}},
      {upload, given: {venue: "binance", pattern: "/etc"}},
      {upload, given: {venue: "binance", root: "/"}},
      {upload, given: {venue: "binance"}, answers: {"other.csv": {tz: "UTC"}}},
      {upload: "../..", given: {venue: "binance"}},
      {upload: "0".repeat(32), given: {venue: "binance"}}
    ]) {
      expect((await run.ask("/imports/plan", body)).status, JSON.stringify(body)).toBe(400);
    }
  });
});

describe("the inbox", () => {
  it.each([
    "../a.csv",
    "a/../../b.csv",
    "/etc/passwd",
    "a//b.csv",
    "a/./b.csv",
    "..",
    ".hidden",
    "a\\..\\b.csv",
    "a\u0000.csv",
    "a\n.csv",
    "a\u0085.csv",
    "\ud800.csv",
    "é".repeat(101),
    "a/".repeat(16) + "b",
    ""
  ])("takes no name %j", (name) => {
    expect(() => segmentsOf(name)).toThrow(/^invalid name/);
  });

  it("takes folders, and refuses tricks over HTTP without a trace", async () => {
    expect(segmentsOf("Fütter/BTC USDT (1).csv")).toEqual(["Fütter", "BTC USDT (1).csv"]);
    const run = await start();
    for (const name of ["../x.csv", "/x.csv", "a/../../../token", "a\u0001", ""])
      expect((await run.send(name, "x")).status, name).toBe(400);
    for (const query of ["", "?name=a&name=b", "?name=a&path=b", "?name=a&upload=../../x"]) {
      const reply = await fetch(`${run.api.url}/imports/files${query}`, {
        method: "POST",
        headers: {authorization: `Bearer ${TOKEN}`, "content-type": "application/octet-stream"},
        body: "x"
      });
      expect(reply.status, query).toBe(400);
    }
    expect((await run.send("a.csv", "x", {upload: "0".repeat(32)})).status).toBe(400);
    expect(existsSync(run.inbox)).toBe(false);
    const {upload} = await run.uploaded("a.csv", "x");
    expect((await run.send("a.csv", "y", {upload})).status).toBe(409);
    expect((await run.send("a.csv/b.csv", "y", {upload})).status).toBe(409);
    expect(readdirSync(join(run.inbox, upload))).toEqual(["a.csv"]);
  });

  it("refuses what is over its limits with 413, declared or not, and keeps nothing of it", async () => {
    const run = await start({inbox: {fileBytes: 1_000, totalBytes: 1_500, files: 2}});
    expect((await run.send("a.csv", "x".repeat(1_001))).status).toBe(413);
    const chunked = await raw(
      run.api.port,
      request(
        "POST /imports/files?name=a.csv",
        [
          `Host: 127.0.0.1:${run.api.port}`,
          `Authorization: Bearer ${TOKEN}`,
          "Content-Type: application/octet-stream",
          "Transfer-Encoding: chunked"
        ],
        `7d0\r\n${"x".repeat(2_000)}\r\n0\r\n\r\n`
      )
    );
    expect(statusOf(chunked)).toBe(413);
    expect(existsSync(run.inbox)).toBe(false);
    const {upload} = await run.uploaded("a.csv", "x".repeat(1_000));
    const full = await run.send("b.csv", "x".repeat(501), {upload});
    expect([full.status, ((await full.json()) as {code: string}).code]).toEqual([413, "body-too-long"]);
    await run.uploaded("b.csv", "x".repeat(500), upload);
    expect((await run.send("c.csv", "", {upload})).status).toBe(409);
    expect((await run.api.call("DELETE", `/imports/files/${upload}`, {})).status).toBe(204);
    await run.uploaded("a.csv", "x".repeat(1_000));
  });

  it("takes a file longer than any other body, in no longer than it takes to send", async () => {
    const run = await start();
    const {bytes} = await run.uploaded("a.csv", "x".repeat(3_000_000));
    expect(bytes).toBe(3_000_000);
    expect((await run.api.call("POST", "/imports/plan", `{"x":"${"x".repeat(70_000)}"}`)).status).toBe(413);
  });

  it("is closed to those without a token, of other origins, or with another type", async () => {
    const run = await start();
    expect((await run.send("a.csv", "x", {authorization: "Bearer no"})).status).toBe(401);
    expect((await run.send("a.csv", "x", {origin: "https://evil.example"})).status).toBe(403);
    for (const type of ["text/csv", "application/json", "multipart/form-data; boundary=x"])
      expect((await run.send("a.csv", "x", {"content-type": type})).status, type).toBe(415);
    expect((await run.send("a.csv", "x", {"content-encoding": "gzip"})).status).toBe(415);
    expect(existsSync(run.inbox)).toBe(false);
    const {call} = await startApi();
    expect((await call("POST", "/imports/plan", {upload: "0".repeat(32), given: {venue: "binance"}})).status).toBe(409);
    const bare = await fetch(`${(await startApi()).url}/imports/files?name=a`, {
      method: "POST",
      headers: {authorization: `Bearer ${TOKEN}`, "content-type": "application/octet-stream"},
      body: "x"
    });
    expect(bare.status).toBe(409);
  });

  it("is left as it was by a body that breaks off, and refuses plans while one is under way", async () => {
    const run = await start();
    const {upload} = await run.uploaded("a.csv", candles(20));
    const socket = connect(run.api.port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write(
      request(
        `POST /imports/files?name=deep/b.csv&upload=${upload}`,
        [
          `Host: 127.0.0.1:${run.api.port}`,
          `Authorization: Bearer ${TOKEN}`,
          "Content-Type: application/octet-stream",
          "Content-Length: 1000000"
        ],
        "ts,rate"
      )
    );
    const path = join(run.inbox, upload, "deep", "b.csv");
    await expect.poll(() => existsSync(path)).toBe(true);
    expect((await run.ask("/imports/plan", {upload, given: {venue: "binance"}})).status).toBe(409);
    expect((await run.api.call("DELETE", `/imports/files/${upload}`, {})).status).toBe(409);
    socket.destroy();
    await expect.poll(() => existsSync(path)).toBe(false);
    await expect
      .poll(async () => (await run.ask("/imports/plan", {upload, given: {venue: "binance"}})).status)
      .toBe(200);
  });

  it("keeps no file of a broken body that began an upload", async () => {
    const run = await start();
    const socket = connect(run.api.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      request(
        "POST /imports/files?name=b.csv",
        [
          `Host: 127.0.0.1:${run.api.port}`,
          `Authorization: Bearer ${TOKEN}`,
          "Content-Type: application/octet-stream",
          "Transfer-Encoding: chunked"
        ],
        "3\r\nabc\r\n"
      )
    );
    await expect.poll(() => existsSync(run.inbox)).toBe(true);
    socket.destroy();
    await expect.poll(() => existsSync(run.inbox)).toBe(false);
  });
});
