import type {EmergencyReport} from "../../src/lib/wire/emergency.js";
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

/** A closed trade in the API: the ledger's report. */
type EngineTrade = TradeReport;

/**
 * Interface of the trading loop to the API. Reads return immediately from memory; commands resolve once they are
 * durable. Absent while the engine runs in mode `data`.
 */
export interface TradingControl {
  status(): EngineStatus;
  state(): EngineState;
  positions(): PositionReport[];
  /** closed trades, newest first */
  trades(options: {limit: number; before?: number | undefined}): EngineTrade[];
  /** hourly equity and the current one: [UTC ms, quote as text], ascending */
  equity(): [number, string][];
  opportunities(): Opportunity[];
  decisions(options: {limit: number; before?: number | undefined; pair?: string | undefined}): DecisionReport[];
  risk(): RiskReport;
  /** the newest comparison of ledger and venue; null before the first */
  reconciliation(): Reconciliation | null;
  config(): EngineConfigReport;
  /** applies at the next cycle; @throws UsageError for inconsistent values */
  configure(patch: Partial<EngineSettings>): Promise<EngineConfigReport>;
  /** blocks new entries; exits, settlements and risk rules continue */
  pause(reason: string): Promise<void>;
  /** @throws UsageError while the cause of a halt persists */
  resume(): Promise<void>;
  /** ends the loop in order, closing or keeping positions; with `close` it resolves once all hedges are closed */
  stop(positions: OnStop): Promise<void>;
  /** closes every hedge immediately and halts; never waits for the cycle in progress */
  emergencyStop(source: "api" | "signal" | "file"): Promise<EmergencyReport>;
}
