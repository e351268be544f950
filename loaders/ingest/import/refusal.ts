/** Why a table is not imported; `open` ones can be answered with the flag named. */
export interface Refused {
  state: "open" | "refused";
  code:
    | "unreadable"
    | "not-history"
    | "contract"
    | "series"
    | "pair"
    | "several-pairs"
    | "other-pair"
    | "other-venue"
    | "timeframe"
    | "columns"
    | "volume"
    | "forecast"
    | "tz"
    | "local-clock"
    | "date-order"
    | "stamps"
    | "decimal"
    | "rate-unit"
    | "rate-period"
    | "known"
    | "carried-rates"
    | "rows";
  reason: string;
  fix: string | undefined;
  /** the columns' names and the first records as the file has them, to answer by */
  header?: readonly string[] | undefined;
  sample?: readonly (readonly (string | null)[])[];
}

export const refused = (code: Refused["code"], reason: string, fix?: string): Refused => ({
  state: "refused",
  code,
  reason,
  fix
});
export const open = (code: Refused["code"], reason: string, fix: string): Refused => ({
  state: "open",
  code,
  reason,
  fix
});
/** Carries a refusal out of the small steps of a plan. */
export class Stop extends Error {
  constructor(readonly refusal: Refused) {
    super(refusal.reason);
  }
}
export const stop = (refusal: Refused): never => {
  throw new Stop(refusal);
};
