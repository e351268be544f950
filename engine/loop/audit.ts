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

/** Result of a journal audit; times in UTC ms. */
interface Audit {
  lines: number;
  /** decisions recomputed with the same result */
  decisions: number;
  trades: number;
  snapshots: number;
  from: number;
  to: number;
  /** description of a truncated last line; null without one */
  torn: string | null;
}

/**
 * Replays a whole journal from its inputs: verifies every line, recomputes every decision and compares every snapshot
 * with the state. On paper, also reconciles the final ledger with the venue.
 * @throws DataError for a journal that is empty, damaged, or not reproduced by this version
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
  // a real venue's holdings are not journalled; the engine reconciles them at every cycle
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
