import type {DecisionReport, EngineStatus, Notification, RiskReport, RiskRule} from "../../lib/wire/trading.js";
import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {ACCOUNT_UNIT, LEVELS, signed, sortRules} from "./engineModel.js";
import {LevelMark} from "./enginePositions.js";
import {instant, number, plural} from "../ui/format.js";
import {numbersLine, REASONS} from "../run/tradeCard.js";

/** Labels of the kinds of decisions. */
const KINDS: Readonly<Record<DecisionReport["kind"], string>> = {
  enter: "entry signal",
  exit: "exit signal",
  drop: "entry withdrawn",
  lapse: "entry expired",
  refused: "rejected",
  gated: "blocked by risk rule",
  opened: "opened",
  closed: "closed",
  liquidated: "liquidated",
  settled: "funding settled",
  "not-sent": "order not sent (dry run)"
};

const when = <T extends {ts: number}>() => ({
  key: "ts",
  label: "When, UTC",
  align: "left" as const,
  value: (d: T) => d.ts,
  cell: (d: T) => h("span", {title: instant(d.ts)}, new Date(d.ts).toISOString().slice(0, 19).replace("T", " "))
});

/** Draws the table of decisions and their results, newest first, with the numbers known at that time. */
export function DecisionFeed(
  decisions: readonly DecisionReport[],
  {caption = "Decisions and their results, newest first", param = "decisions"} = {}
): HTMLElement {
  return DataTable(decisions, {
    caption,
    param,
    pageSize: 10,
    nothing: "No decision yet.",
    columns: [
      when<DecisionReport>(),
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
      {key: "kind", label: "Event", align: "left", value: (d) => d.kind, cell: (d) => KINDS[d.kind] ?? d.kind},
      {
        key: "amount",
        label: ACCOUNT_UNIT,
        title: "funding payment, net result of a close, or notional of an opening",
        value: (d) => (d.amount === null ? null : Number(d.amount)),
        cell: (d) =>
          d.amount === null
            ? "–"
            : h(
                "span",
                {title: d.amount},
                d.kind === "opened" ? number(Number(d.amount), 2) : signed(Number(d.amount), 4)
              )
      },
      {
        key: "reason",
        label: "Reason",
        align: "left",
        wrap: true,
        value: (d) => d.reason,
        cell: (d) => REASONS[d.reason] ?? d.reason
      },
      {
        key: "numbers",
        label: "Numbers",
        align: "left",
        wrap: true,
        value: (d) => Object.keys(d.numbers).length,
        cell: (d) => h("span", {class: "muted"}, numbersLine(d.numbers) || "–")
      }
    ]
  });
}

/** Draws the table of risk rules with value and limit; worst level first. */
export function RiskTable(rules: readonly RiskRule[]): HTMLElement {
  const bad = rules.filter((d) => d.level !== "ok").length;
  return DataTable(sortRules(rules), {
    caption: `${plural(rules.length, "rule")}, ${bad ? `${bad} ${bad === 1 ? "needs" : "need"} attention` : "all within their limits"}`,
    param: "risk",
    pageSize: 20,
    nothing: "No rule has been evaluated yet.",
    columns: [
      {
        key: "name",
        label: "Rule",
        align: "left",
        value: (d) => d.name,
        cell: (d) => h("span", {title: d.says}, d.pair ? `${d.name} ${d.pair}` : d.name)
      },
      {
        key: "level",
        label: "Level",
        align: "left",
        value: (d) => ["ok", "alert", "critical"].indexOf(d.level),
        cell: (d) => [LevelMark(d.level), ` ${LEVELS[d.level].word}`]
      },
      {key: "value", label: "Now", value: (d) => d.value, cell: (d) => d.value ?? "–"},
      {key: "limit", label: "Limit", value: (d) => d.limit},
      {key: "says", label: "Monitors", align: "left", wrap: true, value: (d) => d.says},
      {key: "does", label: "Action", align: "left", wrap: true, value: (d) => d.does},
      {key: "reason", label: "State", align: "left", wrap: true, value: (d) => d.reason}
    ]
  });
}

/** Draws the table of rules that fired. */
export const FiredTable = ({fired}: Pick<RiskReport, "fired">): HTMLElement =>
  DataTable(fired, {
    caption: "Rules that fired, newest first",
    param: "fired",
    pageSize: 5,
    nothing: "No rule has fired.",
    columns: [
      when<RiskReport["fired"][number]>(),
      {key: "name", label: "Rule", align: "left", value: (d) => d.name},
      {
        key: "level",
        label: "Level",
        align: "left",
        value: (d) => d.level,
        cell: (d) => [LevelMark(d.level), ` ${d.level}`]
      },
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
      {key: "reason", label: "Reason", align: "left", wrap: true, value: (d) => d.reason}
    ]
  });

/** Draws the table of notifications, newest first. */
export const NotificationTable = (list: readonly Notification[]): HTMLElement =>
  DataTable(list, {
    caption: "Notifications, newest first",
    param: "notes",
    pageSize: 8,
    nothing: "No notifications yet.",
    columns: [
      when<Notification>(),
      {
        key: "level",
        label: "Level",
        align: "left",
        value: (d) => d.level,
        cell: (d) => [
          LevelMark(d.level === "info" ? "ok" : d.level === "warn" ? "alert" : "critical"),
          ` ${d.level === "warn" ? "warning" : d.level}`
        ]
      },
      {key: "event", label: "Event", align: "left", value: (d) => d.event},
      {key: "text", label: "Text", align: "left", wrap: true, value: (d) => d.text}
    ]
  });

/** Draws the table of the steps of the newest cycle, with their errors. */
export const CycleSteps = ({steps}: EngineStatus["cycle"]): HTMLElement =>
  DataTable(steps, {
    caption: "Steps of the newest cycle",
    nothing: "No cycle has finished yet.",
    columns: [
      {key: "name", label: "Step", align: "left", value: (d) => d.name},
      {key: "ms", label: "Took, ms", value: (d) => d.ms, cell: (d) => d.ms.toFixed(0)},
      {
        key: "error",
        label: "Error",
        align: "left",
        wrap: true,
        value: (d) => d.error,
        cell: (d) => (d.error ? `✗ ${d.error}` : "✓ none")
      }
    ]
  });
