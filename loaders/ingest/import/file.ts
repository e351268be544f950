import {boundaryTs, MINUTE_MS} from "../../../src/lib/time/grid.js";
import type {Span} from "../../../src/lib/market/coverage.js";
import type {Series} from "../../../src/lib/market/pair.js";
import {DataError, RowError} from "../../errors.js";
import type {MarketRow} from "../../rows.js";
import type {Database} from "../../store/database.js";
import {stepOf} from "../../store/key.js";
import {noteRevisions} from "../../store/remarks.js";
import {Stage} from "../../store/stage.js";
import {compareStage, writeStage} from "../../store/write.js";
import {BadRows, CORRECT} from "./bad-rows.js";
import {checkDelivery} from "./delivery.js";
import type {TablePlan} from "./plan.js";
import {requireOneUnit} from "./rates.js";
import {rowReader} from "./read.js";
import {refused, stop} from "./refusal.js";
import {RateSizes} from "./settlements.js";
import type {FileReport} from "../../../src/lib/wire/imports.js";
import {plannedReport, Skips} from "./report.js";
import type {Table} from "./table.js";

interface ImportTableOptions {
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
    if (stage.count === 0) stop(refused("rows", noRows(read)));
    const {minTs: first, maxTs: last} = stage;
    checkDelivery(plan.dayTs, {series: key.series, told: plan.seriesTold}, {first, last});
    const proven = provenBy(stage);
    const report: FileReport = {
      ...plannedReport(table.where, plan),
      ...read,
      ...proven,
      header: table.header ? [...table.header] : null
    };
    return await named(table.where, async () => {
      const compared = await compareStage(db, stage, {keepFirst: !replace});
      const revisions = await stage.revisions();
      const shown = revisions.slice(0, SHOWN_REVISIONS).map(({boundaryTs: ts, was, now}) => ({ts, was, now}));
      const found = {...compared, ...(shown.length > 0 && {revisions: shown})};
      if (dryRun) return {...report, ...found};
      const result = await writeStage(db, stage, {
        proven,
        mode: "rows",
        origin: "file",
        keepFirst: !replace,
        also: async () => {
          await noteRevisions(db, stage.key, revisions);
          await also?.({...proven, rows: stage.count});
        }
      });
      return {...report, ...found, ...result, state: "stored"};
    });
  } finally {
    await stage.discard();
  }
}

/** Revised settlements that a report shows; the others are counted, and remarks of the store. */
const SHOWN_REVISIONS = 5;

/** Adds the table's name to errors of the store, which knows rows and no file. */
async function named<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const {message, fix, code} = error;
    throw new DataError(`${where}: ${message}`, {fix, code, cause: error});
  }
}

/** Returns why a table that has records has no row of its history. */
function noRows({inProgress, skipped}: Pick<FileReport, "inProgress" | "skipped">): string {
  const left = Object.entries(skipped).map(([reason, n]) => `${n} ${reason.replaceAll("-", " ")}`);
  if (inProgress > 0 && left.length === 0) {
    return `its ${inProgress} rows all lie in the future, or their candles have not closed yet`;
  }
  if (inProgress > 0) left.push(`${inProgress} in the future or still in progress`);
  return left.length > 0 ? `none of its records is a row: ${left.join(", ")}` : "it has no rows";
}

/** Returns the span that a file proves: nothing beyond its own first and last row. */
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
  const bad = new BadRows(table.where, badRows);
  const sizes: {text: string; size: number}[] = [];
  const sample: (string | null)[][] = [];
  let inProgress = 0;
  let rounded = 0;
  let count = 0;
  const unitSizes = new RateSizes(plan.intervalHours ?? 8);
  for await (const record of table.records()) {
    if (sample.length < SAMPLE_ROWS) sample.push([...record.fields]);
    try {
      const found = read(record);
      bad.countGood();
      if ("passed" in found) {
        if (found.passed === "in-progress") inProgress++;
        else skips.add(found.passed);
      } else {
        stage.add(found.row, record.line);
        if (found.rounded) rounded++;
        const rate = rateIn(found.row, plan.key.series);
        if (rate !== undefined) {
          if (plan.key.series === "funding") unitSizes.add(Number(rate));
          const text = rate.replace("-", "");
          if (sizes.length < RATES) sizes.push({text, size: Number(text)});
        }
      }
    } catch (error) {
      if (!(error instanceof RowError))
        throw new DataError(`${table.where}:${record.line}: ${(error as Error).message}`, {
          fix: CORRECT,
          cause: error
        });
      bad.countBad(error, record.line);
      skips.add(error.reason);
    }
    if (bad.isDecided) break;
    if (++count % BREATH === 0) {
      signal?.throwIfAborted();
      onRows?.(count);
    }
  }
  onRows?.(count);
  bad.check();
  if (plan.rateUnitFrom === "size") requireOneUnit(unitSizes);
  sizes.sort((a, b) => a.size - b.size);
  return {inProgress, skipped: skips.counts, rounded, typicalRate: sizes[sizes.length >> 1]?.text ?? null, sample};
}
