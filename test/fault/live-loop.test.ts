import type {TradingEvent} from "../../engine/journal/events.js";
import {afterEach, describe, expect, it} from "vitest";
import {auditJournal} from "../../engine/loop/audit.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import {HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {allLines, eventsOf} from "../helpers/journal.js";
import {bookedFlow, venueFlow} from "../helpers/live.js";
import {LIVE_KEYS, LOOP_NOW, loopRig, type LoopRig, type LoopRigOptions} from "../helpers/loop.js";
import {tmp} from "../helpers/tmp.js";

const rigs: LoopRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const SETTLEMENT = LOOP_NOW + 30 * MINUTE_MS;
const after = (hours: number) => SETTLEMENT + hours * HOUR_MS;
const end = (hours: number): NonNullable<LoopRigOptions["script"]>[number] => ({
  atTs: after(hours),
  act: (rig) => rig.control.stop("keep")
});

async function run(dir: string, given: LoopRigOptions): Promise<LoopRig> {
  const rig = await loopRig(dir, {
    strategy: {spotFeeIn: "base", slippageBps: "0"},
    options: {pairs: ["BTC/USDT", "ETH/USDT", "SOL/USDT"]},
    live: {},
    ...given
  });
  rigs.push(rig);
  await rig.loop.run();
  return rig;
}

const events = <T extends TradingEvent["type"]>(dir: string, type: T) => eventsOf(`${dir}/journal/live`, type);

function expectBooksAgree(rig: LoopRig): void {
  expect(rig.loop.reconciliation?.rows.filter(({agrees}) => !agrees)).toEqual([]);
  const there = venueFlow(rig.sim.steer.ledger(LIVE_KEYS.apiKey), new Decimal(100_000));
  const difference = there.minus(bookedFlow(rig.loop.trader)).abs();
  expect(difference.lte("0.00000001"), text(difference)).toBe(true);
}

describe("live loop on the simulated venue", () => {
  it("loop opens, receives the venue's payments, reconciles in every cycle, and its journal audits", async () => {
    const dir = tmp();
    const rig = await run(dir, {script: [end(17)]});
    expect(rig.control.status().mode).toBe("live");
    expect(rig.loop.trader.open.length).toBe(3);
    const settled = events(dir, "settled") as {amount: string; expected?: string}[];
    expect(settled.length).toBeGreaterThan(3);
    expect(settled.filter(({expected}) => expected !== undefined)).toEqual([]);
    expectBooksAgree(rig);
    expect(
      rig.emitted.filter(({type}) => type === "notification").map(({data}) => (data as {level: string}).level)
    ).not.toContain("critical");
    const {lines, decisions} = await auditJournal(`${dir}/journal/live`);
    expect(lines).toBe(allLines(`${dir}/journal/live`).length);
    expect(decisions).toBeGreaterThan(0);
  });

  it("loop continues after a restart on its own account, and rejects another account's keys", async () => {
    const dir = tmp();
    const first = await run(dir, {script: [end(1)]});
    const held = first.control.positions().map(({id}) => id);
    expect(held.length).toBe(3);
    first.clock.advance(9 * HOUR_MS);
    const second = await run(dir, {clock: first.clock, sim: first.sim, script: [end(11)]});
    expect(events(dir, "baseline")).toHaveLength(1);
    expect(second.control.positions().map(({id}) => id)).toEqual(held);
    expect((events(dir, "settled") as unknown[]).length).toBeGreaterThanOrEqual(3);
    expectBooksAgree(second);
    first.sim.steer.openAccount({apiKey: "other", secret: "s", balances: {USDT: "1"}});
    const other = run(dir, {clock: first.clock, sim: first.sim, live: {keys: {apiKey: "other", secret: "s"}}});
    await expect(other).rejects.toThrow(/^invalid account: the keys are of \d+, the journal of \d+$/);
  });

  it("withheld payment raises an alert with its exact amount; ledger and venue still agree", async () => {
    const dir = tmp();
    const rig = await run(dir, {
      script: [
        {
          atTs: after(4),
          act: ({sim}) => void sim.steer.act({kind: "withhold-funding", apiKey: LIVE_KEYS.apiKey, symbol: "BTCUSDT"})
        },
        end(9)
      ]
    });
    const [missing, ...more] = (
      events(dir, "settled") as {pair: string; amount: string; expected?: string; rate: string; mark: string}[]
    ).filter(({expected}) => expected !== undefined);
    expect(more).toEqual([]);
    expect(missing).toMatchObject({pair: "BTC/USDT", amount: "0"});
    const hedge = rig.loop.trader.pair("BTC/USDT").hedge!;
    expect(missing!.expected).toBe(text(hedge.perpQty.times(missing!.mark).times(missing!.rate)));
    const notes = rig.emitted
      .filter(({type}) => type === "notification")
      .map(({data}) => data as {level: string; text: string});
    expect(notes.find(({text: said}) => said.includes(`expected ${missing!.expected}`))).toMatchObject({
      level: "critical"
    });
    expectBooksAgree(rig);
  });

  it("funding interval that changes while a hedge is open is paid at the new settlements", async () => {
    const dir = tmp();
    const rig = await run(dir, {
      script: [
        {atTs: after(2), act: ({sim}) => void sim.steer.act({kind: "interval-change", symbol: "SOLUSDT", hours: 1})},
        end(13)
      ]
    });
    const paid = (events(dir, "settled") as {pair: string; ts: number}[]).filter(({pair}) => pair === "SOL/USDT");
    expect(paid.length).toBeGreaterThan(4);
    expect(new Set(paid.map(({ts}) => ts)).size).toBe(paid.length);
    expectBooksAgree(rig);
  });

  it("delisted perp is closed by the venue: the coin is sold and trading continues", async () => {
    const dir = tmp();
    const rig = await run(dir, {
      script: [{atTs: after(2), act: ({sim}) => void sim.steer.act({kind: "delist", symbol: "SOLUSDT"})}, end(4)]
    });
    expect(rig.control.positions().map(({pair}) => pair)).not.toContain("SOL/USDT");
    expect(events(dir, "foreign")).toMatchObject([{pair: "SOL/USDT", cause: "settlement"}]);
    expect(Number(rig.sim.steer.ledger(LIVE_KEYS.apiKey).balances["SOL"])).toBeLessThan(0.001);
    expectBooksAgree(rig);
  });

  it("emergency stop closes every hedge, and nothing is open at the venue", async () => {
    const dir = tmp();
    const rig = await run(dir, {
      script: [
        {
          atTs: after(2),
          act: async (own) => {
            expect(await own.control.emergencyStop("api")).toMatchObject({done: true});
            await own.control.stop("keep");
          }
        }
      ]
    });
    const ledger = rig.sim.steer.ledger(LIVE_KEYS.apiKey);
    expect(ledger.positions).toEqual([]);
    expect(rig.loop.trader.mode).toBe("halted");
    expectBooksAgree(rig);
  });
});
