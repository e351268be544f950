import {historiesOf, selectTop} from "../../../loaders/ingest/universe.js";
import {DataError, UsageError} from "../../../loaders/errors.js";
import type {ListedInstrument} from "../../../loaders/store/instruments.js";
import {track} from "../../../loaders/store/tracked.js";
import {isCandleSeries} from "../../../src/lib/market/pair.js";
import {identifyUrl, keepUrl} from "../../venue.js";
import type {Context} from "../context.js";
import {
  readCount,
  readPairs,
  readSeries,
  readSpan,
  readyVenue,
  requireListed,
  runBatches,
  withIngest,
  type Ingest,
  type SeriesFlags
} from "../ingest.js";
import type {Define} from "../main.js";

interface Flags extends SeriesFlags {
  venue?: string;
  url?: string;
  top?: string;
  pairs?: string;
  days?: string;
  from?: string;
  to?: string;
}

export function backfillCommand(define: Define): void {
  define("backfill", "fetch what is missing of a venue's history, and only that", (command, run) =>
    command
      .option("--venue <venue>", "ccxt id, e.g. bybit, binance, okx (default: bybit)")
      .option("--url <url>", "another base URL of the venue's API, e.g. a simulated venue")
      .option("--top <n>", "the N pairs with the most turnover (default: 20), chosen anew each week")
      .option("--pairs <pairs>", "e.g. BTC/USDT,ETH/USDT")
      .option("--days <n>", "how far back (default: 365)")
      .option("--from <instant>", "first instant, UTC")
      .option("--to <instant>", "end, exclusive, UTC (default: now)")
      .option("--series <series>", "of funding, spot, perp, mark, index (default: funding,spot,perp,mark)")
      .option("--timeframe <timeframes>", "of 1m 5m 15m 1h 4h 8h 1d, more than one with commas (default: 1h)")
      .addHelpText(
        "after",
        `
Examples:
  npx carrybook backfill --top 20 --days 365
  npx carrybook backfill --pairs BTC/USDT,ETH/USDT --from 2021-01-01 --timeframe 1d
  npx carrybook backfill --venue okx --pairs BTC/USDT --days 90

What it fetches is followed by \`npx carrybook update\` from then on. Interrupted, the same command goes on.`
      )
      .action((flags: Flags) => run((context) => backfill(context, flags)))
  );
}

async function backfill(given: Context, flags: Flags): Promise<number> {
  if (flags.top !== undefined && flags.pairs !== undefined) {
    throw new UsageError("invalid top: it contradicts --pairs", {fix: "give one of the two"});
  }
  const wanted = readSeries(flags);
  const top = readCount("top", flags.top ?? "20", {most: 1_000});
  const named = flags.pairs === undefined ? undefined : readPairs([flags.pairs]);
  // Nothing is asked of a venue for flags that cannot be understood.
  readSpan(flags, given.now());
  const venueName = flags.venue ?? "bybit";
  if (!/^[a-z0-9]+$/.test(venueName)) {
    throw new UsageError(`invalid venue: ${venueName}`, {fix: "give a ccxt id such as bybit, binance or okx"});
  }
  const {simulated} = flags.url === undefined ? {simulated: false} : await identifyUrl(flags.url);
  if (given.demo && !simulated) {
    throw new UsageError("invalid venue: --demo holds simulated data alone", {
      fix: "use `npx carrybook demo`, or pass the --url of a simulated venue"
    });
  }
  const venue = simulated ? "sim" : venueName;
  // What is real never enters a simulated store, nor the reverse: the store itself refuses the other kind.
  return withIngest(given.as(simulated ? "simulated" : "real"), async (ingest) => {
    const {
      db,
      service,
      context: {output}
    } = ingest;
    await db.exclusive(() => keepUrl(db, {venue, url: flags.url}));
    const {client, venueMs, instruments} = await readyVenue(ingest, venue);
    const {from, to, days} = readSpan(flags, venueMs);
    const lacking = wanted.timeframes.find((timeframe) => !client.timeframes.includes(timeframe));
    if (lacking !== undefined && wanted.series.some(isCandleSeries)) {
      throw new UsageError(`invalid timeframe: ${lacking} (${venue} does not serve it)`, {
        fix: `one or more of ${client.timeframes.join(", ")}`
      });
    }
    const pairs = named ?? (await choose(ingest, {venue, instruments, top, days, from, nowMs: venueMs, ...wanted}));
    if (named) await followNamed(ingest, {venue, instruments, pairs, from, ...wanted});
    const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
    const served = keys.filter((key) => key.series === "funding" || client.candleSeries.includes(key.series as never));
    for (const name of new Set(keys.filter((key) => !served.includes(key)).map((key) => key.series)))
      output.note(`${venue} does not serve ${name} candles; they are left out`, "warn");
    const batch = await service.submit({
      kind: "backfill",
      venue,
      histories: served.map((key) => ({key, wanted: {from, to}}))
    });
    const code = await runBatches(ingest, [batch]);
    if (code === 0) output.note("Next: npx carrybook gaps, npx carrybook update, npm run dev");
    return code;
  });
}

async function choose(
  {db, context: {output}}: Ingest,
  {
    venue,
    instruments,
    nowMs,
    from,
    ...selection
  }: Parameters<typeof selectTop>[3] & {
    venue: string;
    instruments: readonly ListedInstrument[];
    nowMs: number;
    from: number;
  }
): Promise<string[]> {
  const {pairs} = await db.exclusive(() => selectTop(db, venue, instruments, selection, nowMs, from));
  if (pairs.length === 0) {
    throw new DataError(`missing pairs: no perpetual of ${venue} has a spot market and turnover enough`, {
      fix: "name them with --pairs"
    });
  }
  output.note(`top ${pairs.length} by turnover: ${pairs.join(", ")}`);
  return pairs;
}

async function followNamed(
  {db}: Ingest,
  {
    venue,
    instruments,
    pairs,
    from,
    ...wanted
  }: {venue: string; instruments: readonly ListedInstrument[]; pairs: readonly string[]; from: number} & ReturnType<
    typeof readSeries
  >
): Promise<void> {
  requireListed(venue, instruments, pairs);
  const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
  await db.exclusive(() => track(db, keys, {fromTs: from, chosenBy: "person"}));
}
