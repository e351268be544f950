import {UsageError} from "../../../loaders/errors.js";
import {planBackfill} from "../../data/plan.js";
import {
  readCount,
  readPairs,
  readQuote,
  readSeries,
  readSpan,
  readVenue,
  readWanted,
  type BackfillRequest,
  type SeriesFlags
} from "../../data/request.js";
import {identifyUrl} from "../../data/venue.js";
import type {Context} from "../context.js";
import {ingestWork, runBatches} from "../ingest.js";
import {followBatches} from "../follow.js";
import type {Define} from "../define.js";

interface Flags extends SeriesFlags {
  venue?: string;
  url?: string;
  top?: string;
  quote?: string;
  pairs?: string;
  days?: string;
  from?: string;
  to?: string;
}

export function backfillCommand(define: Define): void {
  define("backfill", "fetch the missing part of a venue's history", (command, run) =>
    command
      .option("--venue <venue>", "ccxt id, e.g. bybit, binance, okx (default: bybit)")
      .option("--url <url>", "base URL of the venue's API, e.g. of a simulated venue")
      .option("--top <n>", "the top N pairs by turnover (default: 20), reselected weekly")
      .option(
        "--quote <quote>",
        "quote of the top pairs, USDT or USDC (default: USDT, or USDC where the venue has no USDT)"
      )
      .option("--pairs <pairs>", "pairs, comma-separated, e.g. BTC/USDT,ETH/USDT")
      .option("--days <n>", "days of history (default: 365)")
      .option("--from <instant>", "start, UTC")
      .option("--to <instant>", "end, UTC, exclusive (default: now)")
      .option(
        "--series <series>",
        "any of funding, spot, perp, mark, index, premium, open-interest (default: funding,spot,perp,mark)"
      )
      .option("--timeframe <timeframes>", "any of 1m, 5m, 15m, 1h, 4h, 8h, 1d, comma-separated (default: 1h)")
      .addHelpText(
        "after",
        `
Examples:
  npx carrybook backfill --top 20 --days 365
  npx carrybook backfill --pairs BTC/USDT,ETH/USDT --from 2021-01-01 --timeframe 1d
  npx carrybook backfill --venue okx --pairs BTC/USDT --days 90

\`npx carrybook update\` keeps the fetched histories current. To resume after an interruption, run the same command.`
      )
      .action((flags: Flags) => run((context) => backfill(context, flags)))
  );
}

async function backfill(given: Context, flags: Flags): Promise<number> {
  if (flags.top !== undefined && flags.pairs !== undefined) {
    throw new UsageError("invalid top: it conflicts with --pairs", {fix: "give only one of them"});
  }
  const wanted = readSeries(flags);
  const top = readCount("top", flags.top ?? "20", {most: 1_000});
  if (flags.quote !== undefined && flags.pairs !== undefined) {
    throw new UsageError("invalid quote: it conflicts with --pairs", {fix: "give one of the two"});
  }
  const quote = flags.quote === undefined ? undefined : readQuote(flags.quote);
  const pairs = flags.pairs === undefined ? undefined : readPairs([flags.pairs]);
  // Invalid flags are rejected before any request to the venue.
  readSpan(flags, given.now());
  const venueName = readVenue(flags.venue ?? "bybit");
  const {simulated} = flags.url === undefined ? {simulated: false} : await identifyUrl(flags.url);
  if (given.demo && !simulated) {
    throw new UsageError("invalid venue: --demo holds simulated data only", {
      fix: "use `npx carrybook demo`, or pass the --url of a simulated venue"
    });
  }
  const context = given.as(simulated ? "simulated" : "real");
  const venue = simulated ? "sim" : venueName;
  const request: BackfillRequest = {venue, url: flags.url, top, quote, pairs, ...readWanted(flags), ...wanted};
  const code = await ingestWork(context, {
    here: async (ingest) => runBatches(ingest, [await planBackfill(ingest, request)]),
    there: (engine) => followBatches(engine, context, "/jobs", {kind: "backfill", ...request})
  });
  if (code === 0) context.output.note("Next: npx carrybook gaps, npx carrybook update, npm run dev");
  return code;
}
