import {count, plural, span} from "../ui/format.js";
import type {EstimateReport} from "../../lib/wire/data.js";

/** Describes the cost of a fetch: requests, rows and time, then the histories it covers and skips. */
export function estimateWords({requests, rows, histories, complete, seconds, pairs}: EstimateReport): string[] {
  const asked = `${plural(histories, "history", "histories")} of ${plural(pairs.length, "pair")}`;
  if (!histories) return ["This venue has none of the selected series."];
  if (!requests) return [`Nothing is missing: ${asked} ${histories === 1 ? "is" : "are all"} complete.`];
  return [
    `${plural(requests, "request")} for about ${plural(rows, "row")}: ${timeWords(seconds)} at the current rate limit, longer on a slow network.`,
    `${asked}${complete ? `, of which ${count(complete)} ${complete === 1 ? "is" : "are"} complete and skipped` : ""}.`
  ];
}

/** Formats an estimated duration. */
export const timeWords = (seconds: number): string =>
  seconds <= 1 ? "about a second" : `about ${span(Math.ceil(seconds) * 1_000)}`;

/** Lists the pairs of an estimate, at most `most` by name. */
export const pairWords = ({pairs}: Pick<EstimateReport, "pairs">, most = 12): string =>
  pairs.length > most ? `${pairs.slice(0, most).join(", ")} and ${count(pairs.length - most)} more` : pairs.join(", ");
