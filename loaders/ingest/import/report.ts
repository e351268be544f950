import type {Conflict} from "../../store/write.js";
import {keyText} from "../../store/key.js";
import type {TablePlan} from "./plan.js";
import type {Passed} from "./read.js";
import type {Refused} from "./refusal.js";

/** What became of a table: `open` ones wait for an answer, `failed` ones hold a row that is none. */
export type FileState = "planned" | "stored" | "open" | "refused" | "failed";

/** One table of an import, as the command line, the API and `--json` report it. Instants are UTC ms. */
export interface FileReport {
  /** the file, with the member of an archive behind it */
  file: string;
  state: FileState;
  /** why it was not imported: a code of `Refused`, or `bad-row`; null where it was */
  code: string | null;
  /** the history it belongs to, as venue, pair, series and timeframe; empty where that is not known */
  history: string;
  /** what the file was taken for; null where it was not planned */
  taken: {
    venue: string;
    pair: string;
    series: string;
    timeframe: string | null;
    source: string | null;
    zone: string | null;
    zoneFrom: string;
    rateUnit: string | null;
    carriedHours: number | null;
  } | null;
  /** the file's own columns by field, and those that were not read */
  columns: Record<string, string>;
  ignored: string[];
  /** rows of the history in the file, repeats merged */
  rows: number;
  /** rows that the store did not have, had alike, and had with other values */
  new: number;
  same: number;
  different: number;
  /** rows written: the new ones, and with `--replace` the different ones */
  changed: number;
  /** rows that repeated another of the file to the letter */
  repeats: number;
  /** settlements that another of the same boundary and a later stamp replaced */
  revised: number;
  /** rows left out because their candle or settlement had not ended yet */
  inProgress: number;
  /** records passed over, by reason */
  skipped: Record<string, number>;
  /** numbers rounded at the 18th digit */
  rounded: number;
  /** the first rows that differ, both values as text */
  conflicts: Conflict[];
  from: number | null;
  to: number | null;
  /** the median size of the rates, as a share; null for candles */
  typicalRate: string | null;
  /** the first records, as the file has them */
  sample: (string | null)[][];
  error: string | null;
  fix: string | null;
}

/** A report of a table before anything is read. */
export function emptyReport(file: string): FileReport {
  return {
    file,
    state: "refused",
    code: null,
    history: "",
    taken: null,
    columns: {},
    ignored: [],
    rows: 0,
    new: 0,
    same: 0,
    different: 0,
    changed: 0,
    repeats: 0,
    revised: 0,
    inProgress: 0,
    skipped: {},
    rounded: 0,
    conflicts: [],
    from: null,
    to: null,
    typicalRate: null,
    sample: [],
    error: null,
    fix: null
  };
}

/** A report of a table that cannot be imported, or not without an answer. */
export const refusedReport = (file: string, {state, code, reason, fix}: Refused): FileReport => ({
  ...emptyReport(file),
  state,
  code,
  error: `${file}: ${reason}`,
  fix: fix ?? null
});

/** A report of a table that is about to be read. */
export const plannedReport = (file: string, plan: TablePlan): FileReport => {
  const {key, source, reading, zoneFrom, rateUnit, carriedHours, columns} = plan;
  return {
    ...emptyReport(file),
    state: "planned",
    history: keyText(key),
    taken: {
      venue: key.venue,
      pair: key.pair,
      series: key.series,
      timeframe: key.timeframe || null,
      source: source ?? null,
      zone: zoneFrom === "stamps" ? null : (reading.zone ?? null),
      zoneFrom,
      rateUnit: key.series === "funding" ? rateUnit : null,
      carriedHours: carriedHours ?? null
    },
    columns: columns.used,
    ignored: columns.ignored
  };
};

/** Counts of what was passed over, without those that are none. */
export class Skips {
  readonly counts: Record<string, number> = {};

  add(reason: Passed | string): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
  }
}
