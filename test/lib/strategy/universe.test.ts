import {describe, expect, it} from "vitest";
import {exclusionsOf} from "../../../src/lib/strategy/universe.js";

describe("SEMANTICS §5: the universe filter", () => {
  const inside = {pair: "BTC/USDT", turnover24h: 1_000_000, spotActive: true, coverage: 0.95};

  it("admits a pair at exactly its limits", () => {
    expect(exclusionsOf(inside)).toEqual([]);
  });

  it("lists each reason for an exclusion; an unknown value is not zero and not sufficient", () => {
    expect(exclusionsOf({...inside, turnover24h: 999_999.99})).toEqual(["turnover-too-low"]);
    expect(exclusionsOf({...inside, turnover24h: undefined})).toEqual(["turnover-unknown"]);
    expect(exclusionsOf({...inside, spotActive: false})).toEqual(["no-spot-market"]);
    expect(exclusionsOf({...inside, coverage: 0.9499})).toEqual(["coverage-too-low"]);
    expect(exclusionsOf({...inside, coverage: undefined, spotActive: false})).toEqual([
      "no-spot-market",
      "coverage-too-low"
    ]);
  });
});
