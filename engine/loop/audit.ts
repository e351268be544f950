import {DataError} from "../../loaders/errors.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {JournalledAccount} from "../execution/live/books.js";
import {PaperVenue} from "../execution/paper.js";
import {readJournal} from "../journal/journal.js";
import type {JournalLine} from "../journal/line.js";
import {Recorder} from "../journal/recorder.js";
import type {StartedEvent} from "../journal/events.js";
import {disagreement, reconcile} from "./reconcile.js";
import {Trader} from "../trader/trader.js";

/** What a journal's audit found. */
interface Audit {
  lines: number;
  /** decisions that were worked out anew and came out the same */
  decisions: number;
  trades: number;
  snapshots: number;
  from: number;
  to: number;
  /** a last line that was cut off while it was written, in words */
  torn: string | null;
}

/**
 * Replays a whole journal from its inputs alone: every line is verified, every decision worked out anew, every snapshot
 * held against the state at it, and the ledger against the venue's books at the end.
 * @throws DataError for a journal that is empty or damaged, or that this version would have written differently
 */
export async function auditJournal(dir: string): Promise<Audit> {
  const lines: JournalLine[] = [];
  const {torn} = readJournal(dir, (line) => void lines.push(line));
  const started = lines[0]?.event as StartedEvent | undefined;
  if (started?.type !== "started") {
    throw new DataError(`missing journal: ${dir}`, {fix: "the engine writes one: npx carrybook engine --mode paper"});
  }
  const live = started.mode === "live";
  const config = parseConfig(started.file.strategy);
  const trader = new Trader({
    recorder: new Recorder(undefined, lines, {audit: true}),
    venue: live ? new JournalledAccount() : new PaperVenue(config),
    config,
    venueName: started.venue,
    barMs: HOUR_MS
  });
  await trader.recover();
  // a real venue's books are not in its journal: they are compared at every cycle, by the engine
  const found = live
    ? undefined
    : disagreement(await reconcile(trader, {venueMs: trader.lastTs, pause: async () => undefined}));
  if (found !== undefined) throw new DataError(`invalid journal: the books do not agree (${found})`);
  const count = (type: string) => lines.filter(({event}) => event.type === type).length;
  return {
    lines: lines.length,
    decisions: count("decided"),
    trades: count("closed"),
    snapshots: count("snapshot"),
    from: started.ts,
    to: lines.at(-1)!.event.ts,
    torn: torn ?? null
  };
}
