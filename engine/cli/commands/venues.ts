import {VENUES, type VenueRecord} from "../../../loaders/exchange/venues.js";
import type {Define} from "../define.js";

/** Words of each way in which settlements are asked for. */
const PAGING: Readonly<Record<NonNullable<VenueRecord["funding"]>["paging"], string>> = {
  backward: "backward from an end",
  window: "both ends",
  pages: "numbered pages",
  newest: "newest page only"
};

const depthOf = (depth: number | "all" | "unknown", unit: string): string =>
  typeof depth === "number" ? `${depth.toLocaleString("en-US")} ${unit}` : depth;

function openInterestOf({openInterest}: VenueRecord): string {
  if (typeof openInterest !== "object") return openInterest ?? "no";
  const {timeframes, depth} = openInterest;
  const past = depth === "all" ? depth : "days" in depth ? depthOf(depth.days, "days") : depthOf(depth.rows, "rows");
  return `${timeframes.join(" ")}, ${past}`;
}

export function venuesCommand(define: Define): void {
  define("venues", "what each venue serves: funding history, candles, clock, settle currencies", (command, run) =>
    command.action(() =>
      run(async ({output}) => {
        output.table(
          [...VENUES],
          [
            {title: "venue", value: (v) => v.venue},
            {title: "funding", value: ({funding}) => (funding ? PAGING[funding.paging] : "–")},
            {title: "rows a page", value: ({funding}) => (funding ? String(funding.rows) : "–"), align: "right"},
            {title: "past", value: ({funding}) => (funding ? depthOf(funding.depth, "days") : "–")},
            {title: "candles", value: (v) => v.candles.series.join(", ")},
            {title: "timeframes", value: (v) => v.candles.timeframes.join(" ")},
            {title: "candles go back", value: (v) => depthOf(v.candles.depth, "rows")},
            {title: "clock", value: (v) => (v.clock === "date" ? "Date header" : "endpoint")},
            {title: "settles in", value: (v) => v.settles.join(", ")},
            {title: "open interest", value: (v) => openInterestOf(v)},
            {title: "borrow rates", value: (v) => v.borrow ?? "no"},
            {title: "cannot be used", value: (v) => v.missing ?? "–"}
          ]
        );
        output.note(
          '"files": the venue publishes it, this program reads it from imported files only. ' +
            "Where the past is unknown, coverage begins at the first row"
        );
      })
    )
  );
}
