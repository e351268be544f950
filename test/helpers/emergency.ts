import {expect} from "vitest";
import {startSim, type SteeredSim} from "../../engine/simulator/api/server.js";
import {Decimal} from "../../src/lib/money/decimal.js";
import {HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {afterTest} from "./cleanup.js";
import {silentClock} from "./silence.js";
import {LIVE_KEYS, LOOP_NOW, loopRig, TRADED, type LoopRig, type LoopRigOptions} from "./loop.js";

/** The first settlement after the start of a rig, UTC ms. */
export const SETTLEMENT = LOOP_NOW + 30 * MINUTE_MS;
/** Returns an instant some hours after it, UTC ms. */
export const after = (hours: number) => SETTLEMENT + hours * HOUR_MS;

/** Starts a live loop; by default on a new venue whose account was funded before the start. */
export async function rigOf(dir: string, given: LoopRigOptions = {}): Promise<LoopRig> {
  const silent = silentClock(LOOP_NOW);
  const {clock = silent.clock} = given;
  const sim =
    given.sim ??
    (await startSim({nowMs: LOOP_NOW, clock: clock.monotonic, onSilence: silent.onSilence, coins: TRADED}));
  if (!given.sim) {
    afterTest(sim.close);
    sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}, ...given.live?.account});
    clock.advance(1_000);
  }
  const rig = await loopRig(dir, {live: {}, ...given, clock, sim});
  afterTest(rig.close);
  return rig;
}

/** Returns the account as the venue has it. */
export const books = ({sim}: {sim: SteeredSim}) => sim.steer.ledger(LIVE_KEYS.apiKey);

/** Expects nothing of the engine at the venue: no order, no short, no sellable coin. */
export function expectFlat(rig: {sim: SteeredSim}, before: Record<string, string> = {}): void {
  const {positions, orders, balances} = books(rig);
  expect(positions).toEqual([]);
  expect(orders.filter(({orderStatus}) => orderStatus === "New" || orderStatus === "PartiallyFilled")).toEqual([]);
  // the most expensive coin's step is worth less than this
  const worth: Record<string, number> = {BTC: 43_000, ETH: 3_000, SOL: 200, DOGE: 1, PEPE: 0.0001};
  for (const [coin, price] of Object.entries(worth)) {
    const rest = new Decimal(balances[coin] ?? "0").minus(before[coin] ?? "0");
    expect([coin, rest.gte(0) && rest.times(price).lt(1)]).toEqual([coin, true]);
  }
}

/** Expects a ledger with nothing open that agrees with the venue and records the stop. */
export function expectStopped({loop, control}: LoopRig): void {
  expect(control.positions()).toEqual([]);
  expect(loop.trader.mode).toBe("halted");
  expect(loop.reconciliation).toMatchObject({agrees: true, pending: []});
  expect(control.status().emergency).toMatchObject({done: true, left: []});
}
