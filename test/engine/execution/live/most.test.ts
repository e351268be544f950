import {afterEach, describe, expect, it} from "vitest";
import {LiveDesk} from "../../../helpers/live.js";
import {eventsOf} from "../../../helpers/journal.js";
import {tmp} from "../../../helpers/tmp.js";

let desk: LiveDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

describe("maximum order size", () => {
  it.each(["two-orders", "spread", "maker-first"] as const)(
    "entry above the maximum, %s, is refused before any order, and the limit is named",
    async (style) => {
      const dir = tmp();
      desk = await LiveDesk.open(dir, {pair: "1000PEPE/USDT", execution: {style}});
      await desk.step("0.001");
      expect(eventsOf(dir, "refused")).toMatchObject([
        {
          reason: expect.stringMatching(
            /^the spot leg of \d+ coins is over the most of one order of PEPEUSDT, 1000000$/
          )
        }
      ]);
      expect(desk.ledger.orders).toEqual([]);
      expect(desk.ledger.signedRequests).toBeGreaterThan(0);
      expect(desk.trader.open).toEqual([]);
    }
  );

  it("order below the maximum is sent", async () => {
    const dir = tmp();
    desk = await LiveDesk.open(dir, {pair: "1000PEPE/USDT", config: {maxPositionUsd: "8"}});
    await desk.step("0.001");
    expect(desk.ledger.orders).toHaveLength(2);
    expect(desk.trader.open).toHaveLength(1);
  });
});
