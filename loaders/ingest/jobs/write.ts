import {difference, normalise, type Span} from "../../../src/lib/market/coverage.js";
import {boundaryTs, floorTo, MINUTE_MS} from "../../../src/lib/time/grid.js";
import type {Job} from "../../../src/lib/wire/job.js";
import type {Rejected, Stretch} from "../../exchange/types.js";
import type {MarketRow, Revision} from "../../rows.js";
import {storedKey, type Database} from "../../store/database.js";
import {saveJob} from "../../store/jobs.js";
import {stepOf, type SeriesKey} from "../../store/key.js";
import {noteDoubts, noteRevisions, revisionsOf, type Doubt} from "../../store/remarks.js";
import {Stage} from "../../store/stage.js";
import {writeStage} from "../../store/write.js";

/** An answered span with its rows, and what the venue gave otherwise or unreadably. */
interface Answered {
  proven: Span;
  rows: readonly MarketRow[];
  rejected?: readonly Rejected[];
  revised?: readonly Revision[];
}

/** Merges adjacent stretches into one write each. */
export function contiguous(stretches: readonly Stretch<MarketRow>[]): Answered[] {
  return normalise(stretches.map((s) => s.proven)).map((proven) => {
    const own = stretches
      .filter((s) => s.proven.from >= proven.from && s.proven.to <= proven.to)
      .sort((a, b) => a.proven.from - b.proven.from);
    return {
      proven,
      rows: own.flatMap((s) => s.rows),
      rejected: own.flatMap((s) => s.rejected),
      revised: own.flatMap((s) => s.revised ?? [])
    };
  });
}

/**
 * Writes an answered span and the job's figures, each proven piece in one transaction. The instant of a rejected row is
 * in doubt: it is recorded, proves nothing, and splits the span.
 * @returns rows added, changed or deleted
 */
export async function write(
  db: Database,
  key: SeriesKey,
  {proven, rows, rejected = [], revised = []}: Answered,
  origin: string,
  job: Job
): Promise<number> {
  const stored = await storedKey(db, key);
  const doubts = doubtsIn(key, {proven, rows, rejected});
  await noteDoubts(db, stored, proven, doubts);
  await noteRevisions(db, stored, revised);
  const pieces = difference([proven], doubts);
  if (pieces.length === 0) await saveJob(db, job);
  let sum = 0;
  for (const piece of pieces) {
    const stage = await Stage.open(db, key);
    for (const row of rows) if (row.tsMs >= piece.from && row.tsMs < piece.to) stage.add(row);
    stage.seal();
    await noteRevisions(db, stored, await revisionsOf(db, stage));
    const {changed} = await writeStage(db, stage, {
      proven: piece,
      mode: "range",
      origin,
      also: () => saveJob(db, job)
    });
    sum += changed;
  }
  return sum;
}

/** Half the width of a settlement's place, in ms: its stamp may be as far from its boundary. */
const HALF_MS = MINUTE_MS / 2;

/** Returns the stretches that rejected rows leave in doubt: those without a valid row, inside the span, ascending. */
function doubtsIn(key: SeriesKey, {proven, rows, rejected}: Answered & {rejected: readonly Rejected[]}): Doubt[] {
  if (rejected.length === 0) return [];
  const step = stepOf(key);
  const placeOf = (ts: number) => (step === undefined ? boundaryTs(ts) : floorTo(ts, step));
  const present = new Set(rows.map(({tsMs}) => placeOf(tsMs)));
  const doubts = new Map<number, Doubt>();
  for (const {tsMs, reason} of rejected) {
    if (tsMs === undefined || tsMs < proven.from || tsMs >= proven.to || present.has(placeOf(tsMs))) continue;
    const place = placeOf(tsMs);
    const [from, to] = step === undefined ? [place - HALF_MS, place + HALF_MS] : [place, place + step];
    doubts.set(place, {from, to, reason});
  }
  return [...doubts.values()].sort((a, b) => a.from - b.from);
}
