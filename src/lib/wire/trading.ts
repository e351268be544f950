/**
 * What the engine's API says, in plain data: decimals as text, instants in UTC ms. Pages
 * and the command line read these shapes; the engine writes them.
 */

import type {Job} from "./job.js";
import type {TradeReport} from "./trade.js";

export type EngineMode = "data" | "paper" | "live";

/** Where the trading loop is: `blocked` waits for complete history or first rates, `halted` needs a person. */
export type EngineState = "starting" | "blocked" | "running" | "paused" | "stopping" | "halted" | "stopped";

/** `GET /health`, open to everybody on this machine: no account state in it. */
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
  /** what does not work, in words; the figures in them change */
  issues: string[];
  /**
   * the code of each issue, in the same order: `queue-failing`, `venue-ban`, `jobs-failing`, `clock-skew`, `cycle-step`,
   * `job-stuck`, `disk-space`, `notifications`, `halted`, `emergency`, `emergency-left` or `cycle-late`; `about` tells those
   * of one code apart, e.g. the step, the job or the channel
   */
  problems: {code: string; about: string | null}[];
}

/** `GET /status` and the `status` event. */
export interface EngineStatus {
  mode: EngineMode;
  state: EngineState;
  /** one sentence a person understands: what it waits for, why it is halted */
  why: string;
  venue: string;
  /** the venue's address as rows carry it; `sim:7` for the embedded simulator */
  origin: string;
  simulated: boolean;
  /** orders are shown and not sent; absent where it does not apply */
  dryRun?: boolean;
  version: string;
  startedTs: number;
  /** the venue's present at the newest observation */
  venueTs: number | null;
  cycle: {number: number; lastTs: number | null; lastMs: number | null; nextTs: number | null; steps: CycleStep[]};
  /** progress of what the loop waits for, 0..1 */
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

/** One step of the newest cycle. A failing one is isolated and told. */
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
  /** the net if both legs were marked now, before the costs of leaving */
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
  /** how far the perp must rise to be liquidated, a share of its price */
  distance: number | null;
  /** share of the way from the entry's margin to liquidation that is used up: 1 is liquidation */
  marginRatio: number | null;
  /** |spot − perp| as a share of the larger leg */
  drift: number;
  /** a leg stands alone: the two differ by more than one lot */
  naked: boolean;
  waiting: "entry" | "exit" | null;
}

/** One pair as the newest scan saw it. */
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
  /** what the strategy would do if the newest settlement fell now: every condition with its sides */
  conditions: {
    name: string;
    /** of both sides: a share per 8 hours or per period, a score without a unit, or a verdict in words */
    unit: "rate" | "score" | "verdict";
    value: string | null;
    relation: string;
    limit: string;
    met: boolean;
  }[];
  /** why nothing is opened, in words; empty where an entry would be decided */
  whyNot: string[];
  /**
   * the same reasons with a code each: `open-hedge`, the loop's state where it does not run (`paused`, `halted`), the name of
   * a risk rule, `too-many-hedges`, `unknown-interval`, or `condition` for one of `conditions` that is not met
   */
  blockedBy: {code: string; words: string}[];
}

/** One thing that was decided, refused or done, newest first in lists. */
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

/** One named rule of the risk gate. */
export interface RiskRule {
  name: string;
  /** what it forbids, in words */
  says: string;
  level: "ok" | "alert" | "critical";
  value: string | null;
  limit: string;
  /** what the rule does when it fires */
  does: string;
  pair: string | null;
  /** why it stands where it stands */
  reason: string;
}

export interface RiskReport {
  ts: number;
  rules: RiskRule[];
  /** newest firings first */
  fired: {ts: number; name: string; level: "alert" | "critical"; pair: string | null; reason: string}[];
}

/** What can be set while it runs; applied at the next cycle. */
export interface EngineSettings {
  minRate: string;
  exitRate: string;
  maxPositionUsd: string;
  portfolioCapUsd: string;
  maxHedges: number;
  minTurnover24h: string;
  intervalMs: number;
}

/** `GET /config`: what is in force, what waits for the next cycle, and what only a restart changes. */
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
  /** there where it is to be listed and not announced */
  silent?: true;
}

/** `on`: told everywhere. `silent`: in the list and, without a sound, in Telegram. `off`: nowhere. */
export type Loudness = "on" | "silent" | "off";

/** `GET /notifications/settings`: what can be told, how loud, and where to beside the page. */
export interface NotificationSettings {
  events: {event: string; says: string; loudness: Loudness; configured: Loudness}[];
  /** `failing` says why the newest message did not get through */
  channels: {name: string; failing: string | null}[];
  /** messages of one channel in an hour */
  perHour: number;
}

/** Names of what `GET /events` streams, each with its data. */
export interface EngineEvents {
  cycle: EngineStatus["cycle"];
  status: EngineStatus;
  job: Job;
  batch: Job;
  position: PositionReport[];
  trade: TradeReport;
  notification: Notification;
  /** the health, where it reads otherwise than before */
  health: Health;
  /** the lake is newer: `GET /data-status` tells more */
  published: {ts: number};
  heartbeat: {ts: number; venueTs: number | null};
  /** to one reader, whose place in the stream is lost: everything must be asked for anew */
  reset: {reason: string};
}

/** One component of a comparison of the ledger with the venue's own books; decimals as text. */
export interface ReconciliationRow {
  /** coins and short in coins, cash in quote, orders by number; fees as shares, configured and paid, which stop nothing */
  component: "coins" | "short" | "cash" | "orders" | "fees";
  pair: string | null;
  ledger: string;
  venue: string;
  /** venue − ledger */
  residual: string;
  agrees: boolean;
  says: string;
}

/** The ledger against the venue's own books at one instant. */
export interface Reconciliation {
  ts: number;
  /** all books agree, fees aside */
  agrees: boolean;
  /** what the venue has done and the next step will take in, in words */
  pending: string[];
  rows: ReconciliationRow[];
}
