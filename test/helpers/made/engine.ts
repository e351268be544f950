import type {TradeReport} from "../../../src/lib/wire/trade.js";
import type {
  DecisionReport,
  EngineStatus,
  Opportunity,
  PositionReport,
  Reconciliation
} from "../../../src/lib/wire/trading.js";
import type {EngineData} from "../../../src/components/engine/engineData.js";
import {madeWork, type FakeWork} from "../fake/work.js";

const HOUR = 36e5;

/** State of a fake engine, which a test changes. */
export interface EngineScript {
  status: EngineStatus;
  parts: Record<string, unknown> & Omit<EngineData, "status">;
  /** the data work, with tracked and scheduled histories */
  work: FakeWork;
  /** requests such as `POST /engine/pause`, with the reply of each */
  commands: Record<string, (body: any) => {status?: number; answer: unknown}>;
}

/** An open hedge of two legs. */
export const madePosition = (now: number, change: Partial<PositionReport> = {}): PositionReport => ({
  id: "h-1",
  pair: "BTC/USDT",
  entryTs: now - 30 * HOUR,
  entryReason: "rate-above-threshold",
  hedged: true,
  spotQty: "0.025",
  perpQty: "0.025",
  spotEntry: "40000",
  perpEntry: "40010",
  spotPrice: "40100",
  perpPrice: "40105",
  quoteTs: now - 2_000,
  notional: "1000",
  capital: "2000",
  unrealised: "0.4125",
  funding: "0.9375",
  basis: "0.125",
  fees: "0.55",
  slippage: "0.1",
  payments: 3,
  lastPaymentTs: now - 6 * HOUR,
  nextSettlementTs: now + 2 * HOUR,
  predictedRate: "0.00031",
  liquidationPrice: "79622.6",
  distance: 0.985,
  marginRatio: 0.0024,
  marginLevel: "ok",
  drift: 0,
  naked: false,
  waiting: null,
  ...change
});

/** A closed trade whose parts add up: 1.5 + 0.25 − 1.1 − 0.2 = 0.45. */
export const madeTrade = (now: number, change: Partial<TradeReport> = {}): TradeReport => ({
  id: "t-1",
  pair: "ETH/USDT",
  entryTs: now - 70 * HOUR,
  exitTs: now - 46 * HOUR,
  perpExitTs: now - 46 * HOUR,
  entryReason: "rate-above-threshold",
  exitReason: "rate-below-exit",
  decidedBy: {
    entry: {ts: now - 70 * HOUR, numbers: {rate8h: "0.0005", minRate: "0.0002"}},
    exit: {ts: now - 46 * HOUR, numbers: {rate8h: "0.00002", exitRate: "0.00005"}}
  },
  spotQty: "0.5",
  perpQty: "0.5",
  spotEntry: "2000",
  spotExit: "2010",
  perpEntry: "2001",
  perpExit: "2010.5",
  funding: "1.5",
  payments: 3,
  settlements: [62, 54, 46].map((hours) => ({
    ts: now - hours * HOUR,
    rate: "0.0005",
    mark: "2000",
    markSource: "mark-open" as const,
    amount: "0.5"
  })),
  fills: [
    ["spot", "buy", 70, "2000"],
    ["perp", "sell", 70, "2001"],
    ["spot", "sell", 46, "2010"],
    ["perp", "buy", 46, "2010.5"]
  ].map(([leg, side, hours, price]) => ({
    leg: leg as string,
    side: side as string,
    ts: now - (hours as number) * HOUR,
    reference: price as string,
    price: price as string,
    quantity: "0.5",
    fee: "0.275",
    slippage: "0.05"
  })),
  basis: "0.25",
  fees: "1.1",
  slippage: "0.2",
  borrow: "0",
  liquidationLoss: "0",
  liquidationDrift: "0",
  net: "0.45",
  capital: "2000",
  returnOnCapital: 0.000225,
  holdingHours: 24,
  budgetLimit: "maxPositionUsd",
  liquidation: undefined,
  ...change
});

const opportunity = (pair: string, rank: number, rate: number, now: number): Opportunity => {
  const met = rate >= 0.0002;
  const conditions = [{name: "rate", unit: "rate" as const, value: String(rate), relation: "≥", limit: "0.0002", met}];
  const blockedBy = [
    ...(pair === "BTC/USDT" ? [{code: "open-hedge", words: "a hedge is open"}] : []),
    ...(pair === "SOL/USDT" ? [{code: "stale-data", words: "stale-data: the newest price is 95 s old"}] : []),
    ...(met ? [] : [{code: "condition", words: `rate ${rate} is not ≥ 0.0002`}])
  ];
  return {
    pair,
    rank,
    settledTs: now - 6 * HOUR,
    settledRate: String(rate),
    rate8h: String(rate),
    intervalHours: 8,
    predictedRate: String(rate * 1.1),
    predictedRate8h: String(rate * 1.1),
    nextSettlementTs: now + 2 * HOUR,
    spread: "0.00012",
    basis: "0.0003",
    composite: "0.42",
    netPerPeriod: String(rate - 0.00017),
    turnover24h: "2100000000",
    position: pair === "BTC/USDT" ? "open" : "flat",
    waiting: null,
    conditions,
    whyNot: blockedBy.map(({words}) => words),
    blockedBy
  };
};

/**
 * A reconciliation without a mismatch, with fees above the configured ones, and a payment that waits for the next step.
 */
export const madeBooks = (now: number, change: Partial<Reconciliation> = {}): Reconciliation => ({
  ts: now,
  agrees: true,
  pending: ["funding of BTC/USDT: 0.3125"],
  rows: [
    {
      component: "coins",
      pair: "BTC/USDT",
      ledger: "0.025",
      venue: "0.025",
      residual: "0",
      agrees: true,
      says: "BTC/USDT: the ledger has 0.025 coins, the venue 0.025"
    },
    {
      component: "fees",
      pair: "BTC/USDT",
      ledger: "0.001",
      venue: "0.0018",
      residual: "0.0008",
      agrees: false,
      says: "spot fee: the account pays 0.18 %, more than the 0.1 % of costs.spotFee"
    }
  ],
  ...change
});

/** Returns an engine on paper with one open hedge and one closed trade. */
export function madeEngine(now: number = Date.now()): EngineScript {
  const status: EngineStatus = {
    mode: "paper",
    state: "running",
    why: "a cycle every minute",
    venue: "sim",
    origin: "sim:7",
    simulated: true,
    version: "0.1.0",
    startedTs: now - 72 * HOUR,
    venueTs: now,
    cycle: {
      number: 4321,
      lastTs: now - 12_000,
      lastMs: 84,
      nextTs: now + 48_000,
      steps: [
        {name: "scan", ms: 31, error: null},
        {name: "decide", ms: 6, error: null}
      ]
    },
    blockedBy: null,
    account: {
      capital: "10000",
      equity: "10000.8625",
      free: "8000.45",
      inUse: "2000",
      realised: "0.45",
      unrealised: "0.4125",
      today: "1.23",
      openHedges: 1,
      openNotional: "1000"
    },
    emergency: null
  };
  const script: EngineScript = {
    status,
    work: madeWork(now),
    parts: {
      get status() {
        return status;
      },
      positions: [madePosition(now)],
      opportunities: [
        opportunity("BTC/USDT", 1, 0.00042, now),
        opportunity("SOL/USDT", 2, 0.00025, now),
        opportunity("ETH/USDT", 3, 0.00008, now)
      ],
      decisions: [
        decision(9, now - 30 * HOUR, "BTC/USDT", "opened", "rate-above-threshold", {}, "1000", "h-1"),
        decision(8, now - 30 * HOUR, "BTC/USDT", "enter", "rate-above-threshold", {
          rate8h: "0.00042",
          minRate: "0.0002"
        }),
        decision(7, now - 46 * HOUR, "ETH/USDT", "closed", "rate-below-exit", {}, "0.45", "t-1"),
        decision(6, now - 46 * HOUR, "ETH/USDT", "exit", "rate-below-exit", {rate8h: "0.00002", exitRate: "0.00005"}),
        decision(5, now - 46 * HOUR, "ETH/USDT", "settled", "settlement", {rate: "0.0005", mark: "2000"}, "0.5", "t-1"),
        decision(2, now - 70 * HOUR, "ETH/USDT", "opened", "rate-above-threshold", {}, "1000", "t-1"),
        decision(1, now - 70 * HOUR, "ETH/USDT", "enter", "rate-above-threshold", {rate8h: "0.0005", minRate: "0.0002"})
      ],
      trades: [madeTrade(now)],
      equity: Array.from({length: 73}, (_, i) => [now - (72 - i) * HOUR, (10_000 + i * 0.012).toFixed(4)]),
      risk: {
        ts: now,
        rules: [
          {
            name: "portfolio-cap",
            says: "spot notional of all hedges",
            level: "ok",
            value: "1000",
            limit: "5000",
            does: "no entry goes beyond it",
            pair: null,
            reason: "1 hedge is open"
          },
          {
            name: "margin-ratio",
            says: "share of the margin used up",
            level: "alert",
            value: "82.00 %",
            limit: "80.00 %",
            does: "warns; leaves the hedge at 90 %",
            pair: "BTC/USDT",
            reason: "the perp rose by 31 %"
          }
        ],
        fired: [
          {ts: now - HOUR, name: "margin-ratio", level: "alert", pair: "BTC/USDT", reason: "the perp rose by 31 %"}
        ]
      },
      reconciliation: madeBooks(now),
      config: {
        settings: {
          minRate: "0.0002",
          exitRate: "0.00005",
          maxPositionUsd: "1000",
          portfolioCapUsd: "5000",
          maxHedges: 5,
          minTurnover24h: "1000000",
          intervalMs: 60_000
        },
        pending: null,
        strategy: {strategy: "simple", minRate: "0.0002", exitRate: "0.00005", capital: "10000"},
        pairs: ["BTC/USDT", "ETH/USDT", "SOL/USDT"],
        onStop: "keep",
        limits: {
          minRate: {says: "least rate per 8 h of an entry"},
          exitRate: {says: "rate per 8 h under which a hedge is left"},
          maxPositionUsd: {least: "0", says: "spot notional of one hedge"},
          portfolioCapUsd: {least: "0", says: "spot notional of all hedges"},
          maxHedges: {least: "1", says: "hedges open at once"},
          minTurnover24h: {least: "0", says: "least turnover of a pair in 24 h"},
          intervalMs: {least: "1000", most: "86400000", says: "from the start of one cycle to the next"}
        }
      },
      notifications: [
        {
          id: 2,
          ts: now - HOUR,
          level: "warn",
          event: "risk",
          text: "margin-ratio alerts on BTC/USDT",
          pair: "BTC/USDT"
        },
        {id: 1, ts: now - 72 * HOUR, level: "info", event: "started", text: "the loop runs", pair: null}
      ]
    },
    commands: {
      "PATCH /config": (patch) => {
        script.parts.config = {...script.parts.config, pending: {...script.parts.config.pending, ...patch}};
        return {answer: script.parts.config};
      },
      "POST /engine/pause": ({reason}) => {
        Object.assign(status, {state: "paused", why: reason});
        return {answer: status};
      },
      "POST /engine/resume": () => {
        Object.assign(status, {state: "running", why: "", emergency: null});
        return {answer: status};
      },
      "POST /engine/stop": ({positions}) => {
        Object.assign(status, {state: "stopping"});
        return {status: 202, answer: {stopping: true, positions}};
      },
      "POST /engine/emergency-stop": () => {
        const ts = Date.now();
        Object.assign(status, {state: "halted", why: "an emergency stop", emergency: {ts, done: true, left: []}});
        script.parts.positions = [];
        return {answer: {ts, done: true, closed: ["BTC/USDT"], left: [], remaining: []}};
      }
    }
  };
  return script;
}

const decision = (
  seq: number,
  ts: number,
  pair: string,
  kind: DecisionReport["kind"],
  reason: string,
  numbers: Record<string, string>,
  amount: string | null = null,
  tradeId: string | null = null
): DecisionReport => ({seq, ts, pair, kind, reason, code: reason, numbers, amount, tradeId});
