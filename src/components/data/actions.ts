import type { Hole, SeriesStatus } from "../feed/types.js";

/** What the rows of the tables can have done; undefined while no engine is up. */
export interface SeriesActions {
  refresh: (series: SeriesStatus) => void;
  check: (series: SeriesStatus) => void;
  fill: (series: SeriesStatus, hole: Hole) => void;
}
