import {explorerRows} from "../../../loaders/snapshots/explorer.js";
import {requireManifest} from "../../../loaders/snapshots/status.js";
import {parseCosts} from "../../../src/lib/market/costs.js";
import {UsageError} from "../../../loaders/errors.js";
import {RANGES, type Range} from "../../../src/lib/market/snapshot.js";
import {percent} from "../output.js";
import type {Define} from "../main.js";

const bp = (rate: number | null): string => (rate === null ? "–" : `${(rate * 1e4).toFixed(2)} bp`);
const yearly = (share: number | null): string => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);

export function pairsCommand(define: Define): void {
  define("pairs", "every pair, ranked by what a period earns after its part of the costs", (command, run) =>
    command.option("--range <range>", "7d, 30d, 90d, 1y or all", "30d").action((flags: {range: string}) =>
      run(async ({dataDir, config, output}) => {
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
          "net a year: the newest rate less a thirtieth of the round trip a period, on notional; past rates promise nothing"
        );
      })
    )
  );
}
