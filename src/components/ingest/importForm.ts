import {select} from "../ui/controls.js";
import {h} from "../ui/dom.js";
import {Command} from "../ui/emptyState.js";
import {TextField} from "../ui/textField.js";
import {importCommand} from "./workCommand.js";
import {IMPORTABLE, TIMEFRAMES} from "./workRequest.js";

const FROM_FILE = {value: "", label: "from the file"};

/** Composes the command that imports files. A page cannot read local folders, so the user runs it. */
export function ImportForm(): HTMLElement {
  const field = (id: string, label: string, hint: string, value = "", suggest: readonly string[] = []) =>
    TextField({id: `import-${id}`, label, hint, value, suggest, onInput: () => update()});
  const path = field("path", "Files or folders", "CSV, gzip, zip or Parquet", "downloads/");
  const venue = field("venue", "Venue of the files", "a ccxt id", "binance", ["binance", "bybit", "okx"]);
  const pair = field("pair", "Pair", "empty: taken from the file name");
  const columns = field("columns", "Columns, if the header has no names", "e.g. ts=open_time,close=4");
  const series = select([FROM_FILE, ...IMPORTABLE.map(({value, label}) => ({value, label}))], {label: "Series"});
  const timeframe = select([FROM_FILE, ...TIMEFRAMES.map((d) => ({value: d as string, label: d as string}))], {
    label: "Timeframe of candles"
  });
  const command = Command("");
  const update = (): void => {
    command.querySelector("code")!.textContent = importCommand({
      path: path.input.value,
      venue: venue.input.value,
      pair: pair.input.value,
      series: series.value,
      timeframe: timeframe.value,
      columns: columns.input.value
    });
  };
  for (const control of [series, timeframe]) control.addEventListener("input", update);
  update();
  return h(
    "section",
    {class: "settings ingestion", "aria-label": "Import files"},
    h("div", {class: "settings-grid"}, path.element, venue.element, pair.element, columns.element),
    h("div", {class: "controls"}, series, timeframe),
    h("p", {}, "Run this in the Carrybook folder:"),
    command
  );
}
