import type {ReplayHistory} from "../../lib/backtest/replay.js";
import type {OpenedReplay} from "../../lib/workers/replay.js";
import type {Level} from "../charts/replayCharts.js";

/** One instant of a run as the page shows it: made from what was known then, and nothing later. */
export interface ReplayView {
  answer: string;
  keys: HTMLElement;
  signals: HTMLElement;
  book: HTMLElement;
  history: ReplayHistory | undefined;
  /** when the open hedge of the watched pair was opened */
  entryTs: number | undefined;
}

/** Texts under the charts of a run; they say where its rows come from. */
export interface ReplayTexts {
  rates: string;
  prices: string;
}

/** Where a run comes from: the ledger in a worker, or the engine. */
export interface ReplaySource {
  readonly unit: string;
  readonly pairs: readonly string[];
  readonly levels: readonly Level[];
  readonly texts: ReplayTexts;
  /** What is being waited for. */
  readonly opening: string;
  open(): Promise<OpenedReplay>;
  at(index: number, pair: string): Promise<ReplayView>;
  close(): void;
}
