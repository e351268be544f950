import type {LabRun} from "../../lib/workers/lab.js";
import {readAddress, whyInvalid, type RunRequest} from "../../lib/strategy/request.js";
import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {number, percent} from "../ui/format.js";
import {getParam, setParams} from "../ui/query.js";
import {statistic} from "../run/runWords.js";

/** A variant kept for comparison: a strategy, run on the current pairs and range. */
export interface Variant {
  strategy: string;
  set: Readonly<Record<string, string>>;
}

/** Variants kept beside the current settings. */
export const MAX_KEPT = 3;
const NAMES = ["B", "C", "D"];

/** Returns a variant as a query parameter: `balanced;leverage:2`. */
export const variantText = ({strategy, set}: Variant): string =>
  [strategy, ...Object.entries(set).map(([key, value]) => `${key}:${value}`)].join(";");

/** Reads it back; undefined where it is none or cannot run. */
export function variantFrom(text: string, fallback: RunRequest): Variant | undefined {
  const [strategy = "", ...settings] = text.split(";");
  const values = new Map(settings.map((setting) => setting.split(":") as [string, string]));
  const {request, problems} = readAddress(
    (name) => (name === "strategy" ? strategy : (values.get(name) ?? null)),
    fallback
  );
  return problems.length || whyInvalid(request) ? undefined : {strategy: request.strategy, set: request.set};
}

/** The variants in the address. */
export const keptVariants = (fallback: RunRequest): Variant[] =>
  NAMES.map((name) => getParam(`variant${name}`))
    .filter((text) => text !== null)
    .flatMap((text) => variantFrom(text, fallback) ?? []);

export const writeVariants = (kept: readonly Variant[]): void =>
  setParams(Object.fromEntries(NAMES.map((name, i) => [`variant${name}`, kept[i] ? variantText(kept[i]) : null])));

/** Returns the letter of a variant; the current settings are A. */
export const variantName = (i: number): string => (i === 0 ? "A" : NAMES[i - 1]!);

/** Describes the settings of a variant. */
const variantWords = ({strategy, set}: Variant): string =>
  [strategy, ...Object.entries(set).map(([key, value]) => `${key} ${value}`)].join(", ");

interface Row {
  name: string;
  variant: Variant;
  run: LabRun | undefined;
}

/** Draws up to four variants side by side, with buttons to use or remove one. */
export function VariantTable(
  rows: readonly Row[],
  {onUse, onDrop}: {onUse: (i: number) => void; onDrop: (i: number) => void}
): HTMLElement {
  const totals = (d: Row) => d.run?.report.portfolio.totals;
  const metrics = (d: Row) => d.run?.report.portfolio.metrics;
  return DataTable(rows, {
    caption: "Variants on the same pairs and range; A is the current one",
    columns: [
      {key: "name", label: "Variant", align: "left", value: (d) => d.name},
      {key: "words", label: "Rules", align: "left", wrap: true, value: (d) => variantWords(d.variant)},
      {
        key: "net",
        label: "Net",
        first: "descending",
        value: (d) => (totals(d) ? Number(totals(d)!.net) : null),
        cell: (d) => number(totals(d) ? Number(totals(d)!.net) : null, 2)
      },
      {
        key: "annual",
        label: "% a year",
        first: "descending",
        value: (d) => metrics(d)?.annualReturn ?? null,
        cell: (d) => percent(metrics(d)?.annualReturn, 2)
      },
      {
        key: "drawdown",
        label: "Drawdown",
        value: (d) => metrics(d)?.maxDrawdown ?? null,
        cell: (d) => percent(metrics(d)?.maxDrawdown, 2)
      },
      {
        key: "sharpe",
        label: "Sharpe",
        value: (d) => (typeof metrics(d)?.sharpe === "number" ? (metrics(d)!.sharpe as number) : null),
        cell: (d) => statistic(metrics(d)?.sharpe)
      },
      {key: "trades", label: "Trades", value: (d) => totals(d)?.trades ?? null},
      {
        key: "act",
        label: "Action",
        value: () => null,
        cell: (d) => {
          const i = rows.indexOf(d);
          return i === 0
            ? ""
            : h(
                "span",
                {class: "pager"},
                h("button", {type: "button", class: "button", click: () => onUse(i - 1)}, `Use ${d.name}`),
                h("button", {type: "button", class: "button", click: () => onDrop(i - 1)}, `Remove ${d.name}`)
              );
        }
      }
    ]
  });
}
