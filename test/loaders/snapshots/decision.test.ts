import {describe, expect, it} from "vitest";
import {publish} from "../../../loaders/lake/publish.js";
import {decisionRows} from "../../../loaders/snapshots/decision.js";
import {DEFAULT_COSTS} from "../../../src/lib/market/costs.js";
import type {DecisionRow} from "../../../src/lib/market/snapshot.js";
import {candle, funding, HOUR, open, perp, settlement, spot, T0, write} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const ROWS = 40;
/** Hour of the newest settlement. */
const LAST = (ROWS - 1) * 8;

/** Judges a pair whose candles of both markets are those of the given hours. */
async function judged(hours: (hour: number) => boolean): Promise<DecisionRow> {
  const dir = tmp();
  const db = await open(dir);
  await write(
    db,
    funding,
    Array.from({length: ROWS}, (_, i) => settlement(i * 8, "0.0004"))
  );
  const all = Array.from({length: LAST + 10}, (_, hour) => hour).filter(hours);
  await write(
    db,
    spot,
    all.map((hour) => candle(hour, 100))
  );
  await write(
    db,
    perp,
    all.map((hour) => candle(hour, 101))
  );
  await publish(db);
  await db.close();
  const [row] = await decisionRows(dir, DEFAULT_COSTS);
  return row!;
}

describe("SEMANTICS §7: a pair at its newest settlement", () => {
  it("has the basis of the two opens there", async () => {
    const row = await judged(() => true);
    expect(row).toMatchObject({newestTs: T0 + LAST * HOUR, closesTs: null, basis: 0.01});
    expect(row.label).not.toBe("insufficient");
  });

  it("has that of the newest closes while the candles that open there are open, and says so", async () => {
    const row = await judged((hour) => hour < LAST);
    // closes are half above the opens
    expect(row).toMatchObject({closesTs: T0 + LAST * HOUR, basis: 1 / 100.5});
    expect(row.label).not.toBe("insufficient");
    expect(row.composite).not.toBeNull();
    expect(row.reasons.at(-1)).toBe("basis of the closes at 2024-01-14 00:00 UTC");
  });

  it("has none of closes over two hours old, and none in a hole: then there is no score", async () => {
    for (const hours of [(hour: number) => hour < LAST - 2, (hour: number) => hour !== LAST]) {
      const row = await judged(hours);
      expect(row).toMatchObject({closesTs: null, basis: null, composite: null, label: "insufficient"});
      expect(row.reasons.at(-1)).toBe("the basis is missing, so there is no score");
    }
    expect((await judged((hour) => hour < LAST - 1)).label).not.toBe("insufficient");
  });
});
