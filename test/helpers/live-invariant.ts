import {expect} from "vitest";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {Ledger} from "../../engine/simulator/api/ledger.js";
import {allLines} from "./journal.js";
import {bookedFlow, venueFlow, type LiveDesk} from "./live.js";

const START = new Decimal(100_000);
const CENT_OF_A_MILLIONTH = "0.00000001";

/** The events of a type in a desk's journal. */
export const eventsOf = (dir: string, type: string) =>
  allLines(dir).flatMap(({event}) => (event.type === type ? [event as unknown as Record<string, unknown>] : []));

/** Every client id that the journal has written down before it was sent. */
export const orderedIds = (dir: string): string[] =>
  eventsOf(dir, "ordered").flatMap(({legs}) => (legs as {clientId: string}[]).map(({clientId}) => clientId));

/** Every order at the venue is one of the journal's; the legs that the venue makes of a spread order are that order. */
function expectJournalled({orders, spreadOrders}: Ledger, ordered: readonly string[]): void {
  const legs = new Set(spreadOrders.flatMap((order) => [order["leg1OrderId"], order["leg2OrderId"]]));
  for (const {orderId, orderLinkId} of orders) if (!legs.has(orderId)) expect(ordered).toContain(orderLinkId);
  for (const {orderLinkId} of spreadOrders) expect(ordered).toContain(orderLinkId);
  const open = [...orders, ...spreadOrders].filter(({orderStatus}) =>
    ["New", "PartiallyFilled"].includes(orderStatus as string)
  );
  expect(open).toEqual([]);
}

/** The books of the venue and the ledger say the same of money, coins, shorts and orders. */
export async function expectAgreement(own: LiveDesk): Promise<void> {
  const difference = venueFlow(own.ledger, START).minus(bookedFlow(own.trader)).abs();
  expect(difference.lte(CENT_OF_A_MILLIONTH), `the books differ by ${text(difference)}`).toBe(true);
  expect(await own.disagreement()).toBeUndefined();
}

/**
 * What must hold at the end of every case: legs even to a lot step, or halted and saying so; orders at the venue = orders in
 * the journal, none open; the books agree to 1e-8.
 * @returns whether it is halted with a naked leg
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

/** What the venue does to one order, once. */
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
