import {BIGINT, DuckDBDataChunk, VARCHAR, type DuckDBAppender} from "@duckdb/node-api";
import {DataError, RowError} from "../errors.js";
import {rowsOf, storedKey, type Database} from "./database.js";
import {keyText, shapeOf, type RowTable, type SeriesKey, type StoredKey} from "./key.js";
import {DECIMAL_SQL, FRACTION_DIGITS, INTEGER_DIGITS} from "./schema.js";
import {canonicalText} from "../../src/lib/money/decimal.js";
import type {CandleRow, FundingRow, MarketRow, ObservationRow, Revision} from "../rows.js";

const CHUNK = 2048;
type StagedField = keyof CandleRow | keyof FundingRow | keyof ObservationRow;
const FIELDS: Readonly<Record<RowTable, readonly StagedField[]>> = {
  candles: ["open", "high", "low", "close", "volume", "turnover"],
  funding: ["rate", "reportedHours"],
  observations: ["knownMs", "value", "notional"]
};

/** The nearest whole minute of a stamp, in SQL. */
const BOUNDARY = "cast(round(ts / 60000.0) as bigint)";

interface Digits {
  integer: number;
  fraction: number;
  negative: boolean;
}

/**
 * Rows staged for the store: appended to a temporary table as they are parsed, then written in one transaction. Each
 * row enters DuckDB as one text of its fields, at half the cost of a column each.
 */
export class Stage {
  readonly table: string;
  count = 0;
  minTs = Infinity;
  maxTs = -Infinity;
  /** true while every row is later than the one before it, so that none is a duplicate */
  private ascending = true;
  private descending = true;
  /** true where some settlements share a boundary */
  private revised = false;
  private static serial = 0;
  private readonly fields: readonly StagedField[];
  private readonly digits: Digits[];
  private appender: DuckDBAppender | undefined;
  private ts: bigint[] = [];
  private texts: string[] = [];
  private lines: bigint[] = [];

  private constructor(
    private readonly db: Database,
    readonly key: StoredKey
  ) {
    this.table = `stage_${Stage.serial++}`;
    this.fields = FIELDS[shapeOf(key.series).table];
    this.digits = this.fields.map(() => ({integer: 1, fraction: 0, negative: false}));
  }

  static async open(db: Database, key: SeriesKey): Promise<Stage> {
    const stage = new Stage(db, await storedKey(db, key));
    await db.connection.run(`create temp table ${stage.table} (ts bigint, fields varchar, line bigint)`);
    stage.appender = await db.connection.createAppender(stage.table, undefined, "temp");
    return stage;
  }

  /**
   * Adds one row. `line` is its line in the source, for error messages.
   * @throws RowError when a number has more digits than a stored decimal holds
   */
  add(row: MarketRow, line = 0): void {
    let packed = "";
    for (let i = 0; i < this.fields.length; i++) {
      const value = (row as Partial<CandleRow & FundingRow & ObservationRow>)[this.fields[i]!];
      if (i > 0) packed += ",";
      if (value === undefined) continue;
      const text = String(value);
      this.measure(text, i);
      packed += text;
    }
    this.ts.push(BigInt(row.tsMs));
    this.texts.push(packed);
    this.lines.push(BigInt(line));
    this.count++;
    if (row.tsMs <= this.maxTs) this.ascending = false;
    if (row.tsMs >= this.minTs) this.descending = false;
    if (row.tsMs < this.minTs) this.minTs = row.tsMs;
    if (row.tsMs > this.maxTs) this.maxTs = row.tsMs;
    if (this.ts.length === CHUNK) this.flush();
  }

  private get ordered(): boolean {
    return this.ascending || this.descending;
  }

  private measure(text: string, i: number): void {
    const digits = this.digits[i]!;
    const negative = text.charCodeAt(0) === 45;
    const point = text.indexOf(".");
    const integer = (point < 0 ? text.length : point) - (negative ? 1 : 0);
    const fraction = point < 0 ? 0 : text.length - point - 1;
    if (integer > INTEGER_DIGITS || fraction > FRACTION_DIGITS) {
      throw new RowError(
        "invalid",
        this.fields[i]!,
        `${text} (a stored decimal has at most ${INTEGER_DIGITS} digits before and ${FRACTION_DIGITS} after its point)`
      );
    }
    if (integer > digits.integer) digits.integer = integer;
    if (fraction > digits.fraction) digits.fraction = fraction;
    if (negative) digits.negative = true;
  }

  private flush(): void {
    if (this.ts.length === 0) return;
    const chunk = DuckDBDataChunk.create([BIGINT, VARCHAR, BIGINT]);
    chunk.setColumns([this.ts, this.texts, this.lines]);
    this.appender!.appendDataChunk(chunk);
    this.ts = [];
    this.texts = [];
    this.lines = [];
  }

  /** Flushes the last rows; the table can be read afterwards. */
  seal(): void {
    this.flush();
    this.appender?.closeSync();
    this.appender = undefined;
  }

  /**
   * Counts duplicates, which the caller's `distinct` merges.
   * @returns the number of rows that repeat another exactly
   * @throws DataError for two different rows with one stamp
   */
  async merge(): Promise<{repeats: number; revised: number}> {
    const repeats = this.ordered ? 0 : await this.countRepeats();
    if (shapeOf(this.key.series).table !== "funding") return {repeats, revised: 0};
    const [row] = await rowsOf<{n: number}>(
      this.db.connection,
      `select count(distinct ts) - count(distinct ${BOUNDARY}) as n from ${this.table}`
    );
    this.revised = row!.n > 0;
    return {repeats, revised: row!.n};
  }

  /** Returns the settlements of merged rows to which a later stamp of the same boundary gave another rate, ascending. */
  async revisions(): Promise<Revision[]> {
    if (!this.revised) return [];
    const rate = "string_split(fields, ',')[1]";
    const rows = await rowsOf<Revision>(
      this.db.connection,
      `select boundary as "boundaryTs", was, now from (
         select ${BOUNDARY} * 60000 as boundary, arg_min(${rate}, ts) as was, arg_max(${rate}, ts) as now
         from ${this.table} group by 1)
       where was::decimal(38, 18) <> now::decimal(38, 18) order by boundary`
    );
    return rows.map((row) => ({...row, was: canonicalText(row.was), now: canonicalText(row.now)}));
  }

  private async countRepeats(): Promise<number> {
    // States of a fixed size go to the disk where memory is short; texts in them would not.
    const [first] = await rowsOf<{ts: number; a: number; b: number}>(
      this.db.connection,
      `select ts, min(line) as a, max(line) as b from ${this.table} group by ts having min(hash(fields)) <> max(hash(fields)) order by a limit 1`
    );
    if (first) {
      throw new DataError(
        `invalid rows: lines ${first.a} and ${first.b} of ${keyText(this.key)} have the same instant ${first.ts} and different values`
      );
    }
    const [n] = await rowsOf<{n: number}>(
      this.db.connection,
      `select ${this.count} - count(*) as n from (select ts from ${this.table} group by ts)`
    );
    return n!.n;
  }

  /** Returns the SQL that reads the staged rows as the target table's columns, without the key. */
  select(): string {
    const columns = this.fields.map((field, i) =>
      field === "reportedHours"
        ? `nullif(f[${i + 1}], '')::double as reported_hours`
        : field === "knownMs"
          ? `f[${i + 1}]::bigint as known_ts`
          : `${decimalSql(`nullif(f[${i + 1}], '')`, this.digits[i]!)} as ${field}`
    );
    const rows = this.revised
      ? `select max(ts) as ts, arg_max(fields, ts) as fields from ${this.table} group by ${BOUNDARY}`
      : `select ${this.ordered ? "" : "distinct "}ts, fields from ${this.table}`;
    return `select ts, ${columns.join(", ")} from (select ts, string_split(fields, ',') as f from (${rows}))`;
  }

  async discard(): Promise<void> {
    this.appender?.closeSync();
    this.appender = undefined;
    await this.db.connection.run(`drop table if exists ${this.table}`);
  }
}

/**
 * Returns the SQL that casts text to DECIMAL(38,18). The direct cast uses 128-bit arithmetic, at 10 µs a value; one
 * that fits 64 bits costs a hundredth of it. The digits seen so far choose the cast; all three are exact.
 */
function decimalSql(expression: string, {integer, fraction, negative}: Digits): string {
  if (integer + fraction <= 18) return `(${expression})::decimal(18,${fraction})::${DECIMAL_SQL}`;
  if (!negative && integer <= 18) {
    const whole = `split_part(${expression}, '.', 1)::bigint::decimal(18,0)::${DECIMAL_SQL}`;
    const rest = `coalesce(('0.' || nullif(split_part(${expression}, '.', 2), ''))::decimal(18,18), 0)::${DECIMAL_SQL}`;
    return `(${whole} + ${rest})::${DECIMAL_SQL}`;
  }
  return `(${expression})::${DECIMAL_SQL}`;
}
