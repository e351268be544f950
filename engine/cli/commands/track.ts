import type {Database} from "../../../loaders/store/database.js";
import type {Tracked} from "../../../loaders/store/tracked.js";
import {formatDay} from "../../../src/lib/time/instant.js";
import {readCount, readPairs, readSeries, type SeriesFlags} from "../../data/request.js";
import {trackPairs, untrackPairs} from "../../data/tracking.js";
import {findEngine, type EngineClient} from "../client.js";
import type {Context} from "../context.js";
import {count} from "../output.js";
import type {Define} from "../define.js";

interface Flags extends SeriesFlags {
  venue?: string;
  days?: string;
}

export function trackCommands(define: Define): void {
  define("track", "add pairs to the scheduled updates; without pairs, list them", (command, run) =>
    command
      .argument("[pairs...]", "e.g. BTC/USDT")
      .option("--venue <venue>", "ccxt id (default: the only tracked venue, else bybit)")
      .option(
        "--series <series>",
        "any of funding, spot, perp, mark, index, premium, open-interest (default: funding,spot,perp,mark)"
      )
      .option("--timeframe <timeframes>", "any of 1m, 5m, 15m, 1h, 4h, 8h, 1d, comma-separated (default: 1h)")
      .option("--days <n>", "days of history (default: 365)")
      .action((names: string[], flags: Flags) =>
        run(async (context) => {
          const {output, now, demo} = context;
          const pairs = readPairs(names);
          const wanted = readSeries(flags);
          const days = readCount("days", flags.days ?? "365", {most: 3_650});
          const request = {pairs, venue: flags.venue, days, ...wanted};
          const list = await ofStore(context, {
            here: (db) => trackPairs(db, request, {nowMs: now(), fallback: demo ? "sim" : "bybit"}),
            there: (engine) => engine.post<Tracked[]>("/track", request)
          });
          output.table(list, [
            {title: "venue", value: (t) => t.venue},
            {title: "pair", value: (t) => t.pair},
            {title: "series", value: (t) => `${t.series} ${t.timeframe}`.trim()},
            {title: "wanted from", value: (t) => formatDay(t.fromTs)},
            {title: "chosen by", value: (t) => (t.chosenBy === "top" ? "turnover" : "name")}
          ]);
          output.note(
            pairs.length > 0
              ? `${count(list.length)} histories are tracked. Next: npx carrybook update`
              : `${count(list.length)} histories are tracked`
          );
        })
      )
  );
  define("untrack", "remove pairs from the scheduled updates; their history stays", (command, run) =>
    command
      .argument("<pairs...>", "e.g. BTC/USDT")
      .option("--venue <venue>", "only on this venue")
      .option("--timeframe <timeframe>", "only this timeframe")
      .action((names: string[], flags: {venue?: string; timeframe?: string}) =>
        run(async (context) => {
          const pairs = readPairs(names);
          const gone = await ofStore(context, {
            here: (db) => untrackPairs(db, pairs, flags),
            there: (engine) => engine.post<{untracked: number}>("/untrack", {pairs, ...flags})
          });
          context.output.document(
            {untracked: gone.untracked, pairs},
            () => `${gone.untracked} histories of ${pairs.join(", ")} are no longer tracked`
          );
        })
      )
  );
}

async function ofStore<T>(
  context: Context,
  {here, there}: {here: (db: Database) => Promise<T>; there: (engine: EngineClient) => Promise<T>}
): Promise<T> {
  const engine = findEngine(context.dataDir);
  if (engine?.info.data) return there(engine);
  const db = await context.openStore();
  try {
    return await here(db);
  } finally {
    await db.close();
  }
}
