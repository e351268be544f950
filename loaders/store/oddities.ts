import {JUMP_FACTOR} from "../../src/lib/market/oddities.js";
import {DAY_MS} from "../../src/lib/time/grid.js";
import {canonicalText} from "../../src/lib/money/decimal.js";
import {inTransaction, readMeta, rowsOf, writeMeta, type Database} from "./database.js";
import {stepOf, whereKey, type StoredKey} from "./key.js";
import type {Remark} from "../../src/lib/market/snapshot.js";
import {insertRemarks} from "./remarks.js";

/** The series whose rows are prices, of which a factor of ten can be said. */
const PRICES: readonly string[] = ["spot", "perp", "mark", "index"];

type Oddity = Pick<Remark, "kind" | "ts" | "toTs" | "was" | "now">;

/** Looks once at what an earlier version stored without looking; a store of today has nothing to look at. */
export async function findOddities(db: Database): Promise<void> {
  if ((await readMeta(db, "oddities")) !== undefined) return;
  await inTransaction(db.connection, async () => {
    for (const key of db.keys.values())
      if (PRICES.includes(key.series)) await refreshOddities(db, key, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    await writeMeta(db, "oddities", "1");
  });
}

/**
 * Recomputes what no market makes around a written span of candles (§9.8): a price that changes by a factor of ten or
 * more within a bar or between two, and a day or longer without volume. The cost depends on the span written and the
 * stretches that touch it, not on the history's length. The rules are those of `jumpsOf` and `idleStretches`.
 */
export async function refreshOddities(db: Database, key: StoredKey, minTs: number, maxTs: number): Promise<void> {
  if (!PRICES.includes(key.series)) return;
  const where = whereKey(key);
  const after = (await neighbour(db, where, minTs, "before")) ?? Number.MIN_SAFE_INTEGER;
  const to = (await neighbour(db, where, maxTs, "after")) ?? Number.MAX_SAFE_INTEGER;
  const window = `${where} and ts between ${after} and ${to}`;
  const found = [...(await jumpsIn(db, window)), ...(await idleIn(db, window, stepOf(key)!))];
  await replaceOddities(
    db,
    key,
    {after, to},
    found.filter(({ts}) => ts > after)
  );
}

/**
 * Returns the row beside a span that bounds what the span can change: the next one, or behind a stretch without volume
 * the first one with it; undefined where there is none.
 */
async function neighbour(
  db: Database,
  where: string,
  ts: number,
  side: "before" | "after"
): Promise<number | undefined> {
  const [edge, beyond] = side === "before" ? ["max", "<"] : ["min", ">"];
  const rows = `candles where ${where} and ts ${beyond} ${ts}`;
  const [next] = await rowsOf<{ts: number | null; idle: boolean | null}>(
    db.connection,
    `select ts, volume = 0 as idle from candles where ${where} and ts = (select ${edge}(ts) from ${rows})`
  );
  if (next?.idle !== true) return next?.ts ?? undefined;
  const [busy] = await rowsOf<{ts: number | null}>(
    db.connection,
    `select ${edge}(ts) as ts from ${rows} and volume is distinct from 0`
  );
  return busy!.ts ?? undefined;
}

/** Returns the bars whose price is another than before by a factor that no market makes, with both prices. */
async function jumpsIn(db: Database, window: string): Promise<Oddity[]> {
  // A day whose prices span less than the factor, together with the day before, needs no look at its bars.
  const suspects = await rowsOf<{before: number; day: number}>(
    db.connection,
    `select coalesce(before, day) as before, day from (
       select day, lag(day) over w as before, least(low, lag(low) over w)::double as low,
              greatest(high, lag(high) over w)::double as high
       from (select ts // ${DAY_MS} as day, min(least(open, close)) as low, max(greatest(open, close)) as high
             from candles where ${window} group by 1)
       window w as (order by day))
     where high >= low * ${JUMP_FACTOR * 0.999} order by day`
  );
  const isJump = (ratio: string) => `(${ratio} >= ${JUMP_FACTOR} or ${ratio} <= ${1 / JUMP_FACTOR})`;
  const between = isJump("first::double / before::double");
  const found: Oddity[] = [];
  for (const {before, day} of suspects) {
    const rows = await rowsOf<{ts: number; was: string; now: string}>(
      db.connection,
      `select ts, (case when ${between} then before else first end)::varchar as was,
              (case when ${between} then first else close end)::varchar as now
       from (select ts, close, coalesce(open, close) as first, lag(close) over (order by ts) as before
             from candles where ${window} and ts >= ${before * DAY_MS} and ts < ${(day + 1) * DAY_MS})
       where ts >= ${day * DAY_MS} and (${between} or ${isJump("close::double / first::double")}) order by ts`
    );
    for (const {ts, was, now} of rows)
      found.push({kind: "jump", ts, toTs: null, was: canonicalText(was), now: canonicalText(now)});
  }
  return found;
}

/** Returns the stretches of a day or longer without volume. */
async function idleIn(db: Database, window: string, step: number): Promise<Oddity[]> {
  const rows = await rowsOf<{ts: number; toTs: number}>(
    db.connection,
    `select min(ts) as ts, max(ts) + ${step} as "toTs" from (
       select ts, ts - ${step} * row_number() over (order by ts) as island
       from candles where ${window} and volume = 0)
     group by island having max(ts) + ${step} - min(ts) >= ${DAY_MS} order by 1`
  );
  return rows.map(({ts, toTs}) => ({kind: "idle", ts, toTs, was: null, now: null}));
}

/** Replaces the oddities that begin in `(after, to]`; one that was known keeps the time of its discovery. */
async function replaceOddities(
  db: Database,
  key: StoredKey,
  {after, to}: {after: number; to: number},
  found: readonly Oddity[]
): Promise<void> {
  const where = `${whereKey(key)} and kind in ('jump', 'idle') and ts > ${after} and ts <= ${to}`;
  const before = await rowsOf<{kind: string; ts: number; foundTs: number}>(
    db.connection,
    `select kind, ts, found_ts as "foundTs" from remarks where ${where}`
  );
  if (before.length === 0 && found.length === 0) return;
  const known = new Map(before.map(({kind, ts, foundTs}) => [`${kind} ${ts}`, foundTs]));
  await inTransaction(db.connection, async () => {
    await db.connection.run(`delete from remarks where ${where}`);
    await insertRemarks(
      db,
      key,
      found.map((oddity) => ({
        ...oddity,
        reason: null,
        foundTs: known.get(`${oddity.kind} ${oddity.ts}`) ?? db.now()
      }))
    );
  });
}
