import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {canonicalText, Decimal, decimal, isDecimalText, text, toNumber} from "../../../src/lib/money/decimal.js";

const digits = fc.stringMatching(/^-?\d{1,18}(\.\d{1,18})?$/);

describe("money", () => {
  it("SEMANTICS §3: precision 60, half-even, text without exponent or trailing zeros", () => {
    expect(text(new Decimal(1).div(3)).length).toBe(62);
    expect(new Decimal("0.5").toDecimalPlaces(0).toString()).toBe("0");
    expect(new Decimal("1.5").toDecimalPlaces(0).toString()).toBe("2");
    expect(text("1e-18")).toBe("0.000000000000000001");
    expect(text("1.2300")).toBe("1.23");
    expect(text("-0.0")).toBe("0");
  });

  it("canonical text is what the exact decimal says, for plain and exponent text alike", () => {
    fc.assert(
      fc.property(digits, (t) => {
        expect(canonicalText(t)).toBe(text(t));
        expect(canonicalText(canonicalText(t))).toBe(canonicalText(t));
      })
    );
    expect(canonicalText("1.5e-7")).toBe("0.00000015");
    expect(canonicalText("007.50")).toBe("7.5");
  });

  it("a float is read as the shortest text that round-trips", () => {
    fc.assert(
      fc.property(fc.double({noNaN: true, noDefaultInfinity: true}), (x) => {
        expect(toNumber(decimal(x)) === x).toBe(true);
      })
    );
  });

  it.each(["", " ", "NaN", "Infinity", "1,5", "0x10", "1.2.3", "--1", "null"])("refuses %j and echoes it", (t) => {
    expect(isDecimalText(t)).toBe(false);
    expect(() => decimal(t, "rate")).toThrow(`invalid rate: ${JSON.stringify(t)}`);
  });
});
