import {expect} from "vitest";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {Ledger} from "../../engine/simulator/api/ledger.js";
import {eventsOf} from "./journal.js";
import {bookedFlow, venueFlow, type LiveDesk} from "./live.js";

const START = new Decimal(100_000);
const CENT_OF_A_MILLIONTH = "0.00000001";

/** Returns every client id that the journal recorded before sending. */
export const orderedIds = (dir: string): string[] =>
  eventsOf(dir, "ordered").flatMap(({legs}) => legs.map(({clientId}) => clientId));

/**
 * Checks that every order at the venue is in the journal. The legs that the venue makes of a spread order belong to it.
 */
function expectJournalled({orders, spreadOrders}: Ledger, ordered: readonly string[]): void {
  const legs = new Set(spreadOrders.flatMap((order) => [order["leg1OrderId"], order["leg2OrderId"]]));
  for (const {orderId, orderLinkId} of orders) if (!legs.has(orderId)) expect(ordered).toContain(orderLinkId);
  for (const {orderLinkId} of spreadOrders) expect(ordered).toContain(orderLinkId);
  const open = [...orders, ...spreadOrders].filter(({orderStatus}) =>
    ["New", "PartiallyFilled"].includes(orderStatus as string)
  );
  expect(open).toEqual([]);
}

/** Checks that venue and ledger agree on money, coins, shorts and orders. */
export async function expectAgreement(own: LiveDesk): Promise<void> {
  const difference = venueFlow(own.ledger, START).minus(bookedFlow(own.trader)).abs();
  expect(difference.lte(CENT_OF_A_MILLIONTH), `the books differ by ${text(difference)}`).toBe(true);
  expect(await own.disagreement()).toBeUndefined();
}

/**
 * Checks what must hold at the end of every case. Legs are equal to a lot step, or trading is halted with an alarm. The
 * venue's orders equal the journal's, none open, and the books agree to 1e-8.
 * @returns true when it is halted with an unhedged leg
 */
export async function insideTheInvariant(own: LiveDesk, dir: string): Promise<boolean> {
  const {trader, ledger, pair} = own;
  const naked = own.naked.abs().gt(trader.pair(pair).desk.rules.step);
  if (naked) {
    expect(trader.mode).toBe("halted");
    expect(trader.why).toContain(pair);
  }
  const ordered = orderedIds(dir);
  expect(new Set(ordered).size).toBe(ordered.length);
  expectJournalled(ledger, ordered);
  await expectAgreement(own);
  return naked;
}

/** Fault that the venue injects into one order, once. */
export const ORDER_FAULTS = [
  {kind: "reject"},
  {kind: "insufficient-funds"},
  {kind: "timeout-after-accept"},
  {kind: "timeout-before-accept"},
  {kind: "partial", fraction: "0.37"},
  {kind: "partial-then-cancel", fraction: "0.37"},
  {kind: "rate-limited"},
  {kind: "forbidden"},
  {kind: "server-error", accept: true},
  {kind: "stalled-body"},
  {kind: "duplicate-id"},
  {kind: "remainder-under-minimum"},
  {kind: "price-band"}
] as const;
