import type {TradeReport} from "../../lib/wire/trade.js";
import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {DownloadButtons, type Field} from "../ui/download.js";
import {instant, number, plural, signGlyph} from "../ui/format.js";
import {getParam, setParam} from "../ui/query.js";

const OUTCOMES = ["all", "gained", "lost", "liquidated"];

const text = (name: keyof TradeReport): Field<TradeReport> => ({
  name,
  type: "text",
  value: (d) => d[name] as string
});

/** Columns of the download; money as exact decimal text. */
const TRADE_FIELDS: readonly Field<TradeReport>[] = [
  text("id"),
  text("pair"),
  {name: "entry", type: "text", value: (d) => new Date(d.entryTs).toISOString()},
  {name: "exit", type: "text", value: (d) => new Date(d.exitTs).toISOString()},
  ...(
    ["entryReason", "exitReason", "spotQty", "perpQty", "spotEntry", "spotExit", "perpEntry", "perpExit"] as const
  ).map(text),
  {name: "payments", type: "number", value: (d) => d.payments},
  ...(
    ["funding", "basis", "fees", "slippage", "borrow", "liquidationLoss", "liquidationDrift", "net", "capital"] as const
  ).map(text)
];

/** Draws the table of trades with filters by pair, outcome and reason; the entry time opens a trade. */
export function TradeList(
  trades: readonly TradeReport[],
  {
    unit,
    nothing = "These rules never opened a hedge.",
    onOpen
  }: {unit: string; nothing?: string; onOpen: (trade: TradeReport) => void}
): HTMLElement {
  const pairs = [...new Set(trades.map((d) => d.pair))].sort();
  const reasons = [...new Set(trades.map((d) => d.exitReason))].sort();
  const pair = choice("trade-pair", "Pair", "tpair", ["all", ...pairs]);
  const outcome = choice("trade-outcome", "Outcome", "outcome", OUTCOMES);
  const reason = choice("trade-reason", "Closed because", "reason", ["all", ...reasons]);
  const table = h("div", {});
  let shown: readonly TradeReport[] = trades;

  function choice(id: string, label: string, param: string, values: readonly string[]) {
    const given = getParam(param);
    const select = h(
      "select",
      {
        id,
        input: () => {
          setParam(param, select.value, {fallback: values[0]!});
          draw();
        }
      },
      values.map((value) => h("option", {value, selected: value === given}, value))
    );
    return {select, element: h("div", {class: "control"}, h("label", {for: id}, label), select)};
  }
  function draw(): void {
    const rows = trades.filter(
      (d) =>
        (pair.select.value === "all" || d.pair === pair.select.value) &&
        (reason.select.value === "all" || d.exitReason === reason.select.value) &&
        (outcome.select.value === "all" ||
          (outcome.select.value === "gained" && Number(d.net) > 0) ||
          (outcome.select.value === "lost" && Number(d.net) <= 0) ||
          (outcome.select.value === "liquidated" && d.exitReason === "liquidated"))
    );
    shown = rows;
    table.replaceChildren(
      DataTable(rows, {
        caption: `${plural(rows.length, "trade")} of ${trades.length}; money in ${unit}`,
        param: "trades",
        pageSize: 15,
        nothing: trades.length ? "No trade matches." : nothing,
        onSort: (sorted) => (shown = sorted),
        columns: [
          {
            key: "entryTs",
            label: "Opened, UTC",
            align: "left",
            value: (d) => d.entryTs,
            cell: (d) =>
              h(
                "button",
                {
                  type: "button",
                  class: "link",
                  title: `open trade ${d.id}`,
                  "data-trade": d.id,
                  click: () => onOpen(d)
                },
                instant(d.entryTs).slice(0, 16)
              )
          },
          {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
          {
            key: "exitTs",
            label: "Closed, UTC",
            align: "left",
            value: (d) => d.exitTs,
            cell: (d) => instant(d.exitTs).slice(0, 16)
          },
          {key: "reason", label: "Closed because", align: "left", value: (d) => d.exitReason},
          {
            key: "hours",
            label: "Held, h",
            value: (d) => d.holdingHours,
            cell: (d) => number(d.holdingHours, 0),
            first: "descending"
          },
          {key: "payments", label: "Payments", value: (d) => d.payments, first: "descending"},
          money("funding", "Funding"),
          money("basis", "Basis"),
          money("fees", "Fees"),
          money("slippage", "Slippage"),
          {
            key: "net",
            label: "Net",
            first: "descending",
            value: (d) => Number(d.net),
            cell: (d) =>
              h(
                "span",
                {class: Number(d.net) > 0 ? "earned" : "paid", title: d.net},
                `${signGlyph(Number(d.net))} ${number(Number(d.net), 2)}`
              )
          }
        ]
      })
    );
  }
  function money(key: "funding" | "basis" | "fees" | "slippage", label: string) {
    return {
      key,
      label,
      first: "descending" as const,
      value: (d: TradeReport) => Number(d[key]),
      cell: (d: TradeReport) => h("span", {title: d[key]}, number(Number(d[key]), 2))
    };
  }
  draw();
  return h(
    "div",
    {},
    h("div", {class: "controls"}, pair.element, outcome.element, reason.element),
    table,
    DownloadButtons(() => shown, {fields: TRADE_FIELDS, name: "carrybook-trades", noun: "trade"})
  );
}
