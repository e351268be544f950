import {DataError, type RowError} from "../../errors.js";
import {refused, stop} from "./refusal.js";

/** Records looked at after the first bad one, which tell whether it is one of few. */
const LOOK_AHEAD = 50;
/** Fewer bad rows than these may be most of a short file and still be mistakes in it. */
const MIN_BAD = 10;

/**
 * The bad rows of one table (§9.6). A few are mistakes in the file; where most are bad, its columns are not those that it
 * is read by, and to leave the bad ones out would keep what fits by chance.
 */
export class BadRows {
  private first: {error: RowError; line: number} | undefined;
  private bad = 0;
  private good = 0;
  private since = 0;

  /** @param where the table, as messages name it */
  constructor(
    private readonly where: string,
    private readonly onBad: "refuse" | "skip"
  ) {}

  /** Counts a record without an error. */
  isGood(): void {
    this.good++;
  }

  isBad(error: RowError, line: number): void {
    this.first ??= {error, line};
    this.bad++;
  }

  /** Returns true once enough is known to refuse the table; to be called after each record. */
  get areEnough(): boolean {
    return this.onBad === "refuse" && this.first !== undefined && ++this.since > LOOK_AHEAD;
  }

  /**
   * Checks what was counted, at the end of the table or of what was looked at.
   * @throws DataError for the first bad row, where bad rows refuse the file; Stop where most rows are bad
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
    throw new DataError(`${where}:${line}: ${error.message}`, {
      fix: "correct the row, or pass --bad-rows skip to leave bad rows out",
      cause: error
    });
  }
}
