import type {EngineStatus, Opportunity, PositionReport, RiskRule} from "../../lib/wire/trading.js";
import type {Curve} from "../../lib/workers/lab.js";
import {HOUR_MS} from "../../lib/time/grid.js";
import type {EngineState} from "./engineClient.js";
import {age, bp, count, money, number, percent, plural, signGlyph, span} from "../ui/format.js";

/** Currency of the account. */
export const ACCOUNT_UNIT = "USDT";

/** Formats a signed amount: `▲ 1.23`, `▼ −0.40`, `0.00`. */
export const signed = (x: number | null, digits = 2): string =>
  x === null ? "–" : `${signGlyph(x)} ${number(x, digits)}`.trim();

/** Returns the line about the engine that every page shows. */
export function stripText({link, status}: EngineState, now: number): string {
  if (link === "unknown") return "engine …";
  if (link === "down") return "engine off";
  if (link === "no token" || !status) return "engine on, this tab is not signed in";
  const {mode, state, account, cycle} = status;
  return [
    `engine: ${mode}`,
    state,
    ...(account ? [plural(account.openHedges, "hedge"), `${signed(Number(account.today))} ${ACCOUNT_UNIT} today`] : []),
    ...(cycle.lastTs === null ? [] : [`cycle ${shortAge(now - cycle.lastTs)}`])
  ].join(" · ");
}

/** Formats an age for a narrow place: `12 s ago`. */
export const shortAge = (ms: number): string =>
  ms < 1_000 ? "now" : ms < 60_000 ? `${count(Math.floor(ms / 1_000))} s ago` : `${span(ms)} ago`;

/** Formats the time left as a clock: `7:59:30`; `due` at zero or below. */
export function countdown(ms: number): string {
  if (ms <= 0) return "due";
  const s = Math.floor(ms / 1_000);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3_600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Answers the page's question. */
export function engineAnswer(status: EngineStatus, positions: readonly PositionReport[]): string {
  const {state, why, account, emergency} = status;
  const what = `The engine is ${state}${why ? `: ${why.replace(/\.$/, "")}` : ""}.`;
  if (!account) return what;
  const unhedged = positions.filter((d) => !d.hedged);
  const legs = unhedged.length
    ? `No: ${unhedged.map((d) => d.pair).join(", ")} ${unhedged.length === 1 ? "has" : "have"} only one leg.`
    : positions.length
      ? `Yes: ${positions.length === 1 ? "the only hedge has" : `all ${count(positions.length)} hedges have`} both legs.`
      : "No hedge is open.";
  const left = emergency?.left.length ? ` The emergency stop could not close ${emergency.left.join(", ")}.` : "";
  return `${legs} ${what}${left}`;
}

/** How close a value is to its limit; drawn as glyph and colour. */
export type Level = RiskRule["level"];
export const LEVELS: Readonly<Record<Level, {glyph: string; word: string}>> = {
  ok: {glyph: "✓", word: "ok"},
  alert: {glyph: "!", word: "alert"},
  critical: {glyph: "✗", word: "critical"}
};

/** Sorts rules by level, worst first, otherwise in their original order. */
export const sortRules = (rules: readonly RiskRule[]): RiskRule[] => {
  const rank: Record<Level, number> = {critical: 0, alert: 1, ok: 2};
  return rules
    .map((d, i) => ({d, i}))
    .sort((a, b) => rank[a.d.level] - rank[b.d.level] || a.i - b.i)
    .map(({d}) => d);
};

/** A condition in words with its sides: `✗ rate 0.80 bp ≥ 2.00 bp`. */
export function conditionLine({name, unit, value, relation, limit, met}: Opportunity["conditions"][number]): string {
  const say = (x: string | null) =>
    x === null ? "unknown" : unit === "verdict" ? x : unit === "rate" ? bp(Number(x)) : number(Number(x), 3);
  return `${met ? "✓" : "✗"} ${name} ${say(value)} ${relation} ${say(limit)}`;
}

/** Reasons against an entry that are not conditions, which are shown with their sides beside them. */
export const otherReasons = ({blockedBy}: Opportunity): string[] =>
  blockedBy.filter(({code}) => code !== "condition").map(({words}) => words);

/** Returns the hourly account values as a step curve on a regular grid; null without a point. */
export function equityCurve(points: readonly (readonly [number, string])[]): Curve | null {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return null;
  const stepMs = last[0] - first[0] > 48 * HOUR_MS ? HOUR_MS : 60_000;
  const length = Math.max(2, Math.ceil((last[0] - first[0]) / stepMs) + 1);
  let k = 0;
  const values = Float64Array.from({length}, (_, i) => {
    const t = first[0] + i * stepMs;
    while (k + 1 < points.length && points[k + 1]![0] <= t) ++k;
    return Number((i === length - 1 ? last : points[k]!)[1]);
  });
  return {startMs: first[0], stepMs, values};
}

/** Describes what the second press of the emergency stop will do. */
export function emergencyWarning(positions: readonly PositionReport[]): string {
  const pairs = positions.map((d) => d.pair);
  return pairs.length
    ? `Press again within 10 seconds: all open orders are cancelled, ${plural(pairs.length, "hedge")} (${pairs.join(", ")}) ${pairs.length === 1 ? "is" : "are"} closed at once at the market price, and the engine halts until you resume it.`
    : "Press again within 10 seconds: all open orders are cancelled and the engine halts until you resume it. No hedge is open.";
}

/** Describes what the second press of an orderly stop will do. */
export function stopWarning(positions: readonly PositionReport[], what: "keep" | "close"): string {
  const first = "Press again within 10 seconds: ";
  if (!positions.length) return `${first}the engine shuts down. No hedge is open.`;
  const hedges = plural(positions.length, "hedge");
  const one = positions.length === 1;
  return what === "keep"
    ? `${first}the engine shuts down. ${hedges} ${one ? "stays" : "stay"} open, and the margin is not monitored.`
    : `${first}${hedges} ${one ? "is" : "are"} closed, at the cost of spread and fees, then the engine shuts down.`;
}

/** Returns the key figures: value of the account, result today, free capital, open hedges; null without an account. */
export function accountFigures({account, startedTs}: EngineStatus, now: number) {
  if (!account) return null;
  const gain = Number(account.equity) - Number(account.capital);
  return {
    equity: {
      value: number(Number(account.equity), 2),
      note: `${signed(gain)} on ${money(Number(account.capital), ACCOUNT_UNIT, 0)}, started ${age(startedTs, now)}`
    },
    today: {
      value: signed(Number(account.today)),
      note: `realised ${signed(Number(account.realised))}, unrealised ${signed(Number(account.unrealised))} in total`
    },
    free: {
      value: number(Number(account.free), 2),
      note: `${number(Number(account.inUse), 2)} in use, ${percent(share(account.inUse, account.capital), 0)} of the capital`
    },
    hedges: {
      value: count(account.openHedges),
      note: `${money(Number(account.openNotional), ACCOUNT_UNIT)} of spot notional`
    }
  };
}

const share = (part: string, whole: string): number | null => (Number(whole) ? Number(part) / Number(whole) : null);
