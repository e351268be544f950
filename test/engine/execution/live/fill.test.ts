import {expect, it} from "vitest";
import {fillFrom} from "../../../../engine/execution/live/fill.js";
import {Decimal, ONE, text} from "../../../../src/lib/money/decimal.js";

const market = {
  category: "spot" as const,
  symbol: "MNTXUSDT",
  coin: "MNTX",
  unit: ONE,
  tick: new Decimal("0.01"),
  step: new Decimal("0.001"),
  min: {quantity: ONE, notional: ONE},
  max: undefined,
  active: true
};
const execution = {side: "Buy", execPrice: "2", execQty: "10", execFee: "0.5", execTime: "1750000000000", execId: "1"};

it.each([
  ["in the coin", "MNTX", "9.5", "1"],
  ["in the coin, where the venue names none", "", "9.5", "1"],
  ["in another coin that begins the symbol", "MNT", "10", "0.5"],
  ["in quote", "USDT", "10", "0.5"]
])("a fee of a spot purchase %s: quantity and fee", (_, feeCurrency, quantity, fee) => {
  const fill = fillFrom({...execution, feeCurrency}, market);
  expect([fill.quantity, fill.fee].map(text)).toEqual([quantity, fee]);
});
