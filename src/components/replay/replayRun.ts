import type {OpenedReplay} from "../../lib/workers/replay.js";
import {parseInstant} from "../../lib/time/instant.js";
import {lastAtOrBefore} from "../../lib/time/search.js";
import type {TradeMark} from "../charts/equityChart.js";
import {count, instant, number, plural} from "../ui/format.js";

/** Returns the last step at or before an instant. */
export const indexOfTs = (run: OpenedReplay, ts: number): number => Math.max(0, lastAtOrBefore(run.ts, ts));

/** Returns the step of an instant from the URL, or of the first event when it is invalid. */
export function indexGiven(run: OpenedReplay, text: string): number {
  try {
    return indexOfTs(run, parseInstant(text));
  } catch {
    return firstEvent(run);
  }
}

/** Returns the step of the first event. */
export const firstEvent = (run: OpenedReplay): number => (run.events[0] ? indexOfTs(run, run.events[0].ts) : 0);

/** Returns the hourly curve up to a step, without later values. */
export function untilNow(run: OpenedReplay, index: number) {
  const from = run.ts[0]!;
  const stepMs = 3_600_000;
  const length = Math.max(1, Math.floor((run.ts[index]! - from) / stepMs) + 1);
  let k = 0;
  const values = Float64Array.from({length}, (_, i) => {
    const t = from + i * stepMs;
    while (k + 1 <= index && run.ts[k + 1]! <= t) ++k;
    return run.equity[k]!;
  });
  return {startMs: from, stepMs, values};
}

/** Returns the entries and exits up to an instant. */
export const marksUntil = (run: OpenedReplay, ts: number): TradeMark[] =>
  run.trades.flatMap((d) => [
    ...(d.entryTs <= ts ? [{pair: d.pair, ts: d.entryTs, net: undefined}] : []),
    ...(d.exitTs <= ts ? [{pair: d.pair, ts: d.exitTs, net: Number(d.net)}] : [])
  ]);

/** Says what a run hides. */
export function replayAgainst(run: OpenedReplay): string {
  const lost = run.trades.filter((d) => Number(d.net) <= 0);
  const worst = [...run.trades].sort((a, b) => Number(a.net) - Number(b.net))[0];
  if (!worst) return "A run without trades is no evidence for or against the rules.";
  const total = run.trades.length;
  const outcome = !lost.length
    ? total === 1
      ? "The only trade gained"
      : `All ${count(total)} trades gained`
    : `${count(lost.length)} of ${plural(total, "trade")} did not gain`;
  return (
    `${outcome}; the worst, ${worst.pair} opened ${instant(worst.entryTs)}, made ${number(Number(worst.net), 2)}. ` +
    "A replay assumes fills at the open with a fixed slippage. It does not model the order book, a leg that fails to fill, or a venue that stops."
  );
}
