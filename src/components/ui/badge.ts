import {h} from "./dom.js";
import {span} from "./format.js";
import type {SeriesStatus, Status} from "../feed/types.js";

/** Draws a short word in a frame. The kind decides the colour; the word alone carries the meaning. */
export function badge(text: string, kind: "plain" | "good" | "warn" | "bad" = "plain", title?: string): HTMLElement {
  return h("span", {class: `badge badge--${kind}`, title}, text);
}

const SOURCES: Record<Status["source"], string> = {
  demo: "simulated on this machine",
  venue: "fetched from a venue",
  import: "imported from files",
  mixed: "fetched and imported"
};

/** Shows the source of the rows: demo, venue or import, with the venues' names. */
export function sourceBadge(status: Status): HTMLElement {
  const venues = [...new Set(status.series.map((d) => d.venue))].sort();
  const name = status.simulated ? "demo" : status.source;
  return badge(
    [name, ...(status.simulated ? [] : venues)].join(" · "),
    status.simulated ? "warn" : "plain",
    `${SOURCES[status.simulated ? "demo" : status.source]}${status.origin ? ` (${status.origin})` : ""}`
  );
}

/** Shows the age of the newest row of a series, graded by the interval of the series. */
export function freshnessBadge({
  freshness,
  ageMs
}: {
  freshness: SeriesStatus["freshness"];
  ageMs: number | null;
}): HTMLElement {
  const kind = freshness === "fresh" ? "good" : freshness === "aging" ? "plain" : "warn";
  return badge(freshness, kind, ageMs === null ? "no rows" : `newest row ended ${span(ageMs)} ago`);
}
