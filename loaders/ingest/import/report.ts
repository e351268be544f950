import type {FileReport} from "../../../src/lib/wire/imports.js";
import {keyText} from "../../store/key.js";
import type {RowError} from "../../errors.js";
import type {TablePlan} from "./plan.js";
import type {Passed} from "./read.js";
import type {Refused} from "./refusal.js";

/** Returns a report of a table before anything is read. */
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
    header: null,
    sample: [],
    error: null,
    fix: null
  };
}

/** Returns a report of a table that cannot be imported, or not without an answer. */
export const refusedReport = (file: string, {state, code, reason, fix, header, sample = []}: Refused): FileReport => ({
  ...emptyReport(file),
  header: header ? [...header] : null,
  sample: sample.map((fields) => [...fields]),
  state,
  code,
  error: `${file}: ${reason}`,
  fix: fix ?? null
});

/** Returns a report of a table that is about to be read. */
export const plannedReport = (file: string, plan: TablePlan): FileReport => {
  const {key, source, reading, zoneFrom, rateUnit, carriedHours, columns, observed} = plan;
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
      rateUnit: key.series === "funding" || key.series === "borrow" ? rateUnit : null,
      carriedHours: carriedHours ?? null,
      ...(reading.order && {dateOrder: reading.order}),
      ...(reading.numbers === "days" && {daysSince: 1900 as const}),
      ...(observed?.ratePeriod && {ratePeriod: observed.ratePeriod}),
      ...(observed && {knownLagMs: columns.columns.known === undefined ? (observed.lagMs ?? null) : null})
    },
    columns: columns.used,
    ignored: columns.ignored
  };
};

/** Counts of what was passed over, without those that are none. */
export class Skips {
  readonly counts: Record<string, number> = {};

  add(reason: Passed | RowError["reason"]): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
  }
}
