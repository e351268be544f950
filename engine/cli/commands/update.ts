import {readSelection, selectionDue, selectTop, trackedVenues} from "../../../loaders/ingest/universe.js";
import {DataError} from "../../../loaders/errors.js";
import type {Job} from "../../../loaders/ingest/job.js";
import {readTracked} from "../../../loaders/store/tracked.js";
import {readyVenue, runBatches, withIngest, type Ingest} from "../ingest.js";
import type {Define} from "../main.js";

export function updateCommand(define: Define): void {
  define(
    "update",
    "append what is new for every tracked history; choose the top pairs anew when a week has passed",
    (command, run) =>
      command.action(() =>
        run((context) =>
          withIngest(context, async (ingest) => {
            const {
              db,
              context: {output}
            } = ingest;
            const venues = await db.exclusive(() => trackedVenues(db));
            if (venues.length === 0) {
              throw new DataError("missing pairs: nothing is tracked", {
                fix: "npx carrybook backfill --top 20, or npx carrybook track BTC/USDT"
              });
            }
            const batches: Job[] = [];
            for (const venue of venues) batches.push(await planUpdate(ingest, venue));
            const code = await runBatches(ingest, batches);
            if (code === 0) output.note("Next: npx carrybook gaps, npx carrybook status");
            return code;
          })
        )
      )
  );
}

/** Queues the update of one venue: its clock, its list of markets, the weekly choice, then every tracked history. */
async function planUpdate(ingest: Ingest, venue: string): Promise<Job> {
  const {
    db,
    service,
    context: {output}
  } = ingest;
  const {venueMs, instruments} = await readyVenue(ingest, venue);
  const selection = await db.exclusive(() => readSelection(db, venue));
  if (selectionDue(selection, venueMs)) {
    const {added, dropped} = await db.exclusive(() => selectTop(db, venue, instruments, selection, venueMs));
    output.note(
      `top ${selection.top} pairs chosen anew: ${added.length ? `new ${added.join(", ")}` : "none new"}${dropped.length ? `, no longer ${dropped.join(", ")}` : ""}`
    );
  }
  const tracked = (await db.exclusive(() => readTracked(db))).filter((t) => t.venue === venue);
  return service.submit({
    kind: "update",
    venue,
    histories: tracked.map(({fromTs, venue: own, series, pair, timeframe}) => ({
      key: {venue: own, series, pair, timeframe},
      wanted: {from: fromTs, to: venueMs}
    }))
  });
}
