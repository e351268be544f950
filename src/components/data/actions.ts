import type { Hole, SeriesStatus } from "../feed/types.js";

/** Actions of the rows of the series tables, available while the engine is up. */
export interface SeriesActions {
  refresh: (series: SeriesStatus) => void;
  check: (series: SeriesStatus) => void;
  fill: (series: SeriesStatus, hole: Hole) => void;
}
