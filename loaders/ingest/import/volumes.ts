import type {ColumnPlan} from "./columns.js";
import {plainNumber, type NumberStyle} from "./numbers.js";
import {open, stop} from "./refusal.js";
import type {TableRecord} from "./table.js";

/** Checks that a volume in coins is none in quote, where both are there: one is the other times the price. */
export function checkVolume(sample: readonly TableRecord[], {columns}: ColumnPlan, style: NumberStyle): void {
  const {volume, turnover, close} = columns;
  if (volume === undefined || turnover === undefined) return;
  const ratios = sample.slice(0, 500).flatMap(({fields}) => {
    const [v, t, price] = [volume, turnover, close!].map((i) => Number(plainNumber(fields[i] ?? "", style)));
    return v! > 0 && t! > 0 && price! > 0 ? [t! / (v! * price!)] : [];
  });
  if (ratios.length < 3) return;
  const middle = ratios.sort((a, b) => a - b)[ratios.length >> 1]!;
  if (middle > 0.5 && middle < 2) return;
  stop(
    open(
      "volume",
      "its turnover is not its volume times its price: which is in coins and which in quote?",
      "name both with --columns volume=…,turnover=…"
    )
  );
}
