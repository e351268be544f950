import type {ReplayEvent, ReplayPair, ReplayStep} from "../../lib/backtest/replay.js";
import type {RunRequest} from "../../lib/strategy/request.js";
import {DataTable, type Column} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {bp, count, instant, number, percent, plural, signGlyph, span} from "../ui/format.js";
import {Keys} from "../ui/keys.js";
import {unitOf} from "../run/runWords.js";
import {valueOf} from "../run/strategyControls.js";
import {REASONS} from "../run/tradeCard.js";

/** Describes one event. */
export const eventWords = (d: ReplayEvent, unit: string): string =>
  d.kind === "opened"
    ? `${d.pair} was opened: ${REASONS[d.reason!] ?? d.reason}`
    : d.kind === "closed"
      ? `${d.pair} was closed for ${number(Number(d.amount), 2)} ${unit}: ${REASONS[d.reason!] ?? d.reason}`
      : d.kind === "liquidated"
        ? `the short leg of ${d.pair} was liquidated`
        : `${d.pair} ${Number(d.amount) < 0 ? "paid" : "received"} ${number(Math.abs(Number(d.amount)), 4)} ${unit} of funding`;

/** Says in one sentence what happened at an instant. */
export function stepAnswer(step: ReplayStep, unit: string): string {
  const happened = step.events.map((d) => eventWords(d, unit));
  const settled = step.pairs.filter(
    (d) => d.decides && d.position === "flat" && !step.events.some((e) => e.pair === d.pair)
  );
  const stayed = settled.map((d) => {
    const short = d.conditions.filter((c) => !c.met).length;
    return !d.conditions.length
      ? `${d.pair} settled, but its interval is unknown, so there was no decision`
      : short
        ? `${d.pair} settled without an entry, because ${short} of ${d.conditions.length} conditions ${short === 1 ? "was" : "were"} not met`
        : `${d.pair} settled and met every condition`;
  });
  const all = [...happened, ...stayed.slice(0, 3)];
  const waits = step.waiting.map((d) => `an ${d.intent} of ${d.pair} waits for a price`);
  return `${instant(step.ts)}: ${[...all, ...waits].join("; ") || "no settlement and no decision"}.`;
}

/** Four figures of a step. */
export function StepKeys(step: ReplayStep, state: RunRequest): HTMLElement {
  const unit = unitOf(state.pairs);
  const capital = Number(valueOf(state, "capital"));
  const gain = Number(step.equity) - capital;
  const nearest = step.hedges.filter((d) => d.hedged).sort((a, b) => a.distance - b.distance)[0];
  return Keys([
    {
      label: "Account equity",
      value: number(Number(step.equity), 2),
      unit,
      note: `${signGlyph(gain)} ${number(gain, 2)} since the start`
    },
    {label: "Open hedges", value: count(step.hedges.length), note: `${plural(step.closed, "trade")} closed so far`},
    {
      label: "Free capital",
      value: number(Number(step.free), 2),
      unit,
      note: `${number(
        step.hedges.reduce((sum, d) => sum + Number(d.capital), 0),
        2
      )} ${unit} in use`
    },
    {
      label: "Nearest liquidation",
      value: nearest ? percent(nearest.distance, 1) : "–",
      unit: nearest ? "above the price" : "",
      note: nearest ? `${nearest.pair} at ${number(Number(nearest.liquidationPrice), 4)}` : "no short leg is open"
    }
  ]);
}

const CONDITION_WORDS: Record<ReplayPair["conditions"][number]["name"], string> = {
  rate: "rate",
  "rate above zero": "rate",
  "rate below zero": "rate",
  score: "score",
  "net per period": "net of costs per period",
  volume: "volume",
  "exit rate": "rate",
  "exit score": "score"
};

/** Draws the table of signals and conditions of every pair. */
export function SignalTable(step: ReplayStep): HTMLElement {
  return DataTable(step.pairs, {
    caption:
      "Signals at the last settlement; ✓ met, ✗ not met: conditions of an entry or, for an open hedge, of its exit",
    param: "signals",
    pageSize: 10,
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
      {
        key: "settled",
        label: "Settled",
        align: "left",
        value: (d) => d.settled?.ts ?? null,
        cell: (d) => (d.settled ? agoText(step.ts - d.settled.ts) : "–")
      },
      {
        key: "rate",
        label: "Rate, bp per 8 h",
        value: (d) => (d.settled?.rate8h === undefined ? null : Number(d.settled.rate8h)),
        cell: (d) => bp(d.settled?.rate8h === undefined ? null : Number(d.settled.rate8h)).replace(" bp", "")
      },
      {
        key: "level",
        label: "Level",
        value: (d) => num(d.signals?.level),
        cell: (d) => number(num(d.signals?.level), 2)
      },
      {key: "trend", label: "Trend", align: "left", value: (d) => d.signals?.trend ?? null},
      {
        key: "streak",
        label: "Streak",
        title: "number of latest rates in a row at 3 bp or more",
        value: (d) => d.signals?.streak ?? null
      },
      {
        key: "basis",
        label: "Basis, bp",
        value: (d) => num(d.signals?.basis),
        cell: (d) => bp(num(d.signals?.basis), 1).replace(" bp", "")
      },
      {
        key: "score",
        label: "Score",
        value: (d) => num(d.signals?.composite),
        cell: (d) => number(num(d.signals?.composite), 3)
      },
      {
        key: "conditions",
        label: "Conditions",
        align: "left",
        wrap: true,
        value: (d) => d.conditions.filter((c) => c.met).length,
        cell: (d) =>
          d.conditions.length
            ? h(
                "ul",
                {class: "conditions"},
                d.conditions.map((c) => h("li", {}, conditionText(c)))
              )
            : d.position === "unhedged"
              ? "the short leg was liquidated; the coin is sold at the next open"
              : "the last row has no decision"
      }
    ]
  });
}

const agoText = (ms: number): string => (ms === 0 ? "now" : `${span(ms)} ago`);

const num = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

function conditionText({name, unit, value, relation, limit, met}: ReplayPair["conditions"][number]): string {
  const say = (x: string | undefined) =>
    x === undefined ? "unknown" : unit === "verdict" ? x : unit === "rate" ? bp(Number(x)) : number(Number(x), 3);
  return `${met ? "✓" : "✗"} ${CONDITION_WORDS[name]} ${say(value)} ${relation} ${say(limit)}`;
}

/** Returns the column with the time since the entry of an open hedge. */
export const openFor = (ts: number): Column<{entryTs: number}> => ({
  key: "since",
  label: "Open for",
  value: ({entryTs}) => ts - entryTs,
  cell: ({entryTs}) => (ts === entryTs ? "just opened" : span(ts - entryTs))
});

/** Draws the table of open hedges at the step. */
export function Book(step: ReplayStep, unit: string): HTMLElement {
  return DataTable(step.hedges, {
    caption: `Open hedges at this time; money in ${unit}, legs marked at the last open price`,
    nothing: "No hedge is open.",
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
      openFor(step.ts),
      {
        key: "notional",
        label: "Notional",
        value: (d) => Number(d.notional),
        cell: (d) => number(Number(d.notional), 2)
      },
      {key: "capital", label: "Capital", value: (d) => Number(d.capital), cell: (d) => number(Number(d.capital), 2)},
      {key: "funding", label: "Funding", value: (d) => Number(d.funding), cell: (d) => number(Number(d.funding), 3)},
      {key: "basis", label: "Basis", value: (d) => Number(d.basis), cell: (d) => number(Number(d.basis), 3)},
      {
        key: "costs",
        label: "Costs so far",
        value: (d) => Number(d.fees) + Number(d.slippage),
        cell: (d) => number(Number(d.fees) + Number(d.slippage), 3)
      },
      {
        key: "marked",
        label: "Unrealised",
        value: (d) => Number(d.marked),
        cell: (d) => `${signGlyph(Number(d.marked))} ${number(Number(d.marked), 3)}`
      },
      {
        key: "liquidation",
        label: "Liquidation",
        value: (d) => (d.hedged ? d.distance : null),
        cell: (d) =>
          d.hedged ? `${number(Number(d.liquidationPrice), 4)} (${percent(d.distance, 1)} above)` : "happened"
      }
    ]
  });
}
