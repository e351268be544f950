// @vitest-environment jsdom
import {describe, expect, it} from "vitest";
import {candidates} from "../../../src/components/decision/decisionModel.js";
import {DecisionAnswer, DecisionTable} from "../../../src/components/decision/decisionWords.js";
import type {DecisionRow} from "../../../src/lib/market/snapshot.js";

const T = Date.UTC(2026, 0, 1, 8);
const row = (pair: string, over: Partial<DecisionRow> = {}): DecisionRow => ({
  venue: "binance",
  pair,
  slug: pair.replace("/", "-"),
  newestTs: T,
  rate8h: 0.004,
  rows: 300,
  percentile: 0.94,
  z: 3,
  trend: "rising",
  composite: 0.9,
  basis: 0.002,
  closesTs: null,
  streak: 3,
  breakEvenPeriods: 1.3,
  label: "strong",
  reasons: [],
  enters: {conservative: false, balanced: false, aggressive: false},
  ...over
});
const view = (rows: DecisionRow[], preset: string) => ({
  list: candidates(rows, [], new Map()),
  preset,
  hurdle: 0.04,
  pending: 0
});

describe("rules that cannot score a pair yet", () => {
  const open = [row("BTC/USDT", {closesTs: T}), row("ETH/USDT", {closesTs: T}), row("SOL/USDT")];
  const cells = (rows: DecisionRow[], preset: string) =>
    [
      ...DecisionTable(view(rows, preset), {onWeigh: () => undefined, onSort: () => undefined}).querySelectorAll(
        "tbody tr"
      )
    ].map((tr) => /✓ yes|✗ no|– not yet/.exec(tr.textContent!)?.[0]);

  it("say so beside a strong label, and do not count as a no", () => {
    expect(DecisionAnswer(view(open, "balanced")).textContent).toContain(
      "They cannot score 2 pairs yet: the candles that opened at the settlement are still open."
    );
    expect(cells(open, "balanced")).toEqual(["– not yet", "– not yet", "✗ no"]);
  });

  it("are silent once the candles have closed, of rules without a score, and where a pair is entered", () => {
    const entered = row("BTC/USDT", {closesTs: T, enters: {balanced: true}});
    for (const [rows, preset] of [
      [[row("BTC/USDT")], "balanced"],
      [open, "conservative"],
      [[entered], "balanced"]
    ] as [DecisionRow[], string][])
      expect(DecisionAnswer(view(rows, preset)).textContent).not.toContain("cannot score");
    expect(cells(open, "conservative")).toEqual(["✗ no", "✗ no", "✗ no"]);
    expect(cells([entered], "balanced")).toEqual(["✓ yes"]);
  });
});
