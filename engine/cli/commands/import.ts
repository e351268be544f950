import {UsageError} from "../../../loaders/errors.js";
import {importFiles, parseMapping, planImport} from "../../../loaders/ingest/import/index.js";
import {count} from "../output.js";
import type {Define} from "../define.js";
import {formatDay} from "../../../src/lib/time/instant.js";

interface Flags {
  venue?: string;
  pair?: string;
  series?: string;
  timeframe?: string;
  columns?: string;
}

export function importCommand(define: Define): void {
  define("import", "take market history from files into the store", (command, run) =>
    command
      .argument("<files...>", "files, folders or quoted globs of CSV (plain, gzip, zip) or Parquet")
      .option("--venue <venue>", "the ccxt id of the venue the data came from, e.g. binance")
      .option("--pair <pair>", "e.g. BTC/USDT; else told by the file's name")
      .option("--series <series>", "funding, spot, perp, mark or index; else told by folder or file name")
      .option("--timeframe <timeframe>", "1m 5m 15m 1h 4h 8h 1d; else told by folder or file name")
      .option("--columns <mapping>", "fields to columns, e.g. ts=open_time,close=4")
      .addHelpText(
        "after",
        `
Examples:
  npx carrybook import BTCUSDT-fundingRate-2024-01.zip --venue binance
  npx carrybook import candles.csv --venue bybit --pair BTC/USDT --series perp --timeframe 1h
  npx carrybook import downloads/futures "downloads/spot/**/*.zip" --venue binance`
      )
      .action((patterns: string[], flags: Flags) =>
        run(async ({openStore, output, signal, invocation: {cwd}}) => {
          if (!flags.venue) throw new UsageError("missing venue: --venue", {fix: "e.g. --venue binance"});
          if (!/^[a-z0-9]+$/.test(flags.venue) || flags.venue === "sim") {
            throw new UsageError(`invalid venue: ${flags.venue}`, {
              fix: "give a ccxt id such as binance, bybit or okx"
            });
          }
          const mapping = flags.columns === undefined ? undefined : parseMapping(flags.columns);
          const files = planImport(patterns, {...flags, venue: flags.venue}, cwd);
          const db = await openStore();
          try {
            const report = await importFiles(db, files, {
              mapping,
              signal,
              onProgress: ({step, done, total, rows}) =>
                output.progress({
                  label: step === "read" ? "reading" : "publishing",
                  done,
                  total,
                  detail: `${count(rows)} rows`
                })
            });
            output.progress(undefined);
            output.table(report.files, [
              {title: "history", value: (r) => r.history},
              {title: "rows", value: (r) => count(r.rows), align: "right"},
              {title: "new", value: (r) => count(r.changed), align: "right"},
              {title: "from", value: (r) => (r.from === null ? "–" : formatDay(r.from))},
              {title: "to", value: (r) => (r.to === null ? "–" : formatDay(r.to))},
              {title: "", value: (r) => (r.error ? "✗" : "✓")}
            ]);
            for (const {error} of report.files) if (error) output.note(`error: ${error}`, "error");
            const changed = report.files.reduce((sum, r) => sum + r.changed, 0);
            const dropped = report.files.reduce((sum, r) => sum + r.inProgress, 0);
            if (dropped > 0)
              output.note(`${count(dropped)} rows left out: their candle or settlement had not ended yet`);
            if (report.cancelled) {
              output.note(
                `interrupted after ${report.files.length} of ${files.length} files; run the same command again to go on`
              );
              return 130;
            }
            output.note(
              `${report.files.length - report.failed} of ${files.length} files taken in, ${count(changed)} rows new or changed. Next: npx carrybook gaps, npm run dev`
            );
            return report.failed > 0 ? 4 : 0;
          } finally {
            output.progress(undefined);
            await db.close();
          }
        })
      )
  );
}
