import {historiesOf, selectTop} from "../../../loaders/ingest/universe.js";
import {repairPlan} from "../../../loaders/ingest/repair-plan.js";
import {readMeta} from "../../../loaders/store/database.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {embedded, keepUrl} from "../../data/venue.js";
import {createContext, type CommonFlags} from "../context.js";
import {readyVenue} from "../../data/plan.js";
import {readCount, readSeries} from "../../data/request.js";
import {runBatches, withIngest} from "../ingest.js";
import type {Define} from "../define.js";

interface Flags extends CommonFlags {
  pairs: string;
  days: string;
  seed: string;
}

/** Venue name of simulated data. */
const VENUE = "sim";

export function demoCommand(define: Define): void {
  define("demo", "fill <data>/demo from the simulated venue, with the client and jobs of a real one", (command, run) =>
    command
      .option("--pairs <n>", "number of pairs, by turnover", "20")
      .option("--days <n>", "days of history", "365")
      .option("--seed <n>", "seed of the simulated market", "7")
      .addHelpText(
        "after",
        `
The demo data is simulated, and every page is labelled accordingly. It is stored separately from real data. Every command
acts on it with --demo. Pages show it only while there is no real data.`
      )
      .action((flags: Flags) =>
        run((given) => {
          const pairs = readCount("pairs", flags.pairs, {most: 40});
          const days = readCount("days", flags.days, {most: 2_000});
          const seed = readCount("seed", flags.seed, {most: 0xffffffff});
          const context = given.demo ? given : createContext({...flags, demo: true}, given.invocation);
          return withIngest(context, async (ingest) => {
            const {db, service} = ingest;
            const {output} = context;
            const url = embedded(seed);
            const before = await db.exclusive(() => readMeta(db, `url:${VENUE}`));
            if (before && before !== url) {
              output.note(
                `the demo already holds the market ${before} and continues with it (delete ${context.dataDir} for another)`,
                "warn"
              );
            } else await db.exclusive(() => keepUrl(db, {venue: VENUE, url}));
            const {venueMs, instruments} = await readyVenue(ingest, VENUE);
            const wanted = readSeries({});
            const chosen = await db.exclusive(() =>
              selectTop(db, VENUE, instruments, {top: pairs, days, ...wanted}, venueMs)
            );
            const keys = chosen.pairs.flatMap((pair) => historiesOf(VENUE, pair, wanted, instruments));
            const span = {from: venueMs - days * DAY_MS, to: venueMs};
            const batch = await service.submit({
              kind: "backfill",
              venue: VENUE,
              histories: keys.map((key) => ({key, wanted: span}))
            });
            const code = await fill(ingest, batch);
            if (code === 0) output.note("the demo is ready: simulated data, not a market. Next: npm run dev");
            return code;
          });
        })
      )
  );
}

/** Runs the backfill, then repairs the holes it found: the simulated venue has outages too. */
async function fill(
  ingest: Parameters<typeof runBatches>[0],
  batch: Parameters<typeof runBatches>[1][number]
): Promise<number> {
  const {db, service, context} = ingest;
  await service.run({batches: [batch.id], signal: context.signal});
  const repairs = [];
  if (!context.signal.aborted)
    for (const request of await db.exclusive(() => repairPlan(db))) repairs.push(await service.submit(request));
  return runBatches(ingest, [batch, ...repairs]);
}
