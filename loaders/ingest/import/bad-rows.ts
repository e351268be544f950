import {DataError, type RowError} from "../../errors.js";
import {refused, stop} from "./refusal.js";

/** Records looked at behind the first bad one, to tell whether it is one of few. */
const LOOK_AHEAD = 50;
/** Fewer bad rows than these may be most of a short file and still be mistakes in it. */
const MIN_BAD = 10;

/**
 * Counts the bad rows of one table (§9.6). A few are mistakes in the file; where most are bad, it is not written as it is
 * read, and to leave the bad ones out would keep what fits by chance.
 */
export class BadRows {
  private first: {error: RowError; line: number; after: number} | undefined;
  private bad = 0;
  private good = 0;

  /**
   * @param where the table, as messages name it
   * @param onBad whether one bad row refuses the table, or is left out
   */
  constructor(
    private readonly where: string,
    private readonly onBad: "refuse" | "skip"
  ) {}

  countGood(): void {
    this.good++;
  }

  /** @param line line of the row in its file, from 1 */
  countBad(error: RowError, line: number): void {
    this.first ??= {error, line, after: this.good};
    this.bad++;
  }

  /** True once enough is known to refuse the table; the rest need not be read. */
  get isDecided(): boolean {
    const {first, bad, good} = this;
    return this.onBad === "refuse" && first !== undefined && bad + good - first.after > LOOK_AHEAD;
  }

  /**
   * Checks what was counted, once the table has ended or {@link isDecided}.
   * @throws DataError for the first bad row, where bad rows refuse the table; a refusal where most rows are bad
   */
  check(): void {
    const {first, bad, good, where} = this;
    if (first === undefined) return;
    const {error, line} = first;
    if (bad >= MIN_BAD && bad > good) {
      stop(
        refused(
          "columns",
          `most of its rows are bad, the first at line ${line}: ${error.message}; it is not written as it is read`,
          "name its columns with --columns, e.g. ts=1,open=2,close=3, or say how its numbers are written with --decimal"
        )
      );
    }
    if (this.onBad === "skip") return;
    throw new DataError(`${where}:${line}: ${error.message}`, {fix: CORRECT, cause: error});
  }
}

/** What to do about one row that is wrong. */
export const CORRECT = "correct the row, or pass --bad-rows skip to leave bad rows out";
