import {historiesOf} from "../../../loaders/ingest/universe.js";
import {DataError} from "../../../loaders/errors.js";
import {newestInstruments} from "../../../loaders/store/instruments.js";
import {readTracked, track, untrack} from "../../../loaders/store/tracked.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {formatDay} from "../../../src/lib/time/instant.js";
import {count} from "../output.js";
import {readCount, readPairs, readSeries, requireListed, type SeriesFlags} from "../ingest.js";
import type {Define} from "../main.js";

interface Flags extends SeriesFlags {
  venue?: string;
  days?: string;
}

/** The venue a pair is tracked on when none is named: the only one there is, else Bybit; the demo's is simulated. */
const venueOf = (flags: Flags, demo: boolean, known: readonly string[]): string =>
  flags.venue ?? (known.length === 1 ? known[0]! : demo ? "sim" : "bybit");

export function trackCommands(define: Define): void {
  define("track", "put pairs on the list of scheduled updates; without pairs, show the list", (command, run) =>
    command
      .argument("[pairs...]", "e.g. BTC/USDT")
      .option("--venue <venue>", "ccxt id (default: the one there is, else bybit)")
      .option("--series <series>", "of funding, spot, perp, mark, index (default: funding,spot,perp,mark)")
      .option("--timeframe <timeframes>", "of 1m 5m 15m 1h 4h 8h 1d (default: 1h)")
      .option("--days <n>", "how far back it is wanted (default: 365)")
      .action((names: string[], flags: Flags) =>
        run(async ({openStore, output, now, demo}) => {
          const pairs = readPairs(names);
          const wanted = readSeries(flags);
          const days = readCount("days", flags.days ?? "365", {most: 3_650});
          const db = await openStore();
          try {
            const before = await readTracked(db);
            const venue = venueOf(flags, demo, [...new Set(before.map((t) => t.venue))]);
            const instruments = await newestInstruments(db, venue);
            // Before the first list of a venue's markets nobody can tell; the update says it then.
            if (instruments.length > 0) requireListed(venue, instruments, pairs);
            const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
            await track(db, keys, {fromTs: now() - days * DAY_MS, chosenBy: "person"});
            const list = await readTracked(db);
            output.table(list, [
              {title: "venue", value: (t) => t.venue},
              {title: "pair", value: (t) => t.pair},
              {title: "series", value: (t) => `${t.series} ${t.timeframe}`.trim()},
              {title: "wanted from", value: (t) => formatDay(t.fromTs)},
              {title: "chosen by", value: (t) => (t.chosenBy === "top" ? "turnover" : "a person")}
            ]);
            output.note(
              pairs.length > 0
                ? `${count(list.length)} histories are tracked. Next: npx carrybook update`
                : `${count(list.length)} histories are tracked`
            );
          } finally {
            await db.close();
          }
        })
      )
  );
  define("untrack", "take pairs off the list of scheduled updates; their history stays", (command, run) =>
    command
      .argument("<pairs...>", "e.g. BTC/USDT")
      .option("--venue <venue>", "only on this venue")
      .option("--timeframe <timeframe>", "only this timeframe")
      .action((names: string[], flags: {venue?: string; timeframe?: string}) =>
        run(async ({openStore, output}) => {
          const pairs = readPairs(names);
          const db = await openStore();
          try {
            const tracked = new Set((await readTracked(db)).map((t) => t.pair));
            const unknown = pairs.find((pair) => !tracked.has(pair));
            if (unknown !== undefined) {
              throw new DataError(`missing pair: ${unknown} is not tracked`, {
                fix: "npx carrybook track shows the list"
              });
            }
            const gone = await untrack(db, pairs, flags);
            output.document(
              {untracked: gone, pairs},
              () => `${gone} histories of ${pairs.join(", ")} are tracked no more`
            );
          } finally {
            await db.close();
          }
        })
      )
  );
}
