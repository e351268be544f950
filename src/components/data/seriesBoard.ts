import {h} from "../ui/dom.js";
import {engineClient, type EngineClient} from "../engine/engineClient.js";
import {DataCoverage, HoleTable, SeriesTable, filterSeries, type SeriesFilter} from "./dataPage.js";
import {RemarkTable} from "./remarkTable.js";
import {seriesName} from "../charts/coverageStrip.js";
import {instant, plural} from "../ui/format.js";
import {whilePlaced, type LiveStatus} from "./liveStatus.js";
import type {SeriesStatus} from "../feed/types.js";
import {errorWords, plannedWords} from "../ingest/workModel.js";
import type {CheckedReport, PlannedReport} from "../../lib/wire/data.js";
import type { SeriesActions } from "./actions.js";

/** Returns the key of a history as the API expects it. */
export const historyOf = ({venue, pair, series, timeframe}: SeriesStatus) => ({
  venue,
  pair,
  series,
  ...(timeframe !== "" && {timeframe})
});

/** What a look at one history's rows found. */
export function checkedWords({rows, holes, changed}: Pick<CheckedReport, "rows" | "holes" | "changed">, name: string): string {
  const found = holes.length
    ? `${plural(holes.length, "hole")} of ${plural(
        holes.reduce((sum, hole) => sum + hole.rows, 0),
        "row"
      )}`
    : "no hole";
  return `${name}: ${plural(rows, "row")} checked, ${found}${changed ? "; the recorded holes were wrong and are corrected" : ", as recorded"}.`;
}

/**
 * Draws the tables of series, holes and findings: live and with actions while the engine is up, else as built.
 */
export function SeriesBoard(
  live: LiveStatus,
  filter: SeriesFilter,
  client: EngineClient = engineClient()
): {series: HTMLElement; holes: HTMLElement; remarks: HTMLElement} {
  const run = async <T>(said: HTMLElement, doing: Promise<T>, words: (answer: T) => string): Promise<void> => {
    try {
      said.textContent = words(await doing);
      live.reload();
    } catch (error) {
      said.textContent = errorWords(error);
    }
  };
  const planned = (answer: PlannedReport) => plannedWords(answer).join(" ");
  const name = (d: SeriesStatus) => `${d.pair} ${seriesName(d)}`;
  const actionsOf = (said: HTMLElement): SeriesActions => ({
    refresh: (d) => void run(said, client.post<PlannedReport>("/series/refresh", historyOf(d)), planned),
    check: (d) =>
      void run(said, client.post<CheckedReport>("/gaps/check", historyOf(d)), (answer) =>
        checkedWords(answer, name(d))
      ),
    fill: (d, {from, to}) =>
      void run(
        said,
        client.post<PlannedReport>("/gaps/fill", {...historyOf(d), from, to}),
        (answer) => `${name(d)} from ${instant(from)}: ${planned(answer)}`
      )
  });
  const shown = () => filterSeries(live.status?.series ?? [], filter);

  function part<T>(
    make: (actions: SeriesActions | undefined) => {element: HTMLElement; update: (value: T) => void},
    value: () => T
  ): HTMLElement {
    const said = h("p", {class: "step-note row-said", role: "status"});
    const place = h("div", {});
    const element = h("div", {}, said, place);
    let table: ReturnType<typeof make> | undefined;
    let withActions: boolean | undefined;
    whilePlaced(element, live, () => {
      // Actions need an engine.
      if (!table || withActions !== live.live) {
        withActions = live.live;
        table = make(live.live ? actionsOf(said) : undefined);
        place.replaceChildren(table.element);
      }
      table.update(value());
    });
    return element;
  }
  return {
    // Only pairs in the build have a page.
    series: part(
      (actions) => SeriesTable(live.built?.series ?? [], actions),
      () => shown()
    ),
    holes: part((actions) => HoleTable(actions), shown),
    remarks: part(() => RemarkTable(), shown)
  };
}

/** Charts the coverage of the filtered series, live. */
export function CoverageBoard(live: LiveStatus, filter: SeriesFilter): HTMLElement {
  const element = h("div", {});
  let last = "";
  whilePlaced(element, live, () => {
    const series = filterSeries(live.status?.series ?? [], filter);
    const now = JSON.stringify(
      series.map(({venue, pair, series: s, timeframe, from, to, holes}) => [venue, pair, s, timeframe, from, to, holes])
    );
    if (now === last) return;
    last = now;
    element.replaceChildren(DataCoverage(series));
  });
  return element;
}
