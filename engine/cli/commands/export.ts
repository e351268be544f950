import {UsageError} from "../../../loaders/errors.js";
import {exportRows, EXPORT_FORMATS, type ExportFormat} from "../../../loaders/snapshots/export.js";
import {requireManifest} from "../../../loaders/snapshots/status.js";
import {isSeries, parsePair, SERIES} from "../../../src/lib/market/pair.js";
import {isTimeframe} from "../../../src/lib/time/grid.js";
import {parseInstant} from "../../../src/lib/time/instant.js";
import {count} from "../output.js";
import type {Define} from "../define.js";

interface Flags {
  series?: string;
  pair?: string;
  venue?: string;
  timeframe?: string;
  format: string;
  out?: string;
  from?: string;
  to?: string;
}

export function exportCommand(define: Define): void {
  define("export", "export rows as CSV, Parquet or JSON lines", (command, run) =>
    command
      .option(
        "--series <series>",
        "funding, predicted, spot, perp, mark, index, premium, open-interest, borrow or own:NAME"
      )
      .option("--pair <pair>", "one pair (default: all)")
      .option("--venue <venue>", "one venue (default: all)")
      .option("--timeframe <timeframe>", "one timeframe (default: all)")
      .option("--from <instant>", "start, ISO 8601, UTC")
      .option("--to <instant>", "end, ISO 8601, UTC, exclusive")
      .option("--format <format>", EXPORT_FORMATS.join(", "), "csv")
      .option("--out <file>", "output file (default: stdout; required for Parquet)")
      .action((flags: Flags) =>
        run(async ({dataDir, output, pathOf, invocation: {stdout}}) => {
          const {series, format} = flags;
          if (!series || !isSeries(series)) {
            throw new UsageError(series ? `invalid series: ${series}` : "missing series: --series", {
              fix: `series are ${SERIES.join(", ")}, own:NAME`
            });
          }
          if (!EXPORT_FORMATS.includes(format as ExportFormat)) {
            throw new UsageError(`invalid format: ${format}`, {fix: `formats are ${EXPORT_FORMATS.join(", ")}`});
          }
          if (flags.timeframe && !isTimeframe(flags.timeframe))
            throw new UsageError(`invalid timeframe: ${flags.timeframe}`);
          if (format === "parquet" && !flags.out) throw new UsageError("missing out: Parquet requires --out FILE");
          const read = <T>(parse: () => T): T => {
            try {
              return parse();
            } catch (error) {
              throw new UsageError((error as Error).message);
            }
          };
          const manifest = requireManifest(dataDir);
          const rows = await exportRows(dataDir, {
            series,
            format: format as ExportFormat,
            out: flags.out === undefined ? undefined : pathOf(flags.out),
            pair: flags.pair === undefined ? undefined : read(() => parsePair(flags.pair!)),
            venue: flags.venue,
            timeframe: flags.timeframe,
            from: flags.from === undefined ? undefined : read(() => parseInstant(flags.from!, "from")),
            to: flags.to === undefined ? undefined : read(() => parseInstant(flags.to!, "to")),
            write: (text) => void stdout.write(text)
          });
          output.note(
            rows === 0
              ? `no rows; available series: ${[...new Set(manifest.series.map((s) => s.series))].join(", ") || "none"}`
              : `${count(rows)} rows${flags.out ? ` in ${flags.out}` : ""}`
          );
          return rows === 0 ? 4 : 0;
        })
      )
  );
}
