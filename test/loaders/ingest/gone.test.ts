import {describe, expect, it} from "vitest";
import {inTransaction, openDatabase, rowsOf} from "../../../loaders/store/database.js";
import {readManifest} from "../../../loaders/lake/manifest.js";
import {universeAt} from "../../../loaders/snapshots/universe.js";
import {bybitReply, envelope, type MadeVenue} from "../../helpers/bybit-venue.js";
import {cli} from "../../helpers/cli.js";
import {answer, serve} from "../../helpers/http.js";
import {tmp} from "../../helpers/tmp.js";

const HOUR = 3_600_000;

/** A venue on the machine's clock with BTC and one more coin, whose perp can be taken off. */
async function start() {
  const now = Date.now();
  const state = {gone: false, symbol: "POLUSDT"};
  const last = Math.floor(now / HOUR) * HOUR;
  const settlements = Array.from({length: 30}, (_, i) => ({
    ts: Math.floor(now / (8 * HOUR)) * 8 * HOUR - i * 8 * HOUR,
    rate: "0.0001"
  }));
  const klines = () =>
    Array.from({length: 240}, (_, i) => [`${last - (i + 1) * HOUR}`, "100", "102", "99", "101", "7", "700"]);
  const made = (symbol: string): MadeVenue => ({
    now: Date.now,
    symbol,
    settlements,
    klines,
    launchTs: last - 240 * HOUR
  });
  const symbols = ["BTCUSDT", "POLUSDT"];
  const server = await serve((url, reply) => {
    if (url.pathname === "/sim/requests") return answer(reply, {}, {status: 404});
    const category = url.searchParams.get("category") ?? "";
    const own = symbols.filter((symbol) => !(state.gone && symbol === state.symbol && category === "linear"));
    const symbol = url.searchParams.get("symbol") ?? "BTCUSDT";
    if (url.pathname.endsWith("instruments-info")) {
      const list = own.flatMap((s) => (bybitReply(made(s), url) as {result: {list: unknown[]}}).result.list);
      return answer(reply, envelope(Date.now(), {category, list, nextPageCursor: ""}));
    }
    if (url.pathname.endsWith("tickers")) {
      const list = own.map((s) => ({symbol: s, lastPrice: "100", turnover24h: "50000000"}));
      return answer(reply, envelope(Date.now(), {category, list}));
    }
    if (!url.pathname.endsWith("/time") && !own.includes(symbol))
      return answer(reply, envelope(Date.now(), {}, 10001, "params error: Symbol Invalid"));
    answer(reply, bybitReply(made(symbol), url));
  });
  return {...server, state, now};
}

describe("a symbol that is gone", () => {
  it("has ended: said once, every update goes on with exit code 0, and its history and past universe stay", async () => {
    const {url, state, seen, now} = await start();
    const dir = tmp();
    const args = ["--data", dir];
    const filled = await cli([
      "backfill",
      "--url",
      url,
      "--pairs",
      "BTC/USDT,POL/USDT",
      "--days",
      "8",
      "--series",
      "funding,perp",
      ...args
    ]);
    expect(filled.code, filled.stderr).toBe(0);
    state.gone = true;
    // A candle has closed since: every history has something to ask for.
    const db = await openDatabase(dir);
    await inTransaction(db.connection, async () => {
      await db.connection.run(`delete from candles where ts = (select max(ts) from candles)`);
      await db.connection.run(`update coverage set to_ts = to_ts - ${2 * HOUR}`);
    });
    await db.close();
    const first = await cli(["update", ...args]);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain("POL/USDT perp 1h has ended: gone from the list of bybit and refused");
    const before = seen.length;
    const second = await cli(["update", ...args]);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).not.toContain("has ended");
    expect(seen.slice(before).some(({searchParams}) => searchParams.get("symbol") === "POLUSDT")).toBe(false);
    const entry = readManifest(dir)!.series.find(({pair, series}) => pair === "POL/USDT" && series === "perp")!;
    expect(entry.endedTs).not.toBeNull();
    expect(entry.rows).toBeGreaterThan(100);
    const rows = await universeAt(dir, "bybit", now, new Map());
    expect(rows.map(({pair}) => pair)).toContain("POL/USDT");

    // The list of the next day has it again.
    state.gone = false;
    const older = await openDatabase(dir);
    await older.connection.run(
      `update instruments set day_ts = day_ts - 86400000, observed_ts = observed_ts - 86400000`
    );
    await older.close();
    const back = await cli(["update", ...args]);
    expect(back.code, back.stderr).toBe(0);
    const again = await openDatabase(dir);
    expect(await rowsOf(again.connection, "select * from remarks where kind = 'ended'")).toEqual([]);
    await again.close();
  });

  it("that the venue still lists, or never listed, is a failure", async () => {
    const {url, state} = await start();
    const dir = tmp();
    state.gone = true;
    const unknown = await cli(["backfill", "--url", url, "--pairs", "POL/USDT", "--days", "8", "--data", dir]);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain("lists no perpetual POL/USDT");
  });
});
