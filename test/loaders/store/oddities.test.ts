import {describe, expect, it} from "vitest";
import {publish} from "../../../loaders/lake/publish.js";
import {statusOf} from "../../../loaders/snapshots/status.js";
import {checkHistory} from "../../../loaders/store/check.js";
import {inTransaction, knownKey, type Database} from "../../../loaders/store/database.js";
import {remarksByHistory} from "../../../loaders/store/remarks.js";
import {idleStretches, jumpsOf} from "../../../src/lib/market/oddities.js";
import {generator} from "../../../src/lib/stats/random.js";
import type {CandleRow} from "../../../loaders/rows.js";
import {candle, HOUR, NOW, open, perp, T0, write} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const found = async (db: Database) =>
  ((await remarksByHistory(db)).get("binance|BTC/USDT|perp|1h") ?? []).map(({kind, ts, toTs, was, now}) => ({
    kind,
    ts,
    toTs,
    was,
    now
  }));

/** What the model's own functions find in the same rows. */
function expected(rows: readonly CandleRow[]): {kind: string; ts: number; toTs: number | null}[] {
  const sorted = [...rows].sort((a, b) => a.tsMs - b.tsMs);
  const column = (of: (row: CandleRow) => unknown) => Float64Array.from(sorted, (row) => Number(of(row)));
  const candles = {
    ts: column((row) => row.tsMs),
    open: column((row) => row.open),
    close: column((row) => row.close),
    volume: column((row) => row.volume)
  };
  const jumps = jumpsOf(candles).map(({ts}) => ({kind: "jump", ts, toTs: null}));
  const idle = idleStretches({...candles, high: candles.open, low: candles.open, timeframe: "1h"} as Parameters<
    typeof idleStretches
  >[0]).map(({from, to}) => ({kind: "idle", ts: from, toTs: to}));
  return [...jumps, ...idle].sort((a, b) => a.ts - b.ts || (a.kind < b.kind ? -1 : 1));
}

describe("findings of candles", () => {
  it("are the model's own, whatever the order and size of the pieces in which the rows arrive", async () => {
    const next = generator(98);
    for (let round = 0; round < 6; round++) {
      const db = await open(tmp());
      let price = 100;
      let busy = true;
      const rows: CandleRow[] = [];
      for (let hour = 0; hour < 300; hour++) {
        if (next() < 0.02) price *= next() < 0.5 ? 12 : 1 / 12;
        if (next() < 0.04) busy = !busy;
        if (next() < 0.01) continue;
        rows.push({...candle(hour, price), volume: busy ? "10" : "0"});
      }
      const pieces: CandleRow[][] = [];
      for (let i = 0; i < rows.length;) {
        const size = 1 + Math.floor(next() * 60);
        pieces.push(rows.slice(i, i + size));
        i += size;
      }
      pieces.sort(() => next() - 0.5);
      for (const piece of pieces) await write(db, perp, piece);
      const now = await found(db);
      expect(now.map(({kind, ts, toTs}) => ({kind, ts, toTs}))).toEqual(expected(rows));
      expect(now.length, `round ${round}`).toBeGreaterThan(0);
      await checkHistory(db, knownKey(db, perp)!);
      expect(await found(db)).toEqual(now);
      await db.close();
    }
  });

  it("name the prices on both sides of a jump, and go away with the row that was wrong", async () => {
    const db = await open(tmp());
    await write(db, perp, [
      candle(0),
      candle(1),
      {...candle(2), open: "1020", high: "1021", close: "1020.5"},
      candle(3)
    ]);
    expect(await found(db)).toEqual([{kind: "jump", ts: T0 + 2 * HOUR, toTs: null, was: "101.5", now: "1020"}]);
    await write(db, perp, [candle(2)], {mode: "range"});
    expect(await found(db)).toEqual([]);
    await db.close();
  });

  it("are found once in a store of an earlier version, and published with its history", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(db, perp, [candle(0), candle(1, 5000)]);
    await inTransaction(db.connection, async () => {
      await db.connection.run("delete from remarks");
      await db.connection.run("delete from meta where key = 'oddities'");
    });
    await publish(db);
    await db.close();
    const {issues, series} = statusOf(dir, NOW);
    expect(series[0]!.remarks).toMatchObject([{kind: "jump", ts: T0 + HOUR, was: "100.5", now: "5000"}]);
    expect(issues.map(({text}) => text)).toContain(
      "1 price jump by a factor of ten or more: a redenomination or a mistake"
    );
  });
});
