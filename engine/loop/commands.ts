import type {TradeReport} from "../../src/lib/wire/trade.js";
import type {
  DecisionReport,
  EngineConfigReport,
  EngineSettings,
  EngineState,
  EngineStatus,
  Opportunity,
  PositionReport,
  Reconciliation,
  RiskReport
} from "../../src/lib/wire/trading.js";
import type {OnStop} from "../hub.js";

/** A trade as the API tells it: the ledger's report, open ones left out. */
type EngineTrade = TradeReport;

/** What an emergency stop has done so far; `left` names what could not be closed. */
export interface EmergencyReport {
  ts: number;
  done: boolean;
  closed: string[];
  left: string[];
}

/**
 * The trading loop as the API sees it. Reads answer at once from memory; commands answer once they are durable.
 * Implemented by the paper and live loops; absent while the engine runs in mode `data`.
 */
export interface TradingControl {
  status(): EngineStatus;
  state(): EngineState;
  positions(): PositionReport[];
  /** closed trades, newest first */
  trades(options: {limit: number; before?: number | undefined}): EngineTrade[];
  /** the account by the hour, and now: [ts, equity in quote as text], ascending */
  equity(): [number, string][];
  opportunities(): Opportunity[];
  decisions(options: {limit: number; before?: number | undefined; pair?: string | undefined}): DecisionReport[];
  risk(): RiskReport;
  /** the newest comparison with the venue's own books; null before the first */
  reconciliation(): Reconciliation | null;
  config(): EngineConfigReport;
  /** applied at the next cycle; throws a `UsageError` for values that contradict each other */
  configure(patch: Partial<EngineSettings>): Promise<EngineConfigReport>;
  /** no new entries; exits, settlements and risk go on */
  pause(reason: string): Promise<void>;
  /** throws a `UsageError` while halted by something a person must look at first */
  resume(): Promise<void>;
  /** ends the loop in order, closing or keeping what is open; with `close` it answers once everything is left */
  stop(positions: OnStop): Promise<void>;
  /** closes everything at once, then halts; never waits for the cycle in progress */
  emergencyStop(source: "api" | "signal" | "file"): Promise<EmergencyReport>;
}
