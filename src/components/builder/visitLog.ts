import type {LabRun} from "../../lib/workers/lab.js";
import {deflate, type Deflation} from "../../lib/stats/deflated.js";
import type {Moments, Statistic} from "../../lib/stats/ratios.js";
import type {RunTrial} from "../../lib/sweep/trials.js";
import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {count, number, percent, plural} from "../ui/format.js";

/** One trial of this visit. */
interface VisitTrial {
  n: number;
  /** description of the run */
  what: string;
  net: number;
  annualReturn: number | undefined;
  sharpe: Statistic;
  trades: number;
  moments: Moments;
}

/**
 * Log of all trials of a visit, sweeps included. Choosing the best of many trials inflates its Sharpe ratio, so the
 * current one is deflated by all of them (§6).
 */
export class VisitLog {
  readonly trials: VisitTrial[] = [];
  readonly #seen = new Map<string, number>();

  /** Adds a run unless its key is known; returns its index. */
  add(key: string, what: string, run: LabRun): number {
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const {totals, metrics} = run.report.portfolio;
    return this.#push(key, {
      what,
      net: Number(totals.net),
      annualReturn: metrics.annualReturn,
      sharpe: metrics.sharpe,
      trades: totals.trades,
      moments: run.moments
    });
  }

  /** Adds the trials of a sweep whose keys are new. */
  addSweep(trials: readonly RunTrial[], what: (index: number) => {key: string; text: string}): void {
    for (const {index, outcome} of trials) {
      const {key, text} = what(index);
      if (this.#seen.has(key)) continue;
      const {net, sharpe, trades, returns} = outcome;
      this.#push(key, {what: text, net, annualReturn: undefined, sharpe, trades, moments: returns});
    }
  }

  #push(key: string, trial: Omit<VisitTrial, "n">): number {
    const index = this.trials.length;
    this.trials.push({n: index + 1, ...trial});
    this.#seen.set(key, index);
    return index;
  }

  /** Returns the deflated Sharpe ratio of a trial, given all trials of the visit. */
  deflation(index: number): Deflation {
    return deflate(
      this.trials.map(({moments}) => moments),
      index
    );
  }
}

/** Says how much of the current Sharpe ratio the number of trials explains. */
export function visitAnswer(log: VisitLog, index: number): string {
  const {deflatedSharpe, expectedMaxSharpe} = log.deflation(index);
  const n = log.trials.length;
  if (n < 2) {
    return "You have tried one variant in this visit, so there was no selection yet. From the second one on, the current Sharpe ratio is deflated by the number of trials.";
  }
  const looks = `You have tried ${plural(n, "variant")} in this visit. `;
  if (typeof deflatedSharpe !== "number" || typeof expectedMaxSharpe !== "number") {
    return `${looks}The returns of the current one change on too few days for a deflated Sharpe ratio.`;
  }
  return (
    `${looks}By luck alone, the best of them would have a Sharpe ratio of about ${number(expectedMaxSharpe, 2)}. ` +
    `The probability that the current one is above that is ${percent(deflatedSharpe, 0)}.`
  );
}

/** Draws the log as a table, newest first. */
export function VisitTable(log: VisitLog): HTMLElement {
  return h(
    "details",
    {class: "more"},
    h("summary", {}, `Every trial of this visit (${count(log.trials.length)})`),
    DataTable([...log.trials].reverse(), {
      caption: "Newest first; each trial of a sweep is one pair with its own capital",
      param: "log",
      pageSize: 15,
      columns: [
        {key: "n", label: "No.", value: (d) => d.n, first: "descending"},
        {key: "what", label: "Run", align: "left", wrap: true, value: (d) => d.what},
        {key: "trades", label: "Trades", value: (d) => d.trades, first: "descending"},
        {key: "net", label: "Net", value: (d) => d.net, cell: (d) => number(d.net, 2), first: "descending"},
        {
          key: "sharpe",
          label: "Sharpe",
          value: (d) => (typeof d.sharpe === "number" ? d.sharpe : null),
          cell: (d) => (typeof d.sharpe === "number" ? number(d.sharpe, 2) : "insufficient"),
          first: "descending"
        }
      ]
    })
  );
}
