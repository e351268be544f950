import type {ReplayHistory} from "../../lib/backtest/replay.js";
import type {OpenedReplay} from "../../lib/workers/replay.js";
import type {Level} from "../charts/replayCharts.js";

/** One step of a run as the page shows it, from data known at that instant. */
export interface ReplayView {
  answer: string;
  keys: HTMLElement;
  signals: HTMLElement;
  book: HTMLElement;
  history: ReplayHistory | undefined;
  /** entry of the watched pair's open hedge, UTC ms */
  entryTs: number | undefined;
}

/** Texts under the charts of a run that describe the rows. */
interface ReplayTexts {
  rates: string;
  prices: string;
}

/** Source of a run: the ledger in a worker, or the engine. */
export interface ReplaySource {
  readonly unit: string;
  readonly pairs: readonly string[];
  readonly levels: readonly Level[];
  readonly texts: ReplayTexts;
  /** Text shown while the run opens. */
  readonly opening: string;
  open(): Promise<OpenedReplay>;
  at(index: number, pair: string): Promise<ReplayView>;
  close(): void;
}
