import {RowError} from "../../errors.js";
import {isNothing} from "./cells.js";
import type {Table, TableRecord} from "./table.js";

/** Fewer rows say too little of how long their last cell is. */
const MIN_ROWS = 3;

/** True for a record with a cell for each column; empty cells behind the last one are none. */
export const isWhole = ({fields}: TableRecord, {width}: Pick<Table, "width">): boolean =>
  fields.length === width ||
  (fields.length > width && fields.slice(width).every((cell) => cell === null || cell === ""));

/**
 * Checks the shape of records in their order: a record with another number of cells is no row, nor is the last one of a
 * text that ends within a cell.
 * @param used the columns whose values are read
 * @returns a function that throws a RowError for such a record
 */
export function shapeCheck(table: Table, used: Iterable<number>): (record: TableRecord) => void {
  const {width} = table;
  const last = width - 1;
  const matters = new Set(used).has(last);
  let rows = 0;
  let shortest = Infinity;
  let fewestDecimals = Infinity;
  return (record) => {
    const {fields, unended} = record;
    if (!isWhole(record, table)) throw new RowError("invalid", "row", `${fields.length} cells in ${width} columns`);
    if (!matters) return;
    const cell = fields[last] ?? "";
    const length = isNothing(cell) ? 0 : cell.length;
    const decimals = decimalsOf(cell);
    // A cut number is a number like others: all that shows is that it is the shortest, and that no line end follows.
    if (unended && rows >= MIN_ROWS && (length < shortest || decimals < fewestDecimals)) {
      throw new RowError("invalid", "row", `the file ends in its last cell, ${JSON.stringify(cell)}, which may be cut`);
    }
    rows++;
    shortest = Math.min(shortest, length);
    fewestDecimals = Math.min(fewestDecimals, decimals);
  };
}

/** Digits behind the point of a number; of one with an exponent none are counted. */
const decimalsOf = (cell: string): number => /^[^.,]*[.,](\d*)%?$/.exec(cell)?.[1]!.length ?? 0;
