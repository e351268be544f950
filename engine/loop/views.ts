import {rate8hDecimal} from "../../src/lib/market/funding.js";
import {entryConditions} from "../../src/lib/strategy/conditions.js";
import type {EngineStatus, Opportunity, PositionReport} from "../../src/lib/wire/trading.js";
import {Decimal, text, ZERO} from "../../src/lib/money/decimal.js";
import {byRank, netPerPeriodDecimal} from "../../src/lib/strategy/decide.js";
import type {RiskLimits} from "../config/risk.js";
import type {RiskGate} from "../risk/gate.js";
import {distanceOf, driftOf, marginLevelOf, marginRatioOf} from "../risk/measures.js";
import type {TradedPair} from "../trader/pair.js";
import type {Trader} from "../trader/trader.js";
import {type Quotes, marksOf, equityAt} from "../risk/measures.js";

/** Returns the open hedges at the newest prices, oldest first. */
export function positionsOf(trader: Trader, quotes: Quotes, limits: RiskLimits): PositionReport[] {
  return [...trader.pairs.values()]
    .flatMap((traded) => (traded.hedge ? [positionOf(traded, traded.hedge, quotes, limits)] : []))
    .sort((a, b) => a.entryTs - b.entryTs || (a.pair < b.pair ? -1 : 1));
}

function positionOf(
  traded: TradedPair,
  hedge: NonNullable<TradedPair["hedge"]>,
  quotes: Quotes,
  limits: RiskLimits
): PositionReport {
  const {order} = hedge;
  const quote = quotes.get(traded.pair);
  const marks = marksOf(traded, quotes);
  const components = marks && hedge.components(marks.spot, marks.perp);
  const perp = marks && text(marks.perp);
  return {
    id: order.id,
    pair: order.pair,
    entryTs: order.ts,
    entryReason: order.reason,
    hedged: hedge.hedged,
    spotQty: text(hedge.spotQty),
    perpQty: text(hedge.hedged ? hedge.perpQty : ZERO),
    spotEntry: text(order.spotReference),
    perpEntry: text(order.perpReference),
    spotPrice: marks ? text(marks.spot) : null,
    perpPrice: perp ?? null,
    quoteTs: marks?.ts ?? null,
    notional: text(hedge.notional),
    capital: text(hedge.capital),
    unrealised: marks ? text(hedge.marked(marks.spot, marks.perp)) : null,
    funding: text(hedge.funding),
    basis: components ? text(components.basis) : null,
    fees: text(hedge.fees),
    slippage: text(hedge.slippage),
    payments: hedge.payments.length,
    lastPaymentTs: hedge.payments.at(-1)?.t ?? null,
    nextSettlementTs: quote?.nextFundingTs ?? null,
    predictedRate: quote?.predictedRate ?? null,
    liquidationPrice: text(hedge.prices.liquidation),
    distance: perp && hedge.hedged ? distanceOf(hedge, perp) : null,
    marginRatio: perp && hedge.hedged ? marginRatioOf(hedge, perp) : null,
    marginLevel: marginLevelOf(hedge, perp, limits),
    drift: driftOf(hedge),
    naked: !hedge.hedged || traded.uneven,
    waiting: traded.desk.book.waiting ?? null
  };
}

/** Returns the account at the newest prices; amounts in quote. */
export function accountOf(trader: Trader, quotes: Quotes): NonNullable<EngineStatus["account"]> {
  const {account, open} = trader;
  const inUse = open.reduce((sum, hedge) => sum.plus(hedge.capital), ZERO);
  const equity = equityAt(trader, quotes);
  const unrealised = equity.minus(account.capital).minus(account.closedNet);
  return {
    capital: text(account.capital),
    equity: text(equity),
    free: text(account.free(open)),
    inUse: text(inUse),
    realised: text(account.closedNet),
    unrealised: text(unrealised),
    today: text(equity.minus(trader.dayStart.equity)),
    openHedges: open.length,
    openNotional: text(account.openNotional(open))
  };
}

/** Returns every traded pair at the newest scan in ranking order, with what blocks an entry. */
export function opportunitiesOf(trader: Trader, quotes: Quotes, gate: RiskGate, ts: number): Opportunity[] {
  const general = gate.general(trader, ts);
  const halted = trader.mode === "running" ? [] : [{code: trader.mode, words: `${trader.mode}: ${trader.why}`}];
  const full =
    trader.open.length >= trader.config.maxHedges
      ? [{code: "too-many-hedges", words: `${trader.open.length} hedges are open, the most that is set`}]
      : [];
  const ranked = [...trader.pairs.values()].map((traded) => {
    const quote = quotes.get(traded.pair);
    const view = traded.rates.view({
      ts,
      settled: true,
      perpOpens: quote?.perp !== undefined,
      opens: {
        spot: quote?.spot && new Decimal(quote.spot.last),
        perp: quote?.perp && new Decimal(quote.perp.last)
      },
      volume: undefined
    });
    const {newest} = view;
    const signals = view.signals();
    const {expectedHoldPeriods: hold, exitRate} = trader.config;
    const periods = hold === "auto" ? view.autoHold(exitRate) : hold;
    const net = newest?.rate8h && periods && netPerPeriodDecimal(newest.rate8h, periods, trader.config);
    return {traded, quote, view, newest, signals, net, pair: traded.pair, netPerPeriod: net ?? new Decimal(-1)};
  });
  ranked.sort(byRank);
  return ranked.map(({traded, quote, view, newest, signals, net, pair}, i): Opportunity => {
    const {position, waiting} = traded.desk.book;
    const conditions = entryConditions(view, trader.config).map((condition) => ({
      ...condition,
      value: condition.value ?? null
    }));
    const hours = newest?.knownHours;
    const predicted8h =
      quote?.predictedRate === undefined ? undefined : rate8hDecimal(new Decimal(quote.predictedRate), hours);
    const composite = signals?.composite(trader.config.weights);
    const blockedBy: Opportunity["blockedBy"] =
      position !== "flat"
        ? [{code: "open-hedge", words: "a hedge is open"}]
        : [
            ...halted,
            ...general.map(({rule, why}) => ({code: rule, words: `${rule}: ${why}`})),
            ...gate
              .ofPair(pair, trader, ts)
              .filter(({rule}) => rule !== "late-settlement")
              .map(({rule, why}) => ({code: rule, words: `${rule}: ${why}`})),
            ...full,
            ...(newest?.rate8h
              ? []
              : [{code: "unknown-interval", words: "its newest settlement has no known interval and decides nothing"}]),
            ...conditions
              .filter(({met}) => !met)
              .map(({name, value, relation, limit}) => ({
                code: "condition",
                words: `${name} ${value ?? "missing"} is not ${relation} ${limit}`
              }))
          ];
    return {
      pair,
      rank: i + 1,
      settledTs: newest?.t ?? null,
      settledRate: newest ? text(newest.rate) : null,
      rate8h: newest?.rate8h ? text(newest.rate8h) : null,
      intervalHours: newest?.knownHours ?? null,
      predictedRate: quote?.predictedRate ?? null,
      predictedRate8h: predicted8h ? text(predicted8h) : null,
      nextSettlementTs: quote?.nextFundingTs ?? null,
      spread: quote?.perp ? text(spreadOf(quote.perp)) : null,
      basis: signals?.basis ? text(signals.basis.value) : null,
      composite: composite ? text(composite) : null,
      netPerPeriod: net ? text(net) : null,
      turnover24h: quote?.turnover24h ?? null,
      position,
      waiting: waiting ?? null,
      conditions,
      whyNot: blockedBy.map(({words}) => words),
      blockedBy
    };
  });
}

/** Returns `(ask − bid) / mid`, a share rounded to 0.01 bps. */
function spreadOf({bid, ask}: {bid: string; ask: string}): Decimal {
  const [low, high] = [new Decimal(bid), new Decimal(ask)];
  return high.minus(low).div(high.plus(low).div(2)).toDecimalPlaces(6);
}
