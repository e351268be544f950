/**
 * The documents of the engine's API: plain data, decimals as text, instants in UTC ms. The engine writes them; pages and
 * the command line read them.
 */

import type {Job} from "./job.js";
import type {TradeReport} from "./trade.js";

export type EngineMode = "data" | "paper" | "live";

/** State of the trading loop: `blocked` waits for complete history or first rates, `halted` needs an operator. */
export type EngineState = "starting" | "blocked" | "running" | "paused" | "stopping" | "halted" | "stopped";

/** `GET /health`: needs no token, so it contains no account state. */
export interface Health {
  status: "healthy" | "degraded" | "down";
  mode: EngineMode;
  components: {
    store: {status: "ok" | "off" | "failing"; error: string | null};
    exchange: {status: "ok" | "off" | "failing"; bannedUntilTs: number | null; errors1h: number};
    cycle: {state: EngineState; number: number; lastTs: number | null; lastMs: number | null};
    jobs: {total24h: number; completed24h: number; failed24h: number; failureRate: number; averageMs: number | null};
    clock: {skewMs: number | null};
  };
  /** what does not work, as sentences; the numbers in them change */
  issues: string[];
  /**
   * the code of each issue, in the same order: `queue-failing`, `venue-ban`, `jobs-failing`, `clock-skew`, `cycle-step`,
   * `job-stuck`, `disk-space`, `notifications`, `halted`, `emergency`, `emergency-left` or `cycle-late`; `about` names the
   * subject, e.g. the step, the job or the channel
   */
  problems: {code: string; about: string | null}[];
}

/** `GET /status` and the `status` event. */
export interface EngineStatus {
  mode: EngineMode;
  state: EngineState;
  /** reason for the state as a sentence: what it waits for, why it is halted */
  why: string;
  venue: string;
  /** the venue's address as stored with each row; `sim:7` for the embedded simulator */
  origin: string;
  simulated: boolean;
  /** true if orders are logged and not sent; absent outside live mode */
  dryRun?: boolean;
  version: string;
  startedTs: number;
  /** the venue's clock at the newest observation */
  venueTs: number | null;
  cycle: {number: number; lastTs: number | null; lastMs: number | null; nextTs: number | null; steps: CycleStep[]};
  /** what the loop waits for; progress 0..1 */
  blockedBy: {what: string; progress: number | null; etaMs: number | null} | null;
  account: {
    capital: string;
    equity: string;
    free: string;
    inUse: string;
    realised: string;
    unrealised: string;
    /** net since the UTC day began */
    today: string;
    openHedges: number;
    openNotional: string;
  } | null;
  emergency: {ts: number; done: boolean; left: string[]} | null;
}

/** One step of the newest cycle; its failure does not stop the other steps. */
export interface CycleStep {
  name: string;
  ms: number;
  error: string | null;
}

/** One open hedge, marked at the newest quotes. */
export interface PositionReport {
  id: string;
  pair: string;
  entryTs: number;
  entryReason: string;
  hedged: boolean;
  spotQty: string;
  perpQty: string;
  spotEntry: string;
  perpEntry: string;
  spotPrice: string | null;
  perpPrice: string | null;
  quoteTs: number | null;
  notional: string;
  capital: string;
  /** net with both legs marked now, before exit costs */
  unrealised: string | null;
  funding: string;
  basis: string | null;
  fees: string;
  slippage: string;
  payments: number;
  lastPaymentTs: number | null;
  nextSettlementTs: number | null;
  predictedRate: string | null;
  liquidationPrice: string;
  /** rise of the perp that would liquidate it, as a fraction of its price */
  distance: number | null;
  /** used fraction of the distance from entry to liquidation: 1 is liquidation */
  marginRatio: number | null;
  /** the ratio against the engine's own limits; unknown counts as an alert */
  marginLevel: "ok" | "alert" | "critical";
  /** |spot − perp| as a fraction of the larger leg */
  drift: number;
  /** true if the legs differ by more than one lot */
  naked: boolean;
  waiting: "entry" | "exit" | null;
}

/** One pair in the newest scan. */
export interface Opportunity {
  pair: string;
  rank: number;
  settledTs: number | null;
  settledRate: string | null;
  rate8h: string | null;
  intervalHours: number | null;
  predictedRate: string | null;
  predictedRate8h: string | null;
  nextSettlementTs: number | null;
  spread: string | null;
  basis: string | null;
  composite: string | null;
  netPerPeriod: string | null;
  turnover24h: string | null;
  position: "flat" | "open" | "unhedged";
  waiting: "entry" | "exit" | null;
  /** the strategy's conditions, as if the newest settlement were due now */
  conditions: {
    name: string;
    /** unit of `value` and `limit`: a fraction per 8 hours or per period, a dimensionless score, or a verdict as a word */
    unit: "rate" | "score" | "verdict";
    value: string | null;
    relation: string;
    limit: string;
    met: boolean;
  }[];
  /** reasons against an entry, as sentences; empty if the strategy would enter */
  whyNot: string[];
  /**
   * the same reasons with a code each: `open-hedge`, the loop's state if it is not running (`paused`, `halted`), the name of
   * a risk rule, `too-many-hedges`, `unknown-interval`, or `condition` for an unmet one of `conditions`
   */
  blockedBy: {code: string; words: string}[];
}

/** One decision, refusal or execution; lists are newest first. */
export interface DecisionReport {
  /** line of the journal */
  seq: number;
  ts: number;
  pair: string | null;
  kind:
    | "enter"
    | "exit"
    | "drop"
    | "lapse"
    | "refused"
    | "gated"
    | "opened"
    | "closed"
    | "liquidated"
    | "settled"
    | "not-sent";
  reason: string;
  /**
   * the reason as a code: that of an entry, exit or unfilled order, the name of a rule, `no-longer-wanted`, `no-price`,
   * `settlement` or `late-settlement`
   */
  code: string;
  numbers: Record<string, string>;
  tradeId: string | null;
  amount: string | null;
}

/** One rule of the risk gate. */
export interface RiskRule {
  name: string;
  /** what it forbids, as a sentence */
  says: string;
  level: "ok" | "alert" | "critical";
  value: string | null;
  limit: string;
  /** what the rule does when it fires */
  does: string;
  pair: string | null;
  /** reason for its level */
  reason: string;
}

export interface RiskReport {
  ts: number;
  rules: RiskRule[];
  /** newest firings first */
  fired: {ts: number; name: string; level: "alert" | "critical"; pair: string | null; reason: string}[];
}

/** Settings that can change while the engine runs; applied at the next cycle. */
export interface EngineSettings {
  minRate: string;
  exitRate: string;
  maxPositionUsd: string;
  portfolioCapUsd: string;
  maxHedges: number;
  minTurnover24h: string;
  intervalMs: number;
}

/** `GET /config`: settings in force, settings pending for the next cycle, and settings that need a restart. */
export interface EngineConfigReport {
  settings: EngineSettings;
  pending: Partial<EngineSettings> | null;
  /** every key of the strategy in force, as text */
  strategy: Record<string, string>;
  pairs: string[];
  onStop: "keep" | "close";
  limits: {[name: string]: {least?: string; most?: string; says: string}};
}

export interface Notification {
  id: number;
  ts: number;
  level: "info" | "warn" | "critical";
  event: string;
  text: string;
  pair: string | null;
  /** set when the notification is listed but not announced */
  silent?: true;
}

/** `on`: all channels. `silent`: listed, and sent to Telegram without sound. `off`: not reported. */
export type Loudness = "on" | "silent" | "off";

/** `GET /notifications/settings`: events with their loudness, and channels besides the page. */
export interface NotificationSettings {
  events: {event: string; says: string; loudness: Loudness; configured: Loudness}[];
  /** `failing` is the error of the newest message, if it failed */
  channels: {name: string; failing: string | null}[];
  /** maximum messages per channel and hour */
  perHour: number;
}

/** The events of `GET /events` and their data. */
export interface EngineEvents {
  cycle: EngineStatus["cycle"];
  status: EngineStatus;
  job: Job;
  batch: Job;
  position: PositionReport[];
  trade: TradeReport;
  notification: Notification;
  /** the health report, when it changes */
  health: Health;
  /** the lake was updated; see `GET /data-status` */
  published: {ts: number};
  heartbeat: {ts: number; venueTs: number | null};
  /** sent to a client whose position in the stream is lost: it must reload everything */
  reset: {reason: string};
}

/** One component of a reconciliation of the ledger with the venue; decimals as text. */
export interface ReconciliationRow {
  /** coins and short in coins, cash in quote, orders as a count; fees as fractions, a mismatch of which does not halt */
  component: "coins" | "short" | "cash" | "orders" | "fees";
  pair: string | null;
  ledger: string;
  venue: string;
  /** venue − ledger */
  residual: string;
  agrees: boolean;
  says: string;
}

/** A reconciliation of the ledger with the venue at one instant. */
export interface Reconciliation {
  ts: number;
  /** true if all components except fees agree */
  agrees: boolean;
  /** venue activity that the next step will book, as sentences */
  pending: string[];
  rows: ReconciliationRow[];
}
