import type {TradeReport} from "../../lib/wire/trade.js";
import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {Figure} from "../ui/figure.js";
import {bp, instant, number, percent, plural, signGlyph, span} from "../ui/format.js";
import {Waterfall} from "../charts/waterfall.js";

/** Descriptions of the reason codes. */
export const REASONS: Readonly<Record<string, string>> = {
  "rate-above-threshold": "the settled rate was at or above the threshold and covered its share of the costs",
  "composite-above-threshold": "the score was at or above the threshold and the rate covered its share of the costs",
  "rate-below-exit": "the settled rate fell below the exit threshold",
  "composite-below-exit": "score and rate both fell below their exit thresholds",
  "rate-missing": "no settlement arrived for too long",
  liquidated: "the price rose to the liquidation price of the short leg",
  "backtest-end": "the data ended",
  risk: "a risk rule closed it",
  emergency: "an emergency stop closed it"
};

const NUMBERS: Readonly<Record<string, {label: string; kind: "rate" | "score" | "count" | "text" | "instant"}>> = {
  rate8h: {label: "rate per 8 h", kind: "rate"},
  minRate: {label: "enter at or above", kind: "rate"},
  exitRate: {label: "exit below", kind: "rate"},
  netPerPeriod: {label: "net per period of 8 h", kind: "rate"},
  basis: {label: "basis", kind: "rate"},
  trendDifference: {label: "change of the smoothed rate", kind: "rate"},
  level: {label: "level score", kind: "score"},
  composite: {label: "composite score", kind: "score"},
  entry: {label: "enter at a score of", kind: "score"},
  exit: {label: "exit below a score of", kind: "score"},
  persistence: {label: "rates in a row at 3 bp or more", kind: "count"},
  expectedHoldPeriods: {label: "expected holding periods", kind: "count"},
  rate: {label: "rate", kind: "rate"},
  trend: {label: "trend", kind: "text"},
  volumeFilter: {label: "volume", kind: "text"},
  volumeRatio: {label: "volume of the week over the week before", kind: "score"},
  newestRowTs: {label: "newest settlement", kind: "instant"},
  missingFrom: {label: "overdue from", kind: "instant"}
};

/** Formats a number of a decision by its kind. */
const shownNumber = (key: string, value: string): string => {
  const kind = NUMBERS[key]?.kind ?? "text";
  const x = Number(value);
  return kind === "rate"
    ? bp(x, 3)
    : kind === "score"
      ? number(x, 4)
      : kind === "count"
        ? number(x, Number.isInteger(x) ? 0 : 2)
        : kind === "instant"
          ? instant(x)
          : value;
};

/** Formats the numbers of a decision in one line. */
export const numbersLine = (numbers: Readonly<Record<string, string>>): string =>
  Object.entries(numbers)
    .map(([key, value]) => `${NUMBERS[key]?.label ?? key} ${shownNumber(key, value)}`)
    .join("; ");

/** Lists the numbers of a decision; titles have the exact decimals. */
function DecisionNumbers(numbers: Readonly<Record<string, string>>): HTMLElement {
  return h(
    "dl",
    {class: "numbers"},
    Object.entries(numbers).map(([key, value]) =>
      h(
        "div",
        {},
        h("dt", {}, NUMBERS[key]?.label ?? key),
        h("dd", {title: `${key} = ${value}`}, shownNumber(key, value))
      )
    )
  );
}

/** Draws one trade: reasons of entry and exit, payments, fills, and the waterfall from funding to net. */
export function TradeCard(
  trade: TradeReport,
  {unit, stepLink}: {unit: string; stepLink: (ts: number) => HTMLElement}
): HTMLElement {
  const {entry, exit} = trade.decidedBy;
  const net = Number(trade.net);
  const side = (title: string, ts: number, reason: string, numbers: Readonly<Record<string, string>> | undefined) =>
    h(
      "section",
      {},
      h("h3", {}, title),
      h("p", {}, stepLink(ts), ` ${REASONS[reason] ?? reason} (`, h("code", {}, reason), ")."),
      numbers ? DecisionNumbers(numbers) : h("p", {class: "subtitle"}, "No rule decided this, so there are no numbers.")
    );
  return h(
    "article",
    {class: "trade", "aria-label": `trade ${trade.id}`},
    h(
      "h3",
      {},
      `${trade.pair}: `,
      h("span", {class: net > 0 ? "earned" : "paid"}, `${signGlyph(net)} ${number(net, 4)} ${unit}`),
      `, ${percent(trade.returnOnCapital, 3)} of its capital in ${span(trade.exitTs - trade.entryTs)}`
    ),
    h(
      "p",
      {class: "subtitle"},
      `${trade.spotQty} coins against ${number(Number(trade.capital), 2)} ${unit} of capital; size limited by ${trade.budgetLimit}. ` +
        `Spot ${trade.spotEntry} → ${trade.spotExit}, perp ${trade.perpEntry} → ${trade.perpExit}.`
    ),
    h(
      "div",
      {class: "cols-2"},
      side("Why it was opened", trade.entryTs, trade.entryReason, entry.numbers),
      side("Why it was closed", trade.exitTs, trade.exitReason, exit?.numbers)
    ),
    trade.liquidation
      ? h(
          "p",
          {class: "banner banner--critical"},
          `Liquidated: the ${trade.liquidation.source}'s high of ${trade.liquidation.high} in the bar of ${instant(trade.liquidation.barTs)} reached ${trade.liquidation.price}. The coin was sold at ${instant(trade.exitTs)}.`
        )
      : null,
    Figure((width) => Waterfall(trade, {width, height: 210, unit}), {
      title: "From funding to net of this trade",
      subtitle: `In ${unit}; exact net: ${trade.net}.`,
      height: 210,
      level: 3
    }),
    DataTable(trade.settlements, {
      caption: `${plural(trade.payments, "payment")}: quantity × mark × rate, in ${unit}`,
      pageSize: 12,
      columns: [
        {key: "ts", label: "Settled, UTC", align: "left", value: (d) => d.ts, cell: (d) => instant(d.ts)},
        {key: "rate", label: "Rate, bp", value: (d) => Number(d.rate), cell: (d) => number(Number(d.rate) * 1e4, 3)},
        {key: "mark", label: "Mark", value: (d) => Number(d.mark), cell: (d) => d.mark},
        {key: "source", label: "Price of", align: "left", value: (d) => d.markSource},
        {
          key: "amount",
          label: "Received",
          value: (d) => Number(d.amount),
          cell: (d) => h("span", {title: d.amount}, `${signGlyph(Number(d.amount))} ${number(Number(d.amount), 5)}`)
        }
      ]
    }),
    DataTable(trade.fills, {
      caption: "Fills: reference price, fill price, fee and slippage",
      columns: [
        {key: "ts", label: "Filled, UTC", align: "left", value: (d) => d.ts, cell: (d) => instant(d.ts)},
        {key: "leg", label: "Leg", align: "left", value: (d) => `${d.side} ${d.leg}`},
        {key: "quantity", label: "Quantity", value: (d) => Number(d.quantity), cell: (d) => d.quantity},
        {key: "reference", label: "Reference", value: (d) => Number(d.reference), cell: (d) => d.reference},
        {key: "price", label: "Price", value: (d) => Number(d.price), cell: (d) => number(Number(d.price), 6)},
        {key: "fee", label: `Fee, ${unit}`, value: (d) => Number(d.fee), cell: (d) => number(Number(d.fee), 5)},
        {
          key: "slippage",
          label: `Slippage, ${unit}`,
          value: (d) => Number(d.slippage),
          cell: (d) => number(Number(d.slippage), 5)
        }
      ]
    })
  );
}
