import {appendFileSync} from "node:fs";
import {replayHistory} from "./replay-history.js";
import {Journal, journalFiles, readJournal, REAL_DISK, type JournalDisk} from "../../engine/journal/journal.js";
import type {TradingEvent} from "../../engine/journal/events.js";
import type {JournalLine} from "../../engine/journal/line.js";
import {Recorder} from "../../engine/journal/recorder.js";
import type {Trader} from "../../engine/trader/trader.js";
import type {MarketData} from "../../src/lib/market/marketdata.js";
import {parseConfig, type StrategyConfig} from "../../src/lib/strategy/config.js";
import {planMarket, type MarketPlan} from "./market.js";

/** A stressful history, and rules under which it enters, exits, waits and is liquidated. */
const plan: MarketPlan = {
  seed: 4,
  bars: 220,
  timeframe: "1h",
  intervals: [8, 1, 4],
  holes: 0.02,
  volatility: 0.03,
  mark: true,
  pair: "MADE/USDT",
  delay: 0
};
export const markets = [planMarket(plan), planMarket({...plan, seed: 9, pair: "ALSO/USDT", delay: 11})];
export const config = parseConfig({
  minRate: "0.00012",
  exitRate: "0.0001",
  expectedHoldPeriods: "60",
  leverage: "3",
  decisionDelayBars: "1",
  spotFeeIn: "base"
});
/** Simulates the crash of a process within the test process. */
export class Crash extends Error {}

/** Point of a crash in the writing of a line: before, in the middle, after. */
export type CrashAt = "before" | "within" | "after";

/** A disk on which the process crashes at its `n`-th line. */
function crashingDisk(n: number, at: CrashAt, onDeath: (partial: string) => void = () => undefined): JournalDisk {
  let lines = 0;
  return {
    ...REAL_DISK,
    write: (fd, text) => {
      if (++lines !== n) return REAL_DISK.write(fd, text);
      if (at === "after") REAL_DISK.write(fd, text);
      if (at === "within") onDeath(text.slice(0, Math.floor(text.length / 2)));
      throw new Crash(`line ${n}`);
    }
  };
}

/** Runs a history through the engine with a journal, resuming from its content. */
export async function runJournalled(
  dir: string,
  markets: readonly MarketData[],
  config: StrategyConfig,
  disk?: JournalDisk
): Promise<Trader> {
  const journal = new Journal(dir, disk ? {disk} : {});
  try {
    return await replayHistory(markets, config, {recorder: new Recorder(journal, journal.opened.recent)});
  } finally {
    journal.close();
  }
}

/**
 * Runs a history until it crashes, leaving what the disk would hold.
 * @returns false when the run ended before the crash
 */
export async function runIntoCrash(
  dir: string,
  markets: readonly MarketData[],
  config: StrategyConfig,
  {n, at}: {n: number; at: CrashAt}
): Promise<boolean> {
  let partial = "";
  let kept: string | undefined;
  const disk = crashingDisk(n, at, (text) => (partial = text));
  try {
    await runJournalled(dir, markets, config, {
      ...disk,
      write: (fd, text) => {
        if (at === "after") kept = text;
        disk.write(fd, text);
        kept = undefined;
      }
    });
    return false;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  // A crashed process does not clean up, as the journal does after an error.
  const newest = journalFiles(dir).at(-1);
  if (newest !== undefined) appendFileSync(newest, kept ?? partial);
  return true;
}

/** Returns every line of a journal. */
export function allLines(dir: string): JournalLine<TradingEvent>[] {
  const lines: JournalLine<TradingEvent>[] = [];
  readJournal(dir, (line) => void lines.push(line as JournalLine<TradingEvent>));
  return lines;
}

type EventOf<T, E extends TradingEvent = TradingEvent> = E extends TradingEvent
  ? T extends E["type"]
    ? E
    : never
  : never;

/** Returns the events of a type in a journal, oldest first. */
export const eventsOf = <T extends TradingEvent["type"]>(dir: string, type: T): EventOf<T>[] =>
  allLines(dir).flatMap(({event}) => (isOf(event, type) ? [event] : []));

const isOf = <T extends TradingEvent["type"]>(event: TradingEvent, type: T): event is EventOf<T> => event.type === type;
