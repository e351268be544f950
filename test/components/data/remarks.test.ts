import {describe, expect, it} from "vitest";
import {remarkWords} from "../../../src/components/data/remarkTable.js";
import type {Remark} from "../../../src/lib/market/snapshot.js";

const T = Date.UTC(2026, 0, 2);
const remark = (own: Partial<Remark>): Remark => ({
  kind: "jump",
  ts: T,
  toTs: null,
  was: null,
  now: null,
  reason: null,
  foundTs: T,
  ...own
});

describe("a finding in words", () => {
  it("has its numbers with their units, and a reason as it was given", () => {
    expect(remarkWords(remark({was: "101.5", now: "1020"}), "BTC/USDT")).toBe(
      "from 101.5 to 1020 USDT: a redenomination or a mistake, not a trade"
    );
    expect(remarkWords(remark({kind: "revised", was: "0.0001", now: "0.0007"}), "BTC/USDT")).toBe(
      "a rate of 0.0001 of notional at first, later 0.0007; the later one is used"
    );
    expect(remarkWords(remark({kind: "revised", reason: "50 more settlements were revised"}), "BTC/USDT")).toBe(
      "50 more settlements were revised; the later rates are used"
    );
    expect(remarkWords(remark({kind: "idle", toTs: T + 72 * 3_600_000}), "BTC/USDT")).toContain("3 d");
    expect(remarkWords(remark({kind: "begins", reason: "the venue keeps no more"}), "BTC/USDT")).toBe(
      "the venue keeps no more"
    );
  });
});
