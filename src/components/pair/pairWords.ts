import {breakEvenRate} from "../charts/breakEven.js";
import {Command} from "../ui/emptyState.js";
import {h} from "../ui/dom.js";
import {bp, count, day, number, percent, plural, span} from "../ui/format.js";
import {Keys} from "../ui/keys.js";
import type {TimeDomain} from "../charts/timeAxis.js";
import {DEFAULT_COSTS, DEFAULT_COSTS_TEXT, roundTrip} from "../../lib/market/costs.js";
import type {Costs, Settlement} from "../feed/types.js";

const YEAR = 365 * 864e5;

interface WordsOptions {
  pair?: string;
  costs: Costs;
  window: TimeDomain;
}

const median = (sorted: readonly number[]) =>
  sorted.length ? (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2 : null;

const sum = (rows: readonly Settlement[]) => rows.reduce((total, d) => total + (d.rate ?? 0), 0);

/** Explains how to import a pair that is not in the lake. */
export function UnknownPair(slug: string): HTMLElement {
  const pair = slug.replace("-", "/");
  return h(
    "div",
    {},
    h(
      "div",
      {class: "empty", role: "alert"},
      h("p", {}, `There is no data of ${pair}. Import a file with its funding rates:`),
      Command(
        `npx carrybook import ${slug.replace("-", "")}-funding.csv --venue binance --pair ${pair} --series funding`
      )
    )
  );
}

/** Answers for the window: funding of the short leg against the round-trip cost. */
export function PairAnswer(rows: readonly Settlement[], {pair = "", costs, window}: WordsOptions): HTMLElement {
  if (!rows.length) return h("p", {class: "answer"}, "There is no settlement in this window. Choose a longer one.");
  const total = sum(rows);
  const net = total - costs.roundTrip;
  const length = window[1] - window[0];
  const leg = `the short leg of ${pair}`;
  const text =
    total <= 0
      ? `No: over ${span(length)} ${leg} paid ${percent(-total, 2)} of its notional, before any cost.`
      : net <= 0
        ? `No: over ${span(length)} ${leg} received ${percent(total, 2)} of its notional, less than the round trip of ${percent(costs.roundTrip, 2)}.`
        : `Yes, on funding alone: over ${span(length)} ${leg} received ${percent(total, 2)} of its notional, ${percent(net, 2)} after one round trip. ` +
          `That is ${percent((net * YEAR) / length / 2)} a year on the capital of both legs. The change of basis is not included.`;
  return h("p", {class: "answer"}, text);
}

/** Draws four figures: newest rate, break-even, funding of the window, share of positive settlements. */
export function PairKeys(
  history: readonly Settlement[],
  rows: readonly Settlement[],
  {costs, window}: WordsOptions
): HTMLElement {
  const newest = history.findLast((d) => d.rate8h !== null);
  const rates = rows.map((d) => d.rate8h).filter((v) => v !== null);
  const total = sum(rows);
  const length = window[1] - window[0];
  const positive = rates.filter((v) => v > 0).length;
  const sorted = [...rates].sort((a, b) => a - b);
  const breakEven = newest && newest.rate8h! > 0 ? costs.roundTrip / newest.rate8h! : null;
  return Keys([
    {
      label: "Newest settled rate",
      value: bp(newest?.rate8h),
      unit: "per 8 h",
      note: newest ? `${day(newest.boundaryTs)}, every ${newest.intervalHours} h` : "no settlement",
      strip: newest && sorted.length ? {min: sorted[0]!, max: sorted.at(-1)!, value: newest.rate8h!} : null,
      tone: newest?.rate8h ? (newest.rate8h > 0 ? "earned" : "paid") : null
    },
    {
      label: "Break-even at that rate",
      value: number(breakEven, 1),
      unit: "periods of 8 h",
      note:
        breakEven === null
          ? "never, because the rate is not positive"
          : `${number(breakEven / 3, 1)} days; round trip ${percent(costs.roundTrip, 2)}`
    },
    {
      label: "Funding of the window",
      value: rows.length ? percent(total, 2) : "–",
      unit: "of notional",
      note:
        rows.length < 30
          ? "insufficient: fewer than 30 settlements"
          : `${percent((total * YEAR) / length)} a year, before costs`,
      tone: total > 0 ? "earned" : total < 0 ? "paid" : null
    },
    {
      label: "Positive settlements",
      value: rates.length ? percent(positive / rates.length, 0) : "–",
      unit: `of ${count(rates.length)}`,
      note: `median ${bp(median(sorted))} per 8 h`
    }
  ]);
}

/** States the strongest argument against the trade from the pair's own history. */
export function PairAgainst(
  history: readonly Settlement[],
  rows: readonly Settlement[],
  {pair = "", costs}: WordsOptions
): HTMLElement {
  if (!history.length) return h("p", {}, "There are no settled rates, so there is no evidence for it either.");
  const months = new Map<string, number>();
  for (const d of history) {
    const month = new Date(d.boundaryTs).toISOString().slice(0, 7);
    months.set(month, (months.get(month) ?? 0) + (d.rate ?? 0));
  }
  const lost = [...months.values()].filter((v) => v < 0).length;
  const thin = [...months.values()].filter((v) => v >= 0 && v < costs.roundTrip).length;
  const {depth, from, to} = worstStretch(history);
  const low = rows.filter((d) => d.rate8h !== null && d.rate8h < breakEvenRate(costs.roundTrip)).length;
  return h(
    "p",
    {},
    `In ${count(lost)} of ${plural(months.size, "month")} of its history the short leg of ${pair} paid more than it received. In ${count(thin)} more it received less than one round trip costs. `,
    depth > 0
      ? `The largest drawdown of its funding was ${percent(depth, 2)} of notional, from ${day(from)} to ${day(to)}. `
      : "Its cumulative funding never fell. ",
    rows.length ? `In the window, ${percent(low / rows.length, 0)} of settlements were below the break-even rate.` : ""
  );
}

/** Returns the largest drawdown of cumulative funding, a share of notional, with its start and end. */
export function worstStretch(rows: readonly Settlement[]): {depth: number; from: number; to: number} {
  let total = 0;
  let peak = 0;
  let peakTs = rows[0]?.boundaryTs ?? 0;
  let worst = {depth: 0, from: peakTs, to: peakTs};
  for (const d of rows) {
    total += d.rate ?? 0;
    if (total >= peak) {
      peak = total;
      peakTs = d.boundaryTs;
    } else if (peak - total > worst.depth) worst = {depth: peak - total, from: peakTs, to: d.boundaryTs};
  }
  return worst;
}

/** Parses costs sent as decimal text into numbers; unknown ones get the defaults (§4). */
export function readCosts(costs: Partial<Record<keyof Costs, string | number>> | null | undefined): Costs {
  const {spotFee, perpFee, slippageBps} = DEFAULT_COSTS_TEXT;
  return {
    spotFee: Number(costs?.spotFee ?? spotFee),
    perpFee: Number(costs?.perpFee ?? perpFee),
    slippageBps: Number(costs?.slippageBps ?? slippageBps),
    roundTrip: Number(costs?.roundTrip ?? roundTrip(DEFAULT_COSTS))
  };
}

/** Returns the round-trip cost (§4), a share of notional, from costs sent as decimal text. */
export function roundTripOf(
  costs: Partial<Record<"spotFee" | "perpFee" | "slippageBps", string>> | null | undefined
): number {
  const {spotFee, perpFee, slippageBps} = readCosts(costs);
  return 2 * (spotFee + perpFee) + (4 * slippageBps) / 1e4;
}
