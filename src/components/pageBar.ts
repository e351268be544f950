import {h} from "./ui/dom.js";
import {age, day, instant, percent} from "./ui/format.js";
import {badge, sourceBadge} from "./ui/badge.js";
import {EmptyState, startLink} from "./ui/emptyState.js";
import {EngineStrip} from "./engine/engineStrip.js";
import type {SeriesStatus, Status} from "./feed/types.js";

/** Options of {@link PageBar} and {@link Banner}. */
interface PageBarOptions {
  /** The series the page is about; all by default. */
  series?: readonly SeriesStatus[];
  now?: number;
  /** An engine strip that is already on the page, to be kept. */
  strip?: HTMLElement;
}

/**
 * Draws the line on top of every page: source, age and coverage of the data, and the state of the engine. Its height
 * does not depend on the data; longer warnings go into the {@link Banner} below the title.
 */
export function PageBar(
  status: Status | null,
  {series = status?.series ?? [], now = Date.now(), strip = EngineStrip()}: PageBarOptions = {}
): HTMLElement {
  if (!status) return h("div", {class: "page-bar"}, badge("unreadable", "bad"), strip);
  const last = latest(series);
  const coverage = meanCoverage(series);
  return h(
    "div",
    {class: "page-bar"},
    status.state === "empty" ? null : sourceBadge(status),
    last === null
      ? h("span", {}, "no data yet")
      : h("span", {title: `read ${instant(status.asOf)}`}, `data as of ${instant(last)} (${age(last, now)})`),
    coverage === null ? null : h("span", {}, `coverage ${coverageText(coverage)}`),
    strip
  );
}

/** Warns below the title when the data is simulated, stale, missing or unreadable, with the command that helps. */
export function Banner(
  status: Status | null,
  {series = status?.series ?? [], now = Date.now()}: PageBarOptions = {}
): HTMLElement {
  if (!status) {
    return h(
      "p",
      {class: "banner banner--critical", role: "alert"},
      "The data status could not be read. Run npx carrybook doctor to see why."
    );
  }
  if (status.state === "empty" || !status.series.length) return EmptyState();
  const last = latest(series);
  return h(
    "div",
    {},
    status.simulated
      ? h(
          "p",
          {class: "banner"},
          badge("demo", "warn"),
          " Simulated data, generated on this machine: these are not prices of any venue. For a venue's history, ",
          startLink("Get started"),
          " or run ",
          h("code", {}, "npx carrybook backfill --top 20 --days 365")
        )
      : null,
    last !== null && now - last > 864e5
      ? h(
          "p",
          {class: "banner"},
          badge("stale", "warn"),
          ` The newest row is from ${day(last)}, ${age(last, now)}: this page describes that day, not today. To fetch newer rows, run `,
          h("code", {}, "npx carrybook update"),
          " or import newer files: ",
          h("code", {}, "npx carrybook import FILE… --venue V")
        )
      : null
  );
}

const latest = (series: readonly SeriesStatus[]): number | null =>
  series.reduce<number | null>((max, d) => {
    const at = d.lastTs ?? d.to;
    return at !== null && (max === null || at > max) ? at : max;
  }, null);

/** Returns the pairs with settled funding: only these have a page of their own. */
export const pairsWithPage = (series: readonly SeriesStatus[]): Set<string> =>
  new Set(series.filter((d) => d.series === "funding").map((d) => d.pair));

/** Returns present over expected rows of all series together, as a share; null without an expected row. */
export function meanCoverage(series: readonly SeriesStatus[]): number | null {
  let rows = 0;
  let expected = 0;
  for (const d of series) {
    if (!d.rows || !d.coverage) continue;
    rows += d.rows;
    expected += d.rows / d.coverage;
  }
  return expected ? rows / expected : null;
}

/** Formats a coverage with enough digits that it never reads 100 % while rows are missing. */
export const coverageText = (share: number | null | undefined): string =>
  percent(share, share !== null && share !== undefined && share > 0.9995 && share < 1 ? 3 : 1);
