import {existsSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {UsageError} from "../../../loaders/errors.js";
import {
  importFiles,
  parseMapping,
  planImport,
  RATE_PERIODS,
  type FileReport,
  type ImportOptions
} from "../../../loaders/ingest/import/index.js";
import {databasePath, openDatabase, type Database} from "../../../loaders/store/database.js";
import {formatDay, formatInstant} from "../../../src/lib/time/instant.js";
import type {Context} from "../context.js";
import type {Define} from "../define.js";
import {count} from "../output.js";

interface Flags {
  venue?: string;
  pair?: string;
  series?: string;
  timeframe?: string;
  columns?: string;
  tz?: string;
  rateUnit?: string;
  ratePeriod?: string;
  knownLag?: string;
  dateOrder?: string;
  decimal?: string;
  badRows?: string;
  replace?: boolean;
  intervalHours?: string;
  dryRun?: boolean;
}

export function importCommand(define: Define): void {
  define("import", "import market history from files", (command, run) =>
    command
      .argument(
        "<files...>",
        "files, folders or quoted globs: CSV, JSON, Parquet, Arrow or Feather, plain, gzip or zip"
      )
      .option("--venue <venue>", "the ccxt id of the venue the data came from, e.g. binance")
      .option("--pair <pair>", "e.g. BTC/USDT; of a file of many symbols only its rows are taken")
      .option(
        "--series <series>",
        "funding, spot, perp, mark, index, premium, open-interest, borrow or own:NAME; else by folder, name or header"
      )
      .option("--timeframe <timeframe>", "1m 5m 15m 1h 4h 8h 1d; else by folder, name or distance of the rows")
      .option("--columns <mapping>", "fields to columns by name or number, e.g. ts=open_time,close=4")
      .option("--tz <zone>", "zone of stamps that name none, e.g. UTC, Europe/Berlin, +03:00")
      .option("--date-order <order>", "dmy or mdy, for dates such as 12/01/2026")
      .option("--decimal <mark>", "point or comma: what stands before decimals, for numbers such as 42.100")
      .option("--rate-unit <unit>", "share, percent or bps")
      .option("--rate-period <period>", "hour, day or year, for borrow rates whose column does not say")
      .option("--known-lag <time>", "time from a row's stamp until it is known, e.g. 0, 30m, 1h or 1d")
      .option("--interval-hours <hours>", "hours between settlements, where rates may be carried forward")
      .option("--bad-rows <what>", "refuse the file (default) or skip and count them")
      .option("--replace", "let rows that differ replace the stored ones")
      .option("--dry-run", "show how each file would be read; store nothing")
      .addHelpText(
        "after",
        `
Examples:
  npx carrybook import BTCUSDT-fundingRate-2024-01.zip --venue binance
  npx carrybook import candles.csv --venue bybit --pair BTC/USDT --series perp --timeframe 1h
  npx carrybook import downloads/futures "downloads/spot/**/*.zip" --venue binance --dry-run`
      )
      .action((patterns: string[], flags: Flags) => run((context) => runImport(patterns, flags, context)))
  );
}

async function runImport(patterns: readonly string[], flags: Flags, context: Context): Promise<number> {
  const {output, signal} = context;
  const options = optionsOf(flags);
  const progress: ImportOptions["onProgress"] = ({step, done, total, rows}) =>
    output.progress({label: LABELS[step], done, total, detail: step === "plan" ? "" : `${count(rows)} rows`});
  const files = await planImport(patterns, options, {signal, onProgress: progress, cwd: context.invocation.cwd});
  const {db, close} = await openFor(context, options.dryRun ?? false);
  try {
    const report = await importFiles(db, files, {...options, signal, onProgress: progress});
    output.progress(undefined);
    showFiles(report.files, context);
    if (report.cancelled) {
      output.note(
        `interrupted after ${report.files.length} of ${files.length} files; run the same command again to resume`
      );
      return 130;
    }
    const imported = report.files.length - report.failed;
    const rows = rowsWords(report.files, options);
    output.note(
      options.dryRun
        ? `${imported} of ${files.length} files can be imported, ${rows}; nothing was stored`
        : `${imported} of ${files.length} files imported, ${rows}. Next: npx carrybook gaps, npm run dev`
    );
    return report.failed > 0 || report.files.some(({different}) => different > 0 && !options.replace) ? 4 : 0;
  } finally {
    output.progress(undefined);
    await close();
  }
}

/** Returns what became of the rows: written, stored already, or held back since the store has others. */
function rowsWords(files: readonly FileReport[], {dryRun, replace}: ImportOptions): string {
  const sum = (field: "changed" | "same" | "different") => files.reduce((all, file) => all + file[field], 0);
  const words = [`${count(sum("changed"))} rows ${dryRun ? "would be written" : "written"}`];
  if (sum("same") > 0) words.push(`${count(sum("same"))} stored already`);
  if (sum("different") > 0 && !replace)
    words.push(`${count(sum("different"))} differ from stored rows, which stay (--replace takes the files')`);
  return words.join(", ");
}

const LABELS = {plan: "planning", read: "reading", publish: "publishing"} as const;

/** Reads the flags. @throws UsageError for a missing venue or a value that a flag does not take */
function optionsOf(flags: Flags): ImportOptions {
  const {venue, pair, series, timeframe, tz} = flags;
  if (!venue) throw new UsageError("missing venue: --venue", {fix: "e.g. --venue binance"});
  return {
    venue,
    pair,
    series,
    timeframe,
    tz,
    mapping: flags.columns === undefined ? undefined : parseMapping(flags.columns),
    rateUnit: oneOf("rate-unit", flags.rateUnit, ["share", "percent", "bps"]),
    ratePeriod: oneOf("rate-period", flags.ratePeriod, RATE_PERIODS),
    knownLag: flags.knownLag,
    dateOrder: oneOf("date-order", flags.dateOrder, ["dmy", "mdy"]),
    decimal: oneOf("decimal", flags.decimal, ["point", "comma"]),
    badRows: oneOf("bad-rows", flags.badRows, ["refuse", "skip"]),
    intervalHours: flags.intervalHours === undefined ? undefined : Number(flags.intervalHours),
    replace: flags.replace,
    dryRun: flags.dryRun
  };
}

function oneOf<T extends string>(flag: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((name) => name === value);
  if (found === undefined) throw new UsageError(`invalid ${flag}: ${value}`, {fix: `use ${allowed.join(" or ")}`});
  return found;
}

/** What the store may hold while files are read; the rest of the staged rows waits on the disk. */
const MEMORY = "72MB";

/** Opens the store; a dry run on an empty data directory leaves it empty. */
async function openFor(context: Context, dryRun: boolean): Promise<{db: Database; close: () => Promise<void>}> {
  if (!dryRun || existsSync(databasePath(context.dataDir))) {
    const db = await context.openStore({memoryLimit: MEMORY});
    return {db, close: () => db.close()};
  }
  const dir = mkdtempSync(join(tmpdir(), "carrybook-dry-run-"));
  const db = await openDatabase(dir, {memoryLimit: MEMORY});
  return {
    db,
    close: async () => {
      await db.close();
      rmSync(dir, {recursive: true, force: true});
    }
  };
}

function showFiles(files: readonly FileReport[], {output}: Context): void {
  output.table(files, [
    {title: "history", value: (file) => file.history || file.file},
    {title: "rows", value: (file) => count(file.rows), align: "right"},
    {title: "new", value: (file) => count(file.new), align: "right"},
    {title: "same", value: (file) => count(file.same), align: "right"},
    {title: "different", value: (file) => count(file.different), align: "right"},
    {title: "from", value: (file) => (file.from === null ? "–" : formatDay(file.from))},
    {title: "to", value: (file) => (file.to === null ? "–" : formatDay(file.to))},
    {title: "typical rate", value: (file) => file.typicalRate ?? "–", align: "right"},
    {title: "", value: (file) => MARKS[file.state]}
  ]);
  for (const file of files) {
    for (const line of notesOf(file)) output.note(`${file.file}: ${line}`);
    if (file.error !== null) output.note(`error: ${file.error}${file.fix ? `\n  → ${file.fix}` : ""}`, "error");
  }
}

const MARKS: Record<FileReport["state"], string> = {planned: "·", stored: "✓", open: "?", refused: "✗", failed: "✗"};

/** Returns what a reader must know of a file that was read: what it was taken for, and what of it was not. */
function notesOf(file: FileReport): string[] {
  const {taken, columns, ignored, skipped, rounded, revised, revisions = [], inProgress, different, conflicts} = file;
  if (!taken) return [];
  const read = Object.entries(columns).map(([field, name]) => (field === name ? field : `${field} from ${name}`));
  const zone =
    taken.zoneFrom === "stamps" ? "" : `; stamps in ${taken.zone} (${ZONES[taken.zoneFrom] ?? taken.zoneFrom})`;
  const stamps: string[] = [];
  if (taken.dateOrder) stamps.push(`dates with the ${taken.dateOrder === "dmy" ? "day" : "month"} first`);
  if (taken.daysSince) stamps.push(`stamps as days since ${taken.daysSince}`);
  const notes = [`${read.join(", ")}${ignored.length > 0 ? `; not read: ${ignored.join(", ")}` : ""}${zone}`];
  if (stamps.length > 0) notes.push(`read: ${stamps.join(", ")}`);
  if (taken.rateUnit && taken.rateUnit !== "share") notes.push(`rates in ${taken.rateUnit} are stored as shares`);
  if (taken.ratePeriod === "day" || taken.ratePeriod === "year")
    notes.push(`rates of a ${taken.ratePeriod} are stored as an hour's share`);
  if (taken.knownLagMs !== undefined) notes.push(`values are known ${knownWords(taken.knownLagMs)}`);
  if (taken.carriedHours !== null)
    notes.push(`its rates are carried forward: one settlement every ${taken.carriedHours} h`);
  const passed = Object.entries(skipped).map(([reason, n]) => `${count(n)} ${reason}`);
  if (inProgress > 0) passed.push(`${count(inProgress)} still in progress`);
  if (passed.length > 0) notes.push(`rows left out: ${passed.join(", ")}`);
  if (rounded > 0) notes.push(`${count(rounded)} rows rounded at the 18th digit`);
  if (revised > 0) {
    const [first] = revisions;
    const shown = first ? `, e.g. at ${formatInstant(first.ts)}: ${first.was}, then ${first.now}` : "";
    const subject = revised === 1 ? "1 settlement was" : `${count(revised)} settlements were`;
    notes.push(`${subject} revised by a later stamp of the same boundary${shown}`);
  }
  if (different > 0) {
    const [first] = conflicts;
    const shown = first
      ? `, e.g. ${first.field} at ${formatInstant(first.ts)}: stored ${first.stored}, file ${first.file}`
      : "";
    notes.push(`${count(different)} rows differ from stored ones${shown}; --replace takes the file's`);
  }
  return notes;
}

const knownWords = (lagMs: number | null): string =>
  lagMs === null
    ? "from the instant that each row states"
    : lagMs === 0
      ? "at their stamp"
      : `${lagMs / 60_000} minutes after their stamp`;

const ZONES: Record<string, string> = {given: "--tz", source: "known of this source", header: "by the header"};
