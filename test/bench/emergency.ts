import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {BybitAccount} from "../../engine/execution/live/account.js";
import {startSim} from "../../engine/simulator/api/server.js";
import {HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {virtualClock} from "../helpers/clock.js";
import {LIVE_KEYS, LOOP_NOW, loopRig} from "../helpers/loop.js";
import {median, type BenchRow} from "./harness.js";

const ROUNDS = 7;
/** Requests queued for the account when the stop is pressed. */
const FLOOD = 400;
/** Maximum duration of an emergency stop, ms. */
const MAX_MS = 250;

interface Press {
  /** from the press to the last cancel sent, ms */
  sentMs: number;
  /** from the press to the report that nothing is left, ms */
  flatMs: number;
  hedges: number;
}

/** Stops a live loop once, with its hedges open on a simulated account. */
async function press(flood: number): Promise<Press> {
  const dir = mkdtempSync(join(tmpdir(), "carrybook-bench-"));
  const clock = virtualClock(LOOP_NOW);
  const sim = await startSim({nowMs: LOOP_NOW, clock: clock.monotonic});
  sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}});
  clock.advance(1_000);
  const lines: BybitAccount[] = [];
  let pressed: Press | undefined;
  const {fetch} = globalThis;
  try {
    const rig = await loopRig(dir, {
      clock,
      sim,
      live: {lines},
      script: [
        {
          atTs: LOOP_NOW + 30 * MINUTE_MS + HOUR_MS,
          act: async ({control, loop}) => {
            const hedges = loop.trader.open.length;
            const sent: number[] = [];
            globalThis.fetch = (input, init) => {
              if (String(input).includes("/v5/order/cancel-all")) sent.push(performance.now());
              return fetch(input, init);
            };
            const waiting = Array.from({length: flood}, () => lines[0]!.balances());
            const beganMs = performance.now();
            const {done} = await control.emergencyStop("api");
            const endedMs = performance.now();
            if (!done || sent.length < 2) throw new Error(`the stop left something, ${sent.length} cancels were sent`);
            pressed = {sentMs: sent[1]! - beganMs, flatMs: endedMs - beganMs, hedges};
            await Promise.all(waiting);
            await control.stop("keep");
          }
        }
      ]
    });
    await rig.loop.run();
    await rig.close();
    if (!pressed) throw new Error("the stop was never pressed");
    return pressed;
  } finally {
    globalThis.fetch = fetch;
    await sim.close();
    rmSync(dir, {recursive: true, force: true});
  }
}

/** Measures press to last cancel sent of a live engine, with the account's queue empty and full in turn. */
export async function emergencyBench(): Promise<BenchRow[]> {
  const free: Press[] = [];
  const full: Press[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    free.push(await press(0));
    full.push(await press(FLOOD));
  }
  const row = (work: string, presses: readonly Press[]): BenchRow => {
    const sent = presses.map(({sentMs}) => sentMs);
    return {
      work,
      figure: `${median(sent).toFixed(1)} ms, at most ${Math.max(...sent).toFixed(1)} ms`,
      against: `${MAX_MS} ms`,
      ratio: median(sent) / MAX_MS
    };
  };
  return [
    row("live emergency stop: press to last cancel sent", free),
    row(`the same with ${FLOOD} requests before it in the account's queue`, full),
    {
      work: `live emergency stop: press to ${free[0]!.hedges} hedges left at a simulated venue, each fill followed up`,
      figure: `${median(free.map(({flatMs}) => flatMs)).toFixed(0)} ms`,
      against: "–"
    }
  ];
}
