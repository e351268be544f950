import type {Reconciliation, ReconciliationRow} from "../../lib/wire/trading.js";
import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {ACCOUNT_UNIT} from "./engineModel.js";
import {LevelMark} from "./enginePositions.js";
import {instant} from "../ui/format.js";

/** Labels of the components, with units. */
const COMPONENTS: Readonly<Record<ReconciliationRow["component"], string>> = {
  coins: "coins held",
  short: "coins short",
  cash: `change of cash, ${ACCOUNT_UNIT}`,
  orders: "open orders",
  fees: "taker fee, share"
};

/** Draws the reconciliation of the ledger with the venue, by component, and what the next step records. */
export function BooksTable(found: Reconciliation | null): HTMLElement {
  if (!found) return h("p", {class: "muted"}, "Ledger and venue have not been compared yet.");
  const {ts, agrees, pending, rows} = found;
  // mismatches first
  const sorted = [...rows].sort((a, b) => Number(a.agrees) - Number(b.agrees));
  return h(
    "div",
    {},
    agrees
      ? null
      : h(
          "p",
          {class: "banner banner--critical", role: "alert"},
          "Ledger and venue do not match. The engine does not trade until they do."
        ),
    DataTable(sorted, {
      caption: `Ledger against venue, ${instant(ts)}: ${agrees ? "they match" : "they do NOT match"}`,
      param: "books",
      pageSize: 12,
      nothing: "No position and no cash flow to compare.",
      columns: [
        {
          key: "component",
          label: "Component",
          align: "left",
          value: (d) => d.component,
          cell: (d) => h("span", {title: d.says}, COMPONENTS[d.component] ?? d.component)
        },
        {key: "pair", label: "Pair", align: "left", value: (d) => d.pair, cell: (d) => d.pair ?? "–"},
        {key: "ledger", label: "Ledger", value: (d) => Number(d.ledger), cell: (d) => d.ledger},
        {key: "venue", label: "Venue", value: (d) => Number(d.venue), cell: (d) => d.venue},
        {key: "residual", label: "Difference", value: (d) => Number(d.residual), cell: (d) => d.residual},
        {
          key: "agrees",
          label: "Match",
          align: "left",
          value: (d) => Number(d.agrees),
          cell: (d) => [
            LevelMark(d.agrees ? "ok" : d.component === "fees" ? "alert" : "critical"),
            d.agrees ? " yes" : d.component === "fees" ? " higher fee" : " NO"
          ]
        }
      ]
    }),
    pending.length ? h("p", {class: "subtitle"}, `Pending, recorded at the next step: ${pending.join("; ")}.`) : null
  );
}
