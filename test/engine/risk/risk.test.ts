import {describe, expect, it} from "vitest";
import {PaperVenue} from "../../../engine/execution/paper.js";
import type {PairQuote} from "../../../engine/trader/quotes.js";
import type {JournalLine} from "../../../engine/journal/line.js";
import {Recorder} from "../../../engine/journal/recorder.js";
import {RiskGate, type RiskContext} from "../../../engine/risk/gate.js";
import {riskLimits, type RiskLimits} from "../../../engine/config/risk.js";
import {riskRules, RiskWatch} from "../../../engine/risk/report.js";
import type {ClosedEvent} from "../../../engine/journal/events.js";
import {disagreement, reconcile} from "../../../engine/loop/reconcile.js";
import {positionsOf} from "../../../engine/loop/views.js";
import {Trader} from "../../../engine/trader/trader.js";
import {Decimal, text} from "../../../src/lib/money/decimal.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";

const T = Date.UTC(2026, 2, 2, 8);
const PAIR = "MADE/USDT";
const touch = (price: number) => ({bid: String(price), ask: String(price), last: String(price)});

interface Given {
  entries?: Record<string, string>;
  limits?: Partial<RiskLimits>;
}

/** Builds a trader with one hedge open at 100, entered at T, and its gate. */
async function opened({entries = {}, limits = {}}: Given = {}) {
  const config = parseConfig({minRate: "0.0001", exitRate: "-1", expectedHoldPeriods: "1000", ...entries});
  const context: {-readonly [K in keyof RiskContext]: RiskContext[K]} = {
    quotes: new Map(),
    scannedTs: T,
    skewMs: 0,
    errors: 0,
    disagreement: undefined,
    coverage: () => 1,
    tradable: () => true,
    closing: undefined
  };
  const gate = new RiskGate(riskLimits.parse(limits), context);
  const trader = new Trader({
    recorder: new Recorder(undefined),
    venue: new PaperVenue(config),
    config,
    venueName: "sim",
    barMs: HOUR_MS,
    gate
  });
  trader.minTurnover24h = "1000000";
  trader.list({type: "listed", ts: T, pair: PAIR, instrument: null});
  const rows = [24, 16, 8].map((hours): [number, string, null] => [T - hours * HOUR_MS, "0.001", null]);
  trader.warm({type: "warmed", ts: T, pair: PAIR, rows});
  const quote = (price: number, over: Partial<PairQuote> = {}) => {
    const own = {
      pair: PAIR,
      ts: context.scannedTs,
      spot: touch(price),
      perp: touch(price),
      predictedRate: "0.001",
      nextFundingTs: T + 8 * HOUR_MS,
      turnover24h: "5000000",
      ...over
    };
    context.quotes = new Map([[PAIR, own]]);
  };
  quote(100);
  const settle = (ts: number, price = 100, rate = "0.001") =>
    trader.step({
      ts,
      pairs: [
        {
          pair: PAIR,
          settlements: [{tsMs: ts, rate, mark: {price: String(price), source: "perp-open"}}],
          spot: touch(price),
          perp: touch(price)
        }
      ]
    });
  return {trader, gate, context, quote, settle, config};
}

describe("entry rules, each with its name and reason", () => {
  const refused = async (given: Given, spoil: (own: Awaited<ReturnType<typeof opened>>) => void, at = T) => {
    const own = await opened(given);
    spoil(own);
    await own.settle(at);
    return own.trader.open.length === 1 ? "entered" : own.gate.entries([{pair: PAIR}], own.trader, at)[0];
  };

  it("entry is allowed when no rule blocks it", async () => {
    expect(await refused({}, () => undefined)).toBe("entered");
  });

  it.each([
    [
      "stale-data",
      (own: Awaited<ReturnType<typeof opened>>) => (own.context.scannedTs = T - 181_000),
      /181 s old, over 180 s/
    ],
    ["clock-skew", (own) => (own.context.skewMs = -5_001), /5\.0 s off/],
    ["venue-errors", (own) => (own.context.errors = 10), /10 calls to the venue failed/],
    ["reconciliation", (own) => (own.context.disagreement = "cash: 1, not 2"), /cash: 1, not 2/],
    ["universe", (own) => own.quote(100, {turnover24h: "999999"}), /turnover of 24 h is under/],
    ["universe", (own) => own.quote(100, {turnover24h: undefined}), /turnover of 24 h is not known/],
    ["universe", (own) => (own.context.tradable = () => false), /no active spot market/],
    ["universe", (own) => (own.context.coverage = () => 0.94), /settlements are missing/],
    ["stop", (own) => (own.context.closing = "told to stop"), /told to stop/]
  ] as [string, (own: Awaited<ReturnType<typeof opened>>) => void, RegExp][])("%s", async (rule, spoil, why) => {
    const found = await refused({}, spoil);
    expect(found).toMatchObject({pair: PAIR, rule});
    expect((found as {why: string}).why).toMatch(why);
  });

  it("value just within each limit passes", async () => {
    expect(
      await refused({}, (own) => {
        own.context.scannedTs = T - 180_000;
        own.context.skewMs = 5_000;
        own.context.errors = 9;
        own.context.coverage = () => 0.95;
        own.quote(100, {turnover24h: "1000000"});
      })
    ).toBe("entered");
  });

  it("settlement can trigger an entry for fifteen minutes only", async () => {
    const late = await opened();
    late.context.scannedTs = T + 900_001;
    await late.trader.step({
      ts: T + 900_001,
      pairs: [{pair: PAIR, settlements: [{tsMs: T, rate: "0.001"}], spot: touch(100), perp: touch(100)}]
    });
    expect(late.trader.open).toEqual([]);
    expect(late.gate.ofPair(PAIR, late.trader, T + 900_001)[0]).toMatchObject({rule: "late-settlement"});
  });

  it("daily loss over the limit blocks entries until the day ends", async () => {
    const own = await opened({limits: {maxDailyLoss: 0.0005}});
    await own.settle(T);
    expect(own.trader.open).toHaveLength(1);
    // fees and slippage of an entry of 1,000, with an adverse basis
    own.context.scannedTs = T + HOUR_MS;
    await own.trader.step({ts: T + HOUR_MS, pairs: [{pair: PAIR, spot: touch(99), perp: touch(100)}]});
    expect(own.gate.general(own.trader, T + HOUR_MS)[0]).toMatchObject({rule: "daily-loss"});
    const next = T - (T % DAY_MS) + DAY_MS;
    await own.trader.step({ts: next, pairs: []});
    own.context.scannedTs = next;
    expect(own.gate.general(own.trader, next)).toEqual([]);
  });
});

describe("rules for open hedges", () => {
  it.each([
    [{marginAlert: 0.4, marginCritical: 0.6}, ["ok", "alert", "critical"]],
    [{marginAlert: 0.8, marginCritical: 0.9}, ["ok", "ok", "ok"]]
  ])("report and position give the margin one level, by the limits %o", async (margins, levels) => {
    const limits = {distanceAlert: 0, distanceCritical: 0, ...margins};
    const own = await opened({entries: {leverage: "5"}, limits});
    await own.settle(T);
    const [hedge] = own.trader.open;
    const fill = Number(hedge!.fills[1]!.price);
    const way = Number(hedge!.prices.liquidation) - fill;
    const found = [0.39, 0.41, 0.61].map((share) => {
      own.quote(Number((fill + share * way).toFixed(6)));
      const {level} = riskRules(own.trader, own.gate, T + 1).find(({name}) => name === "margin-ratio")!;
      const [position] = positionsOf(own.trader, own.context.quotes, riskLimits.parse(limits));
      expect(position!.marginLevel).toBe(level);
      return level;
    });
    expect(found).toEqual(levels);
  });

  it("rule alerts at 0.8 of the way to liquidation and exits at 0.9, with the reason on the trade", async () => {
    const own = await opened({entries: {leverage: "5"}, limits: {distanceAlert: 0, distanceCritical: 0}});
    await own.settle(T);
    const [hedge] = own.trader.open;
    const fill = Number(hedge!.fills[1]!.price);
    const way = Number(hedge!.prices.liquidation) - fill;
    const at = (share: number) => Number((fill + share * way).toFixed(6));
    const level = () => riskRules(own.trader, own.gate, T + 1).find(({name}) => name === "margin-ratio")!.level;
    own.quote(at(0.79));
    expect([level(), own.gate.exits(own.trader)]).toEqual(["ok", []]);
    own.quote(at(0.81));
    expect([level(), own.gate.exits(own.trader)]).toEqual(["alert", []]);
    own.quote(at(0.91));
    expect(level()).toBe("critical");
    const lines: JournalLine[] = [];
    Object.defineProperty(own.trader, "recorder", {
      value: new Recorder(undefined, [], {onLine: (line) => void lines.push(line)})
    });
    const price = at(0.91);
    await own.trader.step({ts: T + HOUR_MS / 2, pairs: [{pair: PAIR, spot: touch(price), perp: touch(price)}]});
    expect(own.trader.open).toEqual([]);
    const {trade} = lines.find(({event}) => event.type === "closed")!.event as ClosedEvent;
    expect(trade).toMatchObject({exitReason: "risk", decidedBy: {exit: {numbers: {rule: "margin-ratio"}}}});
    expect(await difference(own.trader)).toBeUndefined();
  });

  it("hedge too close to its liquidation is closed", async () => {
    const own = await opened({entries: {leverage: "40"}, limits: {marginAlert: 1, marginCritical: 1}});
    await own.settle(T);
    own.quote(100.2);
    expect(own.gate.exits(own.trader)[0]).toMatchObject({pair: PAIR, rule: "liquidation-distance"});
  });

  it("legs that differ by more than 2 % block every entry", async () => {
    const own = await opened();
    await own.settle(T);
    const [hedge] = own.trader.open;
    expect(own.gate.general(own.trader, T)).toEqual([]);
    hedge!.book({...hedge!.fills[1]!, side: "buy", quantity: hedge!.perpQty.times("0.03")});
    expect(own.gate.general(own.trader, T)[0]).toMatchObject({rule: "delta-drift"});
    expect(riskRules(own.trader, own.gate, T).find(({name}) => name === "delta-drift")!.level).toBe("alert");
  });

  it("price above P* liquidates at once, and the coin is sold at the next prices", async () => {
    const own = await opened({entries: {leverage: "5"}});
    await own.settle(T);
    const [hedge] = own.trader.open;
    const high = Number(hedge!.prices.liquidation) + 1;
    const ts = T + 60_000;
    await own.trader.step({
      ts,
      pairs: [{pair: PAIR, bars: [{openTs: ts, endTs: ts, high, source: "perp"}], spot: touch(high), perp: touch(high)}]
    });
    expect(own.trader.open).toEqual([]);
    expect(own.trader.equity.lt(own.config.capital)).toBe(true);
    expect(await difference(own.trader)).toBeUndefined();
    expect(text(own.trader.equity)).toBe(text(own.config.capital.plus((await own.trader.venue.holdings()).cash)));
  });

  it("rule is reported once per firing, and again after it has cleared", async () => {
    const own = await opened();
    const watch = new RiskWatch();
    const look = () => watch.update(riskRules(own.trader, own.gate, T), T).map(({name}) => name);
    expect(look()).toEqual([]);
    own.context.errors = 10;
    expect(look()).toEqual(["venue-errors"]);
    expect(look()).toEqual([]);
    own.context.errors = 0;
    expect(look()).toEqual([]);
    own.context.errors = 11;
    expect(look()).toEqual(["venue-errors"]);
    expect(watch.fired).toHaveLength(2);
  });
});

const difference = async (trader: Trader) =>
  disagreement(await reconcile(trader, {venueMs: T, pause: async () => undefined}));

it("reconciliation names the leg and amount of a mismatch", async () => {
  const own = await opened();
  await own.settle(T);
  expect(await difference(own.trader)).toBeUndefined();
  const [hedge] = own.trader.open;
  own.trader.venue.liquidated(PAIR, {...hedge!.fills[1]!, side: "buy", quantity: new Decimal(1)});
  const short = text(hedge!.perpQty);
  expect(await difference(own.trader)).toMatch(
    new RegExp(`^${PAIR}: the ledger is short ${short}, the venue ${text(hedge!.perpQty.minus(1))}; cash: `)
  );
});
