import {boundaryTs, MINUTE_MS} from "../../../src/lib/time/grid.js";
import type {Span} from "../../../src/lib/market/coverage.js";
import type {Series} from "../../../src/lib/market/pair.js";
import {DataError} from "../../errors.js";
import type {MarketRow} from "../../rows.js";
import type {Database} from "../../store/database.js";
import {stepOf} from "../../store/key.js";
import {Stage} from "../../store/stage.js";
import {compareStage, writeStage} from "../../store/write.js";
import type {TablePlan} from "./plan.js";
import {rowReader} from "./read.js";
import type {FileReport} from "../../../src/lib/wire/imports.js";
import {plannedReport, Skips} from "./report.js";
import type {Table} from "./table.js";

export interface ImportTableOptions {
  /** reads and compares, stores nothing */
  dryRun: boolean;
  /** `refuse`: the first bad row ends the file; `skip`: bad rows are counted by reason */
  badRows: "refuse" | "skip";
  /** rows that differ from stored ones replace them; else the stored ones stay */
  replace: boolean;
  /** rows read so far, now and then */
  onRows?: ((rows: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** work for the transaction that takes the rows in */
  also?: (staged: Span & {rows: number}) => Promise<void>;
}

/** How many rows pass between two looks at the signal and two reports of progress. */
const BREATH = 20_000;
/** Rates of which the typical size is taken. */
const RATES = 10_000;
const SAMPLE_ROWS = 5;

/**
 * Imports one table as one history: every row is validated, then all are stored in one transaction, or none.
 * @returns the table's report, `stored` or, in a dry run, `planned`
 * @throws DataError that names the file, the line and the reason of the first bad row
 */
export async function importTable(
  db: Database,
  table: Table,
  plan: TablePlan,
  {dryRun, badRows, replace, onRows, signal, also}: ImportTableOptions
): Promise<FileReport> {
  const {key} = plan;
  const stage = await Stage.open(db, key);
  try {
    const read = await stageTable(db, stage, table, plan, {badRows, onRows, signal});
    if (stage.count === 0) throw new DataError(`invalid file: ${table.where} has no rows`);
    const proven = provenBy(stage);
    const report: FileReport = {...plannedReport(table.where, plan), ...read, ...proven};
    const compared = await compareStage(db, stage, {keepFirst: !replace});
    if (dryRun) return {...report, ...compared};
    const result = await writeStage(db, stage, {
      proven,
      mode: "rows",
      origin: "file",
      keepFirst: !replace,
      also: also && (() => also({...proven, rows: stage.count}))
    });
    return {...report, ...compared, ...result, state: "stored"};
  } catch (error) {
    if (error instanceof DataError && !error.message.includes(table.path)) {
      throw new DataError(`${table.where}: ${error.message}`, {fix: error.fix, cause: error});
    }
    throw error;
  } finally {
    await stage.discard();
  }
}

/** A file proves nothing beyond its own first and last row. */
function provenBy(stage: Stage): Span {
  const step = stepOf(stage.key);
  if (step === undefined && stage.key.series !== "funding") return {from: stage.minTs, to: stage.maxTs + 1};
  return step === undefined
    ? {from: boundaryTs(stage.minTs), to: boundaryTs(stage.maxTs) + MINUTE_MS}
    : {from: stage.minTs, to: stage.maxTs + step};
}

/** The rate of a settlement or of a loan; undefined for rows of other series. */
const rateIn = (row: MarketRow, series: Series): string | undefined =>
  "rate" in row ? row.rate : series === "borrow" && "value" in row ? row.value : undefined;

async function stageTable(
  db: Database,
  stage: Stage,
  table: Table,
  plan: TablePlan,
  {badRows, onRows, signal}: Pick<ImportTableOptions, "badRows" | "onRows" | "signal">
): Promise<Pick<FileReport, "inProgress" | "skipped" | "rounded" | "typicalRate" | "sample">> {
  const read = rowReader(table, plan, db.now());
  const skips = new Skips();
  const sizes: {text: string; size: number}[] = [];
  const sample: (string | null)[][] = [];
  let inProgress = 0;
  let rounded = 0;
  let count = 0;
  for await (const record of table.records()) {
    if (sample.length < SAMPLE_ROWS) sample.push([...record.fields]);
    try {
      const found = read(record);
      if ("passed" in found) {
        if (found.passed === "in-progress") inProgress++;
        else skips.add(found.passed);
      } else {
        stage.add(found.row, record.line);
        if (found.rounded) rounded++;
        const rate = rateIn(found.row, plan.key.series);
        if (rate !== undefined && sizes.length < RATES) {
          const text = rate.replace("-", "");
          sizes.push({text, size: Number(text)});
        }
      }
    } catch (error) {
      if (badRows === "refuse")
        throw new DataError(`${table.where}:${record.line}: ${(error as Error).message}`, {cause: error});
      skips.add((error as Error).message.split(":")[0]!);
    }
    if (++count % BREATH === 0) {
      signal?.throwIfAborted();
      onRows?.(count);
    }
  }
  onRows?.(count);
  sizes.sort((a, b) => a.size - b.size);
  return {inProgress, skipped: skips.counts, rounded, typicalRate: sizes[sizes.length >> 1]?.text ?? null, sample};
}
