import {requireManifest} from "../../../loaders/snapshots/status.js";
import {count} from "../output.js";
import type {Define} from "../main.js";
import {formatInstant} from "../../../src/lib/time/instant.js";

export function gapsCommand(define: Define): void {
  define("gaps", "the coverage ledger's findings: open, confirmed missing and ambiguous holes", (command, run) =>
    command.action(() =>
      run(async ({dataDir, output}) => {
        const manifest = requireManifest(dataDir);
        const gaps = manifest.series.flatMap(({venue, pair, series, timeframe, holes}) =>
          holes.map((hole) => ({venue, pair, series, timeframe, ...hole}))
        );
        output.table(gaps, [
          {title: "venue", value: (g) => g.venue},
          {title: "pair", value: (g) => g.pair},
          {title: "series", value: (g) => `${g.series} ${g.timeframe}`.trim()},
          {title: "from", value: (g) => formatInstant(g.from)},
          {title: "to", value: (g) => formatInstant(g.to)},
          {title: "rows", value: (g) => count(g.rows), align: "right"},
          {title: "state", value: (g) => g.state}
        ]);
        output.note(
          gaps.length === 0
            ? `no holes in ${manifest.series.length} histories`
            : `${gaps.length} holes in ${manifest.series.length} histories; a hole of an import is filled by importing a file that has it`
        );
      })
    )
  );
}
