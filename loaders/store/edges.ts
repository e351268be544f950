import {normalise, type Hole, type Span} from "../../src/lib/market/coverage.js";
import {ceilTo, floorTo, gridCount, HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {rowsOf, type Database} from "./database.js";
import {insertHoles, knownHoles} from "./findings.js";
import {lifeOf, type Life} from "./instruments.js";
import {shapeOf, stepOf, whereKey, type StoredKey} from "./key.js";

/** Delay in ms after its boundary within which a settlement may still be published. */
const GRACE_MS = 10 * MINUTE_MS;
/** Longest settlement interval of any venue, in ms: a shorter absence may be an interval switch. */
const LONGEST_MS = 8 * HOUR_MS;

/**
 * Records the holes before the first and after the last row of a history, where the venue was asked. A hole at the
 * start lies after the market's launch; one at the end, before the market's end (§8.13, 8.14). Unchanged
 * holes keep their tries.
 */
export async function refreshEdges(db: Database, key: StoredKey): Promise<void> {
  const {table, stamp} = shapeOf(key.series);
  const step = stepOf(key);
  if (key.series !== "funding" && step === undefined) return;
  const [edge] = await rowsOf<{first: number | null; last: number | null}>(
    db.connection,
    `select min(${stamp}) as first, max(${stamp}) as last from ${table} where ${whereKey(key)}`
  );
  const {first, last} = edge!;
  if (first === null || last === null) return;
  const spans = normalise(
    await rowsOf<Span>(
      db.connection,
      `select from_ts as "from", to_ts as "to" from coverage where ${whereKey(key)} and origin <> 'file'`
    )
  );
  const life = await lifeOf(db, key);
  const holes =
    step === undefined
      ? fundingEdges({first, last, spans, life}, await edgeIntervals(db, key))
      : gridEdges({first, last, spans, life}, step);
  const outside = `${whereKey(key)} and (to_ts <= ${first} or to_ts > ${last})`;
  const before = await knownHoles(db, outside);
  if (before.length === 0 && holes.length === 0) return;
  await db.connection.run(`delete from holes where ${outside}`);
  await insertHoles(db, key, holes, before);
}

interface Edge {
  first: number;
  last: number;
  /** spans requested from the venue and answered, canonical */
  spans: readonly Span[];
  life: Life;
}

/** Returns the holes at the start and the end of a series on the grid of `stepMs`. */
export function gridEdges({first, last, spans, life}: Edge, stepMs: number): Hole[] {
  const holes: Hole[] = [];
  const open = (from: number, to: number) => {
    if (to > from) holes.push({from, to, rows: gridCount(from, to, stepMs), state: "open"});
  };
  const {launchTs, endTs = Infinity} = life;
  const firstSpan = spans.find((span) => span.from <= first && span.to >= first);
  if (firstSpan && launchTs !== undefined) open(ceilTo(Math.max(firstSpan.from, launchTs), stepMs), first);
  const lastSpan = spans.find((span) => span.from <= last + stepMs && span.to > last);
  if (lastSpan) open(last + stepMs, floorTo(Math.min(lastSpan.to, endTs), stepMs));
  return holes;
}

/**
 * Returns the same for settlements, whose intervals only rows show; `hours` are those of the first and the last row.
 */
export function fundingEdges({first, last, spans, life}: Edge, hours: EdgeHours): Hole[] {
  const holes: Hole[] = [];
  const {launchTs, endTs = Infinity} = life;
  const firstSpan = spans.find((span) => span.from <= first && span.to >= first);
  if (firstSpan && launchTs !== undefined && hours.first !== undefined) {
    const from = Math.max(firstSpan.from, launchTs);
    const step = hours.first * HOUR_MS;
    if (first - from > LONGEST_MS) {
      const rows = Math.ceil((first - from) / step) - 1;
      holes.push({from: first - rows * step, to: first, rows, state: "open"});
    }
  }
  const lastSpan = spans.find((span) => span.from <= last + MINUTE_MS && span.to > last);
  if (lastSpan && hours.last !== undefined) {
    const step = hours.last * HOUR_MS;
    const to = Math.min(lastSpan.to, endTs);
    // A market's last settlement is rarely at its exact end.
    const due = endTs < lastSpan.to ? endTs - step : lastSpan.to - GRACE_MS;
    if (due - last >= Math.max(step, LONGEST_MS)) {
      holes.push({from: last + step, to, rows: Math.floor((to - 1 - last) / step), state: "open"});
    }
  }
  return holes;
}

async function edgeIntervals(db: Database, key: StoredKey): Promise<EdgeHours> {
  const [row] = await rowsOf<{first: number | null; last: number | null}>(
    db.connection,
    `select arg_min(interval_hours, ts) as first, arg_max(interval_hours, ts) as last from funding
     where ${whereKey(key)} and interval_hours is not null`
  );
  return {first: row?.first ?? undefined, last: row?.last ?? undefined};
}

interface EdgeHours {
  first: number | undefined;
  last: number | undefined;
}
