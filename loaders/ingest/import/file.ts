import {isCandleSeries} from "../../../src/lib/market/pair.js";
import {boundaryTs, MINUTE_MS} from "../../../src/lib/time/grid.js";
import type {Span} from "../../../src/lib/market/coverage.js";
import {DataError} from "../../errors.js";
import type {Database} from "../../store/database.js";
import {stepOf, type SeriesKey} from "../../store/key.js";
import {openParquet} from "../../store/parquet-source.js";
import {Stage} from "../../store/stage.js";
import {writeStage, type WriteResult} from "../../store/write.js";
import {readCandle, readFunding, type Field, type RawRow} from "../../rows.js";
import {findColumns, looksLikeHeader, type Columns} from "./columns.js";
import {sniff, textRecords} from "./records.js";

interface ImportFileOptions {
  mapping?: Partial<Record<Field, string>> | undefined;
  /** rows read so far, now and then */
  onRows?: (rows: number) => void;
  signal?: AbortSignal | undefined;
  /** work for the transaction that takes the rows in */
  also?: (staged: Span & {rows: number}) => Promise<void>;
}

export interface ImportedFile extends WriteResult {
  /** rows left out because their candle or settlement has not ended yet */
  inProgress: number;
  from: number;
  to: number;
}

/** How many rows pass between two looks at the signal and two reports of progress. */
const BREATH = 20_000;

/**
 * Imports one file as one history: every row is validated, then all are taken in by one transaction, or none.
 * @throws DataError that names the file, the line and the reason of the first bad row
 */
export async function importFile(
  db: Database,
  path: string,
  key: SeriesKey,
  {mapping, onRows, signal, also}: ImportFileOptions = {}
): Promise<ImportedFile> {
  const stage = await Stage.open(db, key);
  try {
    const inProgress = await stageFile(db, stage, path, {mapping, onRows, signal});
    if (stage.count === 0) throw new DataError(`invalid file: ${path} has no rows`);
    const proven = provenBy(stage);
    const result = await writeStage(db, stage, {
      proven,
      mode: "rows",
      origin: "file",
      also: also && (() => also({...proven, rows: stage.count}))
    });
    return {...result, inProgress, ...proven};
  } catch (error) {
    await stage.discard();
    if (error instanceof DataError && !error.message.includes(path)) {
      throw new DataError(`${path}: ${error.message}`, {fix: error.fix, code: error.code, cause: error});
    }
    throw error;
  }
}

/** A file proves nothing beyond its own first and last row. */
function provenBy(stage: Stage): Span {
  const step = stepOf(stage.key);
  return step === undefined
    ? {from: boundaryTs(stage.minTs), to: boundaryTs(stage.maxTs) + MINUTE_MS}
    : {from: stage.minTs, to: stage.maxTs + step};
}

async function stageFile(
  db: Database,
  stage: Stage,
  path: string,
  {mapping, onRows, signal}: ImportFileOptions
): Promise<number> {
  const kind = await sniff(path);
  if (kind === "empty") throw new DataError(`invalid file: ${path} is empty`);
  const {key} = stage;
  const stepMs = stepOf(key);
  const nowMs = db.now();
  const closeOnly = key.series === "mark" || key.series === "index";
  let inProgress = 0;
  let read = 0;
  const take = (record: readonly (string | null)[], columns: Columns, line: number, where: string) => {
    const raw: RawRow = {};
    for (const [field, index] of Object.entries(columns)) raw[field as Field] = record[index] ?? null;
    try {
      const row = stepMs === undefined ? readFunding(raw, {nowMs}) : readCandle(raw, {stepMs, closeOnly, nowMs});
      if (row === undefined) inProgress++;
      else stage.add(row, line);
    } catch (error) {
      throw new DataError(`${where}:${line}: ${(error as Error).message}`, {cause: error});
    }
    if (++read % BREATH === 0) {
      signal?.throwIfAborted();
      onRows?.(read);
    }
  };
  const options = {funding: !isCandleSeries(key.series), closeOnly, mapping};
  const columnsOf = (header: readonly string[] | undefined, width: number, where: string) => {
    try {
      return findColumns(header, width, options);
    } catch (error) {
      throw new DataError(`${where}: ${(error as Error).message}`, {
        fix: "name the columns with --columns ts=…,rate=… or ts=…,open=…,high=…,low=…,close=…,volume=…",
        cause: error
      });
    }
  };
  if (kind === "parquet") {
    const source = await openParquet(path);
    try {
      const columns = columnsOf(source.names, source.names.length, path);
      let row = 0;
      for await (const record of source.records()) take(record, columns, ++row, path);
    } finally {
      source.close();
    }
  } else {
    let columns: Columns | undefined;
    let member: string | undefined;
    for await (const record of textRecords(path, kind)) {
      const where = record.member ? `${path}/${record.member}` : path;
      if (columns === undefined || record.member !== member) {
        member = record.member;
        const header = looksLikeHeader(record.fields) ? record.fields : undefined;
        columns = columnsOf(header, record.fields.length, where);
        if (header) continue;
      }
      take(record.fields, columns, record.line, where);
    }
  }
  onRows?.(read);
  return inProgress;
}
