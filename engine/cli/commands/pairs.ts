import {explorerRows} from "../../../loaders/snapshots/explorer.js";
import {requireManifest} from "../../../loaders/snapshots/status.js";
import {parseCosts} from "../../../src/lib/market/costs.js";
import {DataError, UsageError} from "../../../loaders/errors.js";
import {universeAt} from "../../../loaders/snapshots/universe.js";
import {formatDay, parseInstant} from "../../../src/lib/time/instant.js";
import type {Context} from "../context.js";
import {RANGES, type Range} from "../../../src/lib/market/snapshot.js";
import {percent} from "../output.js";
import type {Define} from "../define.js";

const bp = (rate: number | null): string => (rate === null ? "–" : `${(rate * 1e4).toFixed(2)} bp`);
const yearly = (share: number | null): string => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);

interface Flags {
  range: string;
  universe?: boolean;
  at?: string;
  venue?: string;
}

export function pairsCommand(define: Define): void {
  define("pairs", "rank pairs by net funding per period, after their share of the costs", (command, run) =>
    command
      .option("--range <range>", "7d, 30d, 90d, 1y or all", "30d")
      .option("--universe", "list the venue's pairs instead, with the reasons for exclusion")
      .option("--at <instant>", "the universe at a past instant, including pairs delisted since")
      .option("--venue <venue>", "venue, where there are several")
      .action((flags: Flags) =>
        run(async (context) => {
          const {dataDir, config, output} = context;
          if (flags.universe || flags.at !== undefined) return showUniverse(context, flags);
          if (!RANGES.some((r) => r.id === flags.range)) {
            throw new UsageError(`invalid range: ${flags.range}`, {fix: "ranges are 7d, 30d, 90d, 1y, all"});
          }
          requireManifest(dataDir);
          const rows = await explorerRows(dataDir, parseCosts(config.costs), [flags.range as Range]);
          output.table(rows, [
            {title: "venue", value: (r) => r.venue},
            {title: "pair", value: (r) => r.pair},
            {title: "rate per 8 h", value: (r) => bp(r.newestRate8h), align: "right"},
            {
              title: "break-even",
              value: (r) => (r.breakEvenPeriods === null ? "–" : `${(r.breakEvenPeriods / 3).toFixed(1)} d`),
              align: "right"
            },
            {title: "net a year", value: (r) => yearly(r.netAnnual), align: "right"},
            {title: `APR ${flags.range} net`, value: (r) => yearly(r.aprNet), align: "right"},
            {
              title: "positive",
              value: (r) => (r.sharePositive === null ? "–" : percent(r.sharePositive, 0)),
              align: "right"
            },
            {
              title: "coverage",
              value: (r) => (r.coverageShare === null ? "–" : percent(r.coverageShare)),
              align: "right"
            },
            {title: "tier", value: (r) => r.tier},
            {title: "cannot be opened", value: (r) => r.reasons || "–"}
          ]);
          output.note(
            "net a year: the newest rate minus a thirtieth of the round trip per period, on notional; past rates are no guarantee"
          );
        })
      )
  );
}

async function showUniverse({dataDir, output, now}: Context, {at, venue}: Flags): Promise<void> {
  const manifest = requireManifest(dataDir);
  const venues = [...new Set(manifest.parts.filter((p) => p.series === "instruments").map((p) => p.venue))];
  if (venues.length === 0) {
    throw new DataError("missing data: no list of markets is stored yet", {
      fix: "npx carrybook update stores one a day"
    });
  }
  if (venue === undefined && venues.length > 1) {
    throw new UsageError(`missing venue: several have lists: ${venues.join(", ")}`, {
      fix: `add --venue ${venues[0]}`
    });
  }
  let atMs: number;
  try {
    atMs = at === undefined ? now() : parseInstant(at, "at");
  } catch (error) {
    throw new UsageError((error as Error).message, {fix: "write it as 2026-01-31 or 2026-01-31T08:00Z", cause: error});
  }
  const own = manifest.series.filter((s) => s.venue === (venue ?? venues[0]) && s.series === "funding");
  const coverage = new Map(own.map((s) => [s.pair, s.coverage ?? 0]));
  const rows = await universeAt(dataDir, venue ?? venues[0]!, atMs, coverage);
  output.table(rows, [
    {title: "pair", value: (r) => r.pair},
    {
      title: "turnover 24 h",
      value: (r) => (r.turnover24h === null ? "–" : Math.round(Number(r.turnover24h)).toLocaleString("en-US")),
      align: "right"
    },
    {title: "listed", value: (r) => (r.launchTs === null ? "–" : formatDay(r.launchTs))},
    {title: "ends", value: (r) => (r.delistTs === null ? "–" : formatDay(r.delistTs))},
    {title: "kept out by", value: (r) => r.exclusions.join(", ") || "–"}
  ]);
  const [first] = rows;
  if (first) {
    output.note(
      first.basis === "listed"
        ? `as listed on ${formatDay(first.observedTs)}`
        : `no list that old: inferred from the launch dates in the list of ${formatDay(first.observedTs)}; pairs delisted before it are missing`
    );
  }
}
