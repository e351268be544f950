import {Decimal, text, ZERO} from "../money/decimal.js";
import {capitalPerNotional, type StrategyConfig} from "../strategy/config.js";
import type {Decision, EntryReason, ExitReason} from "../strategy/decide.js";
import {entryFills, exitFills, liquidationFill, type Fill, type FillCosts} from "./fills.js";
import {marginPrices, type MarginPrices} from "./margin.js";
import {maintenanceRateAt, type Rules} from "./rules.js";
import type {BudgetLimit, Quantities} from "./sizing.js";
import {netOf, type Components, type Liquidation, type Payment, type Trade} from "./trade.js";

/** A sized entry of one pair, ready to open. */
export interface HedgeOrder {
  id: string;
  pair: string;
  ts: number;
  reason: EntryReason;
  decision: Decision;
  quantities: Quantities;
  spotReference: Decimal;
  perpReference: Decimal;
  budgetLimit: BudgetLimit;
}

/**
 * One open hedge: long spot, short perp, as a fold over its fills. It accounts for actual cash flows and, separately, for
 * the components of the P&L. The two must agree to the last digit (§3, the law), which `close` checks. A backtest's hedge
 * has two entry and two exit fills. At a venue, fills may be partial, and the short may be reduced by ADL.
 */
export class Hedge {
  readonly order: HedgeOrder;
  readonly notional: Decimal;
  readonly capital: Decimal;
  readonly prices: MarginPrices;
  readonly payments: Payment[] = [];
  readonly fills: Fill[] = [];
  /** quantities of the entry fills */
  readonly entered: {readonly spotQty: Decimal; readonly perpQty: Decimal};
  funding = ZERO;
  fees = ZERO;
  slippage = ZERO;
  liquidation: Liquidation | undefined;
  perpExitTs: number | undefined;
  /** index in `fills` of the liquidation */
  liquidatedAt: number | undefined;
  /** average entry price of the short; the reference if no perp fill opened it */
  readonly perpPrice: Decimal;
  readonly #costs: FillCosts;
  #spotQty = ZERO;
  #perpQty = ZERO;
  /** sales − purchases per leg, at fill prices and at reference prices, before fees */
  #spotFlow = ZERO;
  #perpFlow = ZERO;
  #spotReferences = ZERO;
  #perpReferences = ZERO;
  /** value of the spot leg at the instant of liquidation, at references */
  #spotAtLoss: Decimal | undefined;

  /**
   * @param fills actual entry fills; by default the references with the config's slippage and fees
   * @param config its fees and slippage apply for the life of the hedge
   */
  constructor(
    order: HedgeOrder,
    config: StrategyConfig,
    rules: Rules,
    fills: readonly Fill[] = opening(order, config)
  ) {
    this.order = order;
    this.#costs = config;
    this.notional = order.quantities.ordered.times(order.spotReference);
    this.capital = this.notional.times(capitalPerNotional(config));
    for (const fill of fills) this.book(fill);
    this.entered = {spotQty: total(fills, "spot", "buy"), perpQty: total(fills, "perp", "sell")};
    this.perpPrice =
      averagePrice(fills.filter(({leg, side}) => leg === "perp" && side === "sell")) ?? order.perpReference;
    this.prices = marginPrices(this.perpPrice, {
      leverage: config.leverage,
      maintenanceRate: maintenanceRateAt(rules, this.perpPrice.times(this.#perpQty)),
      tick: rules.perpTick
    });
  }

  /** Coins held now. */
  get spotQty(): Decimal {
    return this.#spotQty;
  }

  /** The short's quantity in coins; after a liquidation, the quantity liquidated. */
  get perpQty(): Decimal {
    return this.#perpQty;
  }

  /** False once the perp leg was liquidated. */
  get hedged(): boolean {
    return this.liquidation === undefined;
  }

  /** Unhedged quantity, spot − perp, in coins; negative if the short is larger. */
  get naked(): Decimal {
    return this.hedged ? this.#spotQty.minus(this.#perpQty) : this.#spotQty;
  }

  /** Fees, slippage and borrow paid so far. */
  get costs(): Decimal {
    return this.fees.plus(this.slippage);
  }

  /**
   * Change of the account's cash since before the entry, in quote. Margin stays in the account. A short's P&L becomes cash
   * when it is bought back, against its average entry price.
   */
  get cash(): Decimal {
    const short = this.hedged ? this.perpPrice.times(this.#perpQty) : ZERO;
    return this.flow.minus(short);
  }

  /** Sum of all cash flows: `cash` plus the proceeds of an open short. */
  get flow(): Decimal {
    return this.#spotFlow.plus(this.#perpFlow).minus(this.fees).plus(this.funding);
  }

  /** Books one more fill: part of a leg, or one the engine did not order. */
  book(fill: Fill): void {
    const {leg, side, price, quantity, reference, fee, slippage} = fill;
    this.fills.push(fill);
    this.fees = this.fees.plus(fee);
    this.slippage = this.slippage.plus(slippage);
    const signed = side === "buy" ? quantity.neg() : quantity;
    if (leg === "spot") {
      this.#spotQty = this.#spotQty.minus(signed);
      this.#spotFlow = this.#spotFlow.plus(price.times(signed));
      this.#spotReferences = this.#spotReferences.plus(reference.times(signed));
    } else {
      this.#perpQty = this.#perpQty.plus(signed);
      this.#perpFlow = this.#perpFlow.plus(price.times(signed));
      this.#perpReferences = this.#perpReferences.plus(reference.times(signed));
    }
  }

  /**
   * Books one funding settlement: `perpQty × mark × rate`, received if positive (§2).
   * @param payment `amount` is the payment the venue reported, in quote; by default it is computed
   */
  settle({amount, ...payment}: Omit<Payment, "amount"> & {amount?: Decimal | undefined}): Payment {
    const booked = {...payment, amount: amount ?? this.expected(payment)};
    this.payments.push(booked);
    this.funding = this.funding.plus(booked.amount);
    return booked;
  }

  /** Returns the payment of a settlement, `perpQty × mark × rate` in quote (§2). */
  expected({rate, mark}: Pick<Payment, "rate" | "mark">): Decimal {
    return this.#perpQty.times(mark).times(rate);
  }

  /**
   * Liquidates the perp leg at the end of a bar: reference P*, fill at the bankruptcy price, plus the taker fee (§3).
   * @param given the fill the venue reported, if any
   */
  liquidate(endTs: number, liquidation: Omit<Liquidation, "price" | "bankruptcy">, given?: Fill): void {
    const {liquidation: price, bankruptcy} = this.prices;
    const quantity = this.#perpQty;
    const fill = given ?? liquidationFill({ts: endTs, quantity, price, bankruptcy}, this.#costs);
    this.#spotAtLoss = this.#spotReferences.plus(this.#spotQty.times(liquidation.spotReference));
    this.liquidatedAt = this.fills.length;
    this.book(fill);
    this.#perpQty = quantity;
    this.liquidation = {...liquidation, price: fill.reference, bankruptcy: fill.price};
    this.perpExitTs = endTs;
  }

  /** Returns the fills of an exit at reference prices, with the costs this hedge was opened with. */
  exitFills(at: {ts: number; spotReference: Decimal; perpReference: Decimal | undefined}) {
    return exitFills(this, at, this.#costs);
  }

  /**
   * Closes the hedge: buys back the perp unless it was liquidated, and sells the coin.
   * @throws Error `law broken: …` if the change of cash is not the net of the components, which is a bug in this file
   * @throws RangeError `missing perp fill: …` if part of the short would remain open
   */
  close(
    ts: number,
    exit: {
      reason: ExitReason;
      decision: Decision | undefined;
      spotReference: Decimal;
      perpReference: Decimal | undefined;
      /** actual exit fills; by default the references with slippage and fees */
      fills?: readonly Fill[];
    }
  ): Trade {
    for (const fill of exit.fills ?? closing(this.exitFills({ts, ...exit}))) this.book(fill);
    if (this.hedged) {
      if (!this.#perpQty.isZero()) throw new RangeError(`missing perp fill: ${this.order.pair} at ${ts}`);
      this.perpExitTs = ts;
    }
    const perpExit = this.liquidation?.price ?? exit.perpReference!;
    // a remainder below one lot step cannot be sold and is written off
    const components = this.components(ZERO, perpExit);
    const net = netOf(components);
    const {cash} = this;
    if (!net.eq(cash)) {
      throw new Error(`law broken: cash changed by ${text(cash)}, net is ${text(net)} in ${this.order.id}`);
    }
    const {order, entered} = this;
    return {
      id: order.id,
      pair: order.pair,
      entryTs: order.ts,
      exitTs: ts,
      perpExitTs: this.perpExitTs!,
      entryReason: order.reason,
      exitReason: exit.reason,
      decidedBy: {entry: order.decision, exit: exit.decision},
      ...entered,
      spotEntry: order.spotReference,
      spotExit: exit.spotReference,
      perpEntry: order.perpReference,
      perpExit,
      payments: this.payments,
      fills: this.fills,
      ...components,
      net,
      notional: this.notional,
      capital: this.capital,
      budgetLimit: order.budgetLimit,
      liquidation: this.liquidation
    };
  }

  /** Returns the components of the P&L with the legs marked at two reference prices; a liquidated perp is not marked (§3). */
  components(spotReference: Decimal, perpReference: Decimal): Components {
    const {liquidation} = this;
    const spot = this.#spotReferences.plus(this.#spotQty.times(spotReference));
    const perp = liquidation ? this.#perpReferences : this.#perpReferences.minus(this.#perpQty.times(perpReference));
    return {
      funding: this.funding,
      basis: (this.#spotAtLoss ?? spot).plus(perp),
      fees: this.fees,
      slippage: this.slippage,
      borrow: ZERO,
      liquidationLoss: liquidation ? this.#perpQty.times(liquidation.bankruptcy.minus(liquidation.price)) : ZERO,
      liquidationDrift: this.#spotAtLoss ? spot.minus(this.#spotAtLoss) : ZERO
    };
  }

  /** Returns the hedge's P&L marked at two prices, in quote: cash flows so far plus the value of both legs. */
  marked(spotPrice: Decimal, perpPrice: Decimal): Decimal {
    const withCoins = this.flow.plus(this.#spotQty.times(spotPrice));
    return this.hedged ? withCoins.minus(this.#perpQty.times(perpPrice)) : withCoins;
  }
}

const opening = (order: HedgeOrder, config: StrategyConfig): readonly Fill[] => {
  const {spot, perp} = entryFills(order, config);
  return [spot, perp];
};

const closing = ({spot, perp}: {spot: Fill; perp: Fill | undefined}): readonly Fill[] => (perp ? [perp, spot] : [spot]);

const total = (fills: readonly Fill[], leg: Fill["leg"], side: Fill["side"]): Decimal =>
  fills.reduce((sum, fill) => (fill.leg === leg && fill.side === side ? sum.plus(fill.quantity) : sum), ZERO);

/** Returns `Σ price × quantity / Σ quantity`; undefined without any quantity. */
function averagePrice(fills: readonly Fill[]): Decimal | undefined {
  if (fills.length === 1) return fills[0]!.price;
  const quantity = fills.reduce((sum, fill) => sum.plus(fill.quantity), ZERO);
  if (quantity.isZero()) return undefined;
  return fills.reduce((sum, {price, quantity}) => sum.plus(price.times(quantity)), ZERO).div(quantity);
}
