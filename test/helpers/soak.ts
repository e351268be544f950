/**
 * Trades on paper for simulated days in one process, with the venue in another, on one injected clock. Prints a line
 * per day: argv is DIR DAYS PAIRS INTERVAL_MS.
 */
import type {SteeredSim} from "../../engine/simulator/api/server.js";
import {fork} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import {PaperVenue} from "../../engine/execution/paper.js";
import {Recorder} from "../../engine/journal/recorder.js";
import {snapshotOf} from "../../engine/trader/snapshot.js";
import {Trader} from "../../engine/trader/trader.js";
import {DAY_MS} from "../../src/lib/time/grid.js";
import {topPairs} from "../../loaders/ingest/universe.js";
import type {ListedInstrument} from "../../loaders/store/instruments.js";
import {virtualClock} from "./clock.js";
import {allLines} from "./journal.js";
import {LOOP_NOW, loopRig} from "./loop.js";

const [dir, days, pairs, intervalMs] = process.argv.slice(2) as [string, string, string, string];
const child = fork(join(import.meta.dirname, "sim-process.ts"), [String(LOOP_NOW)], {execArgv: ["--import", "tsx"]});
const [{url}] = (await once(child, "message")) as [{url: string}];
const inner = virtualClock(LOOP_NOW);
const clock = {
  ...inner,
  sleep: async (ms: number, signal?: AbortSignal) => {
    await inner.sleep(ms, signal);
    const moved = once(child, "message");
    child.send(inner.monotonic());
    await moved;
  }
};
// only the address of the venue's process is used here
const sim: SteeredSim = {
  url,
  now: inner.now,
  close: async () => void child.kill(),
  get steer(): never {
    throw new Error("the venue runs in another process");
  }
};
const {exchange} = await loopRig(join(dir, "list"), {clock, sim});
const [listed, tickers] = await Promise.all([exchange.instruments(), exchange.tickers("perp")]);
const turnovers = new Map(tickers.map(({pair, turnover24h}) => [pair, turnover24h]));
const instruments = listed.map((own): ListedInstrument => ({
  ...own,
  venue: "sim",
  dayTs: LOOP_NOW,
  turnover24h: turnovers.get(own.pair)
}));
const chosen = topPairs(instruments, Number(pairs));
const untilTs = LOOP_NOW + Number(days) * DAY_MS;
const script = Array.from({length: Number(days)}, (_, i) => ({
  atTs: LOOP_NOW + (i + 1) * DAY_MS,
  act: async (own: Awaited<ReturnType<typeof loopRig>>) => {
    own.emitted.length = 0;
    global.gc!();
    global.gc!();
    const {rss, heapUsed} = process.memoryUsage();
    console.log(
      JSON.stringify({
        day: i + 1,
        rss,
        heapUsed,
        cycles: own.loop.cycles.count,
        trades: own.loop.memory.trades.length,
        open: own.loop.trader.open.length,
        journal: own.loop.journal.seq,
        failed: own.loop.cycles.steps.filter(({error}) => error !== null).map(({name, error}) => `${name}: ${error}`),
        disagreement: own.loop.context.disagreement ?? null
      })
    );
    if (own.clock.now() >= untilTs) await own.control.stop("keep");
  }
}));
const rig = await loopRig(join(dir, "run"), {
  clock,
  sim,
  script,
  strategy: {maxHedges: "20", portfolioCapUsd: "20000", capital: "100000", minRate: "0.00012", exitRate: "0.00008"},
  options: {
    pairs: chosen,
    emit: () => undefined,
    notify: () => undefined,
    settings: {
      minRate: "0.00012",
      exitRate: "0.00008",
      maxPositionUsd: "1000",
      portfolioCapUsd: "20000",
      maxHedges: 20,
      minTurnover24h: "1000000",
      intervalMs: Number(intervalMs)
    }
  }
});
console.log(JSON.stringify({pairs: chosen.length}));
await rig.loop.run();
child.kill();
// Replays the whole run from its journal: repeats every decision and compares every snapshot.
const {options, gate, trader} = rig.loop;
const recorder = new Recorder(undefined, allLines(options.journalDir), {audit: true});
const again = new Trader({
  recorder,
  venue: new PaperVenue(options.strategy),
  config: options.strategy,
  venueName: options.venueName,
  barMs: rig.loop.feed.barMs,
  gate
});
await again.recover();
console.log(JSON.stringify({audit: JSON.stringify(snapshotOf(again)) === JSON.stringify(snapshotOf(trader))}));
