import {statusOf} from "../../../loaders/snapshots/status.js";
import {count, duration, drawTable, percent} from "../output.js";
import type {Define} from "../define.js";
import {formatInstant} from "../../../src/lib/time/instant.js";

export function statusCommand(define: Define): void {
  define("status", "show the stored data, its freshness and its coverage", (command, run) =>
    command.action(() =>
      run(async ({dataDir, output, now}) => {
        const status = statusOf(dataDir, now());
        output.document(status, () => {
          if (status.state === "empty")
            return "No data yet. Next: npx carrybook backfill --top 20, npx carrybook demo, or npx carrybook import FILE… --venue binance";
          const head = [
            `${status.state} · source ${status.source} · ${status.pairs} pairs · ${count(status.rows.funding)} settlements, ${count(status.rows.candles)} candles`,
            `${formatInstant(status.first!)} to ${formatInstant(status.last!)}, last written ${formatInstant(status.lastSync!)}`
          ];
          const table = drawTable(status.series, [
            {title: "venue", value: (s) => s.venue},
            {title: "pair", value: (s) => s.pair},
            {title: "series", value: (s) => `${s.series} ${s.timeframe}`.trim()},
            {title: "rows", value: (s) => count(s.rows), align: "right"},
            {title: "newest", value: (s) => formatInstant(s.lastTs)},
            {title: "coverage", value: (s) => (s.coverage === null ? "–" : percent(s.coverage)), align: "right"},
            {title: "holes", value: (s) => (s.holes.length ? String(s.holes.length) : "–"), align: "right"},
            {title: "freshness", value: (s) => `${s.freshness} (${duration(s.ageMs)})`}
          ]);
          return [...head, "", table].join("\n");
        });
      })
    )
  );
}
