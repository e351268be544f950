import {afterEach, describe, expect, it} from "vitest";
import {PaperVenue} from "../../../engine/execution/paper.js";
import {REAL_DISK} from "../../../engine/journal/journal.js";
import {Recorder} from "../../../engine/journal/recorder.js";
import {auditJournal} from "../../../engine/loop/audit.js";
import {snapshotOf} from "../../../engine/trader/snapshot.js";
import {Trader} from "../../../engine/trader/trader.js";
import {Decimal, text} from "../../../src/lib/money/decimal.js";
import {HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {allLines} from "../../helpers/journal.js";
import {LOOP_NOW, loopRig, type LoopRig, type LoopRigOptions} from "../../helpers/loop.js";
import {tmp} from "../../helpers/tmp.js";

const rigs: LoopRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});
async function rigOf(dir: string, given: LoopRigOptions = {}): Promise<LoopRig> {
  const rig = await loopRig(dir, given);
  rigs.push(rig);
  return rig;
}

/** The venue settles half an hour after the start, then every eight hours. */
const SETTLEMENT = LOOP_NOW + 30 * MINUTE_MS;
const after = (hours: number) => SETTLEMENT + hours * HOUR_MS;
const kinds = (rig: LoopRig) => rig.control.decisions({limit: 2_000}).map(({kind}) => kind);
const count = (rig: LoopRig, kind: string) => kinds(rig).filter((own) => own === kind).length;
const end = (hours: number): NonNullable<LoopRigOptions["script"]>[number] => ({
  atTs: after(hours),
  act: (rig) => rig.control.stop("keep")
});

describe("paper loop on the simulated venue", () => {
  it("loop opens at a settlement, is paid at the next, and its figures add up exactly", async () => {
    const rig = await rigOf(tmp(), {script: [end(17)]});
    await rig.loop.run();
    expect(count(rig, "opened")).toBeGreaterThan(0);
    expect(count(rig, "settled")).toBeGreaterThan(count(rig, "opened"));
    const {account} = rig.control.status();
    const positions = rig.control.positions();
    expect(positions.length).toBeGreaterThan(0);
    const sum = positions.reduce((total, {unrealised}) => total.plus(unrealised!), new Decimal(account!.realised));
    expect(account!.equity).toBe(text(sum.plus(account!.capital)));
    for (const {basis, funding, fees, slippage, unrealised, ...position} of positions) {
      expect(position.entryTs).toBeGreaterThanOrEqual(SETTLEMENT);
      expect(position.nextSettlementTs).toBeGreaterThan(rig.loop.venueTs!);
      // the accounting identity, with the legs at the newest prices
      expect(text(new Decimal(funding).plus(basis!).minus(fees).minus(slippage))).toBe(unrealised);
      expect(position.drift).toBeLessThan(0.02);
    }
    // paid at the venue's own boundaries, on the rates it settled
    for (const {ts} of rig.control.decisions({limit: 2_000}).filter(({kind}) => kind === "settled"))
      expect(ts % HOUR_MS).toBe(0);
    expect(rig.emitted.map(({type}) => type)).toEqual(
      expect.arrayContaining(["cycle", "status", "position", "heartbeat"])
    );
    const clean = rig.loop.cycles.steps.filter(({error}) => error !== null);
    expect(clean).toEqual([]);
  });

  it("loop ignores settlements from before its start", async () => {
    const rig = await rigOf(tmp(), {
      script: [{atTs: SETTLEMENT - 15 * MINUTE_MS, act: (own) => own.control.stop("keep")}]
    });
    await rig.loop.run();
    expect(kinds(rig)).toEqual([]);
    expect(rig.control.opportunities().length).toBe(5);
  });

  it("loop continues after a restart unchanged, including settlements in between", async () => {
    const dir = tmp();
    const first = await rigOf(dir, {script: [end(1)]});
    await first.loop.run();
    const before = snapshotOf(first.loop.trader);
    const held = first.control.positions().map(({id}) => id);
    expect(held.length).toBeGreaterThan(0);
    // down during a settlement
    first.clock.advance(9 * HOUR_MS);
    const second = await rigOf(dir, {clock: first.clock, sim: first.sim, script: [end(11)]});
    expect(snapshotOf(second.loop.trader)).toEqual(before);
    await second.loop.run();
    const missed = second.control
      .decisions({limit: 2_000})
      .filter(({kind, ts, tradeId}) => kind === "settled" && ts === after(8) && held.includes(tradeId!));
    expect(missed).toHaveLength(held.length);
    expect(second.control.status().account!.capital).toBe("10000");
    // a settlement that old triggers no entry
    expect(second.control.decisions({limit: 2_000}).filter(({kind, ts}) => kind === "opened" && ts > after(2))).toEqual(
      []
    );
  });

  it("journal alone replays to the same state and decisions", async () => {
    const dir = tmp();
    const rig = await rigOf(dir, {
      script: [end(30)],
      strategy: {leverage: "5", spotFeeIn: "base", strategy: "composite", entry: "0.1", exit: "0.05"}
    });
    await rig.loop.run();
    expect(count(rig, "opened")).toBeGreaterThan(0);
    const journal = `${dir}/journal/paper`;
    const lines = allLines(journal);
    const {options} = rig.loop;
    const recorder = new Recorder(undefined, lines, {audit: true});
    const trader = new Trader({
      recorder,
      venue: new PaperVenue(options.strategy),
      config: options.strategy,
      venueName: "sim",
      barMs: HOUR_MS
    });
    await trader.recover();
    expect(snapshotOf(trader)).toEqual(snapshotOf(rig.loop.trader));
    expect(await auditJournal(journal)).toMatchObject({
      lines: lines.length,
      trades: rig.control.trades({limit: 1_000}).length,
      torn: null
    });
    await expect(auditJournal(`${dir}/nowhere`)).rejects.toThrow("missing journal");
  });
});

describe("operator commands", () => {
  it("paused loop enters nothing and still books funding; resumed, it enters", async () => {
    const rig = await rigOf(tmp(), {
      script: [
        {atTs: after(1), act: (own) => own.control.pause("lunch")},
        {atTs: after(9), act: (own) => own.control.resume()},
        end(17)
      ],
      // exits and enters at every settlement
      strategy: {maxHedges: "5", minRate: "0.00001", exitRate: "0.00001"}
    });
    await rig.loop.run();
    const own = rig.control.decisions({limit: 2_000});
    expect(own.filter(({kind, ts}) => kind === "settled" && ts === after(8)).length).toBeGreaterThan(0);
    expect(own.filter(({kind, ts}) => kind === "opened" && ts > after(1) && ts < after(9))).toEqual([]);
    for (const {reason} of own.filter(({kind, ts}) => kind === "gated" && ts > after(1) && ts < after(9)))
      expect(reason).toBe("paused: lunch");
  });

  it("setting applies from the next decision; a contradictory one changes nothing", async () => {
    let refused: unknown;
    const rig = await rigOf(tmp(), {
      script: [
        {
          atTs: SETTLEMENT - 20 * MINUTE_MS,
          act: async (own) => {
            await own.control.configure({maxPositionUsd: "300", maxHedges: 1});
            refused = await own.control.configure({exitRate: "0.5"}).catch((error: Error) => error.message);
          }
        },
        end(1)
      ]
    });
    await rig.loop.run();
    expect(refused).toMatch(/^invalid exitRate: 0\.5 is above minRate/);
    expect(rig.control.config().settings).toMatchObject({maxPositionUsd: "300", maxHedges: 1, exitRate: "0.00002"});
    const [position, ...more] = rig.control.positions();
    expect(more).toEqual([]);
    expect(Number(position!.notional)).toBeLessThanOrEqual(300);
    expect(Number(position!.notional)).toBeGreaterThan(200);
  });

  it("stop with close exits every hedge before the process ends", async () => {
    const dir = tmp();
    let openAtAnswer: number | undefined;
    const rig = await rigOf(dir, {
      script: [
        {
          atTs: after(1),
          act: (own) => {
            expect(own.loop.trader.open.length).toBeGreaterThan(0);
            // as in the process: the loop's end comes after the reply
            void own.control.stop("close").then(() => {
              openAtAnswer = own.loop.trader.open.length;
              own.stop.abort(new Error("the engine stops"));
            });
          }
        }
      ]
    });
    await rig.loop.run();
    expect(rig.control.positions()).toEqual([]);
    await expect.poll(() => openAtAnswer).toBe(0);
    const trades = rig.control.trades({limit: 10});
    expect(trades.length).toBeGreaterThan(0);
    for (const {exitReason, decidedBy} of trades) {
      expect(exitReason).toBe("risk");
      expect(decidedBy.exit!.numbers["rule"]).toBe("stop");
    }
    expect(allLines(`${dir}/journal/paper`).at(-1)!.event.type).toBe("stopped");
  });
});

describe("emergency stop", () => {
  it("emergency stop closes everything, halts, and stays halted after a restart until resumed", async () => {
    const dir = tmp();
    let report: unknown;
    const rig = await rigOf(dir, {
      script: [{atTs: after(1), act: async (own) => void (report = await own.control.emergencyStop("api"))}, end(9)]
    });
    await rig.loop.run();
    expect(report).toMatchObject({done: true, left: []});
    expect(rig.control.positions()).toEqual([]);
    for (const {exitReason} of rig.control.trades({limit: 10})) expect(exitReason).toBe("emergency");
    // nothing is entered at the following settlement
    expect(rig.control.decisions({limit: 2_000}).filter(({kind, ts}) => kind === "opened" && ts > after(1))).toEqual(
      []
    );
    const again = await rigOf(dir, {
      clock: rig.clock,
      sim: rig.sim,
      script: [
        {
          atTs: after(10),
          act: async (own) => {
            expect(own.control.status()).toMatchObject({state: "halted", emergency: {done: true}});
            await own.control.resume();
            expect(own.control.status()).toMatchObject({state: "running", emergency: null});
          }
        },
        end(11)
      ]
    });
    await again.loop.run();
  });

  it("with the venue down it lists what is left, keeps retrying, and cannot be resumed before it is done", async () => {
    let report: {left: string[]} | undefined;
    let refused: unknown;
    const rig = await rigOf(tmp(), {
      script: [
        {
          atTs: after(1),
          act: async (own) => {
            // prices an hour old are unusable
            await own.post("/sim/faults", {rate: 1, kinds: ["500"], inARow: 1_000_000});
            own.loop.context.scannedTs -= 2 * HOUR_MS;
            own.loop.quotes = new Map();
            report = await own.control.emergencyStop("signal");
            refused = await own.control.resume().catch((error: Error) => error.message);
            expect(own.control.status()).toMatchObject({state: "halted", emergency: {done: false, left: report.left}});
          }
        },
        {atTs: after(1.5), act: (own) => own.post("/sim/faults", null)},
        end(2.5)
      ]
    });
    await rig.loop.run();
    expect(report!.left.length).toBeGreaterThan(0);
    expect(refused).toMatch(/^cannot resume: .* could not be left yet$/);
    expect(rig.control.positions()).toEqual([]);
    expect(rig.control.status().emergency).toMatchObject({done: true});
  });

  it("full disk does not prevent it; events are written once there is space", async () => {
    const dir = tmp();
    let full = false;
    const rig = await rigOf(dir, {
      options: {
        disk: {
          ...REAL_DISK,
          write: (fd, line) => {
            if (full) throw Object.assign(new Error("no space left on device"), {code: "ENOSPC"});
            REAL_DISK.write(fd, line);
          }
        }
      },
      script: [
        {
          atTs: after(1),
          act: async (own) => {
            full = true;
            expect(await own.control.emergencyStop("api")).toMatchObject({done: true});
            await expect(own.control.resume()).rejects.toThrow("cannot resume: the journal cannot be written");
          }
        },
        {atTs: after(3), act: () => void (full = false)},
        end(5)
      ]
    });
    await rig.loop.run();
    expect(rig.control.positions()).toEqual([]);
    const again = await rigOf(dir, {clock: rig.clock, sim: rig.sim});
    expect(again.control.positions()).toEqual([]);
    expect(again.control.trades({limit: 9}).map(({id}) => id)).toEqual(
      rig.control.trades({limit: 9}).map(({id}) => id)
    );
  });

  it("settlement known only after the exit is paid to the trade open at its time", async () => {
    const rig = await rigOf(tmp(), {
      script: [
        {
          atTs: after(7.9),
          act: (own) =>
            own.post("/sim/faults", {rate: 1, kinds: ["500"], inARow: 1_000_000, path: "/v5/market/funding"})
        },
        {
          atTs: after(8) + MINUTE_MS / 30,
          act: async (own) => {
            await own.control.emergencyStop("api");
            await own.post("/sim/faults", null);
          }
        },
        end(9)
      ]
    });
    await rig.loop.run();
    const trades = rig.control.trades({limit: 10});
    expect(trades.length).toBeGreaterThan(0);
    for (const {exitTs, settlements, payments, funding} of trades) {
      expect(exitTs).toBeGreaterThan(after(8));
      expect(settlements.map(({ts}) => ts)).toContain(after(8));
      expect(payments).toBe(settlements.length);
      expect(text(settlements.reduce((sum, {amount}) => sum.plus(amount), new Decimal(0)))).toBe(funding);
    }
    expect(rig.loop.context.disagreement).toBeUndefined();
    const net = trades.reduce((sum, trade) => sum.plus(trade.net), new Decimal(0));
    expect(rig.control.status().account!.realised).toBe(text(net));
  });
});

describe("faulty venue", () => {
  it("loop survives an hour without replies, reports it, and books the settlements in between", async () => {
    const rig = await rigOf(tmp(), {
      script: [
        {atTs: after(7.6), act: (own) => own.post("/sim/faults", {rate: 1, kinds: ["500"], inARow: 1_000_000})},
        {
          atTs: after(8.5),
          act: async (own) => {
            expect(own.loop.cycles.steps.find(({name}) => name === "scan")!.error).not.toBeNull();
            expect(own.control.risk().rules.find(({name}) => name === "stale-data")!.level).toBe("alert");
            await own.post("/sim/faults", null);
          }
        },
        end(9.5)
      ]
    });
    await rig.loop.run();
    const settled = rig.control.decisions({limit: 2_000}).filter(({kind, ts}) => kind === "settled" && ts === after(8));
    expect(settled.length).toBeGreaterThan(0);
    expect(rig.loop.cycles.steps.every(({error}) => error === null)).toBe(true);
  });

  it("loop enters nothing while the clock is skewed", async () => {
    const rig = await rigOf(tmp(), {
      script: [{atTs: SETTLEMENT - 20 * MINUTE_MS, act: (own) => own.post("/sim/clock", {stepMs: 9_000})}, end(1)]
    });
    await rig.loop.run();
    expect(count(rig, "opened")).toBe(0);
    expect(count(rig, "gated")).toBeGreaterThan(0);
    for (const {kind, reason} of rig.control.decisions({limit: 99}))
      if (kind === "gated") expect(reason).toMatch(/^clock-skew: this clock is 9\.0 s off/);
  });

  it("loop does not trade while ledger and venue disagree", async () => {
    const rig = await rigOf(tmp(), {
      script: [
        {atTs: after(1), act: (own) => own.loop.trader.venue.paid("BTC/USDT", new Decimal("0.01"))},
        {
          atTs: after(2),
          act: async (own) => {
            expect(own.control.status()).toMatchObject({state: "halted"});
            expect(own.control.status().why).toMatch(/the books do not agree: cash: the ledger has changed it by/);
            await expect(own.control.resume()).rejects.toThrow("cannot resume: the books do not agree");
          }
        },
        end(9)
      ]
    });
    await rig.loop.run();
    const late = rig.control.decisions({limit: 2_000}).filter(({ts}) => ts > after(2));
    expect(late.filter(({kind}) => kind === "opened" || kind === "closed")).toEqual([]);
    expect(late.filter(({kind}) => kind === "settled").length).toBeGreaterThan(0);
  });
});
