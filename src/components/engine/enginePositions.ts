import type {Opportunity, PositionReport} from "../../lib/wire/trading.js";
import {DataTable, type Column} from "../ui/dataTable.js";
import {h, type Child} from "../ui/dom.js";
import {ACCOUNT_UNIT, conditionLine, countdown, LEVELS, otherReasons, signed, type Level} from "./engineModel.js";
import {bpValue, compact, instant, number, percent, plural, span} from "../ui/format.js";
import {slugOf} from "../ui/links.js";
import {REASONS} from "../run/tradeCard.js";
import {Ticking} from "../ui/ticking.js";

const num = (text: string | null): number | null => (text === null ? null : Number(text));

/** Draws a level as glyph and colour, with its word for screen readers. */
export const LevelMark = (level: Level): HTMLElement =>
  h(
    "span",
    {class: `level level--${level}`, title: LEVELS[level].word},
    LEVELS[level].glyph,
    h("span", {class: "sr-only"}, ` ${LEVELS[level].word}`)
  );

/** Draws the share of a limit in use: a bar, its glyph and its figure. */
function Meter(share: number | null, level: Level, text: string): HTMLElement {
  return h(
    "span",
    {class: `meter meter--${level}`},
    h(
      "span",
      {class: "meter-track", "aria-hidden": "true"},
      h("span", {class: "meter-fill", style: `width: ${Math.max(0, Math.min(1, share ?? 0)) * 100}%`})
    ),
    LevelMark(level),
    ` ${text}`
  );
}

/** Counts down to an instant by the given clock, which estimates the venue's. */
const Until = (ts: number | null, now: () => number): Child =>
  ts === null ? "–" : Ticking((t) => countdown(ts - t), {at: ts, now});

const pairLink = (pair: string) => h("a", {href: `./pairs/${slugOf(pair)}`}, pair);

const amount = <T>(key: string, label: string, value: (d: T) => number | null, title: string): Column<T> => ({
  key,
  label,
  title,
  value,
  first: "descending",
  cell: (d) => signed(value(d), 3)
});

/** Draws the table of open hedges, marked at the newest quotes. */
export function PositionTable(positions: readonly PositionReport[], now: () => number): HTMLElement {
  return DataTable(positions, {
    caption: `Open hedges; money in ${ACCOUNT_UNIT}, marked at the newest quotes, before exit costs`,
    param: "positions",
    nothing: "No hedge is open.",
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair, cell: (d) => pairLink(d.pair)},
      {
        key: "legs",
        label: "Legs",
        align: "left",
        title: "spot bought and perpetual sold",
        value: (d) => (d.hedged ? 1 : 0),
        cell: (d) => [d.hedged ? "✓ both" : "✗ one", d.waiting ? `, ${d.waiting} pending` : ""]
      },
      {
        key: "net",
        label: "Net now",
        title: "funding, basis, fees and slippage so far, with both legs marked now",
        first: "descending",
        value: (d) => num(d.unrealised),
        cell: (d) => {
          const net = num(d.unrealised);
          return h("span", {class: net === null || net === 0 ? null : net > 0 ? "earned" : "paid"}, signed(net, 3));
        }
      },
      amount("funding", "Funding", (d) => num(d.funding), "payments received less payments made"),
      amount("basis", "Basis", (d) => num(d.basis), "result of the change in the price difference between the legs"),
      {
        key: "costs",
        label: "Costs",
        title: "fees and slippage of the entry",
        value: (d) => Number(d.fees) + Number(d.slippage),
        cell: (d) =>
          h(
            "span",
            {title: `fees ${d.fees}, slippage ${d.slippage}`},
            number(-(Number(d.fees) + Number(d.slippage)), 3)
          )
      },
      {
        key: "next",
        label: "Next settlement in",
        value: (d) => d.nextSettlementTs,
        cell: (d) => Until(d.nextSettlementTs, now)
      },
      {
        key: "predicted",
        label: "Predicted, bp",
        title: "rate predicted by the venue for the next settlement; the settled rate may differ",
        value: (d) => num(d.predictedRate),
        cell: (d) => bpValue(num(d.predictedRate), 3)
      },
      {
        key: "distance",
        label: "Rise to liquidation",
        title: "rise of the perpetual at which the venue liquidates the short leg; the bar is the margin used",
        value: (d) => d.distance,
        cell: (d) => Meter(d.marginRatio, d.marginLevel, percent(d.distance, 1))
      },
      {
        key: "margin",
        label: "Margin used, %",
        title: "loss as a share of the distance from entry to liquidation; 100 % is liquidation",
        value: (d) => d.marginRatio,
        cell: (d) => number(d.marginRatio === null ? null : d.marginRatio * 100, 1)
      },
      {
        key: "drift",
        label: "Drift, %",
        title: "(spot − perpetual) / spot quantity",
        value: (d) => d.drift,
        cell: (d) => number(d.drift * 100, 2)
      },
      {
        key: "since",
        label: "Open for",
        value: (d) => now() - d.entryTs,
        cell: (d) =>
          h(
            "span",
            {title: `${instant(d.entryTs)}: ${REASONS[d.entryReason] ?? d.entryReason}`},
            Ticking((t) => span(t - d.entryTs), {now})
          )
      },
      {key: "payments", label: "Payments", value: (d) => d.payments},
      {
        key: "notional",
        label: "Notional",
        value: (d) => Number(d.notional),
        cell: (d) => number(Number(d.notional), 2)
      }
    ]
  });
}

/** Draws the table of the newest scan: every pair with the reasons against an entry. */
export function OpportunityTable(rows: readonly Opportunity[], now: () => number): HTMLElement {
  return DataTable(rows, {
    caption: `${plural(rows.length, "pair")} by rank; rates in basis points per 8 h. ✓ met, ✗ not met: conditions of an entry or, for an open hedge, of its exit`,
    param: "opportunities",
    pageSize: 10,
    nothing: "There was no scan yet.",
    dim: (d) => d.position === "flat" && d.blockedBy.length > 0,
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair, cell: (d) => pairLink(d.pair)},
      {key: "rank", label: "Rank", value: (d) => d.rank},
      {
        key: "rate",
        label: "Settled",
        first: "descending",
        value: (d) => num(d.rate8h),
        cell: (d) => bpValue(num(d.rate8h))
      },
      {
        key: "predicted",
        label: "Predicted",
        first: "descending",
        value: (d) => num(d.predictedRate8h),
        cell: (d) => bpValue(num(d.predictedRate8h))
      },
      {
        key: "net",
        label: "Net",
        title: "the settled rate less the round trip spread over the expected periods",
        first: "descending",
        value: (d) => num(d.netPerPeriod),
        cell: (d) => {
          const net = num(d.netPerPeriod);
          return net === null ? "–" : signed(net * 1e4);
        }
      },
      {key: "basis", label: "Basis, bp", value: (d) => num(d.basis), cell: (d) => bpValue(num(d.basis), 1)},
      {
        key: "spread",
        label: "Spread, bp",
        title: "ask less bid, relative to the mid price",
        value: (d) => num(d.spread),
        cell: (d) => bpValue(num(d.spread), 1)
      },
      {
        key: "turnover",
        label: "Turnover 24 h",
        first: "descending",
        value: (d) => num(d.turnover24h),
        cell: (d) => compact(num(d.turnover24h))
      },
      {
        key: "next",
        label: "Settles in",
        value: (d) => d.nextSettlementTs,
        cell: (d) => Until(d.nextSettlementTs, now)
      },
      {
        key: "why",
        label: "Conditions",
        align: "left",
        wrap: true,
        value: (d) => d.blockedBy.length,
        cell: (d) => [
          h("ul", {class: "conditions"}, [
            ...d.conditions.map((c) => h("li", {}, conditionLine(c))),
            ...otherReasons(d).map((text) => h("li", {}, d.position === "flat" ? `✗ ${text}` : text))
          ]),
          d.waiting ? `${d.waiting} pending, no price yet` : null,
          d.position === "flat" && !d.blockedBy.length && !d.waiting
            ? "Eligible: enters if the next settlement confirms."
            : null
        ]
      }
    ]
  });
}
