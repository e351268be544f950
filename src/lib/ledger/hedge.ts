import {Decimal, text, ZERO} from "../money/decimal.js";
import {capitalPerNotional, type StrategyConfig} from "../strategy/config.js";
import type {Decision, EntryReason, ExitReason} from "../strategy/decide.js";
import {entryFills, exitFills, liquidationFill, type Fill, type FillCosts} from "./fills.js";
import {marginPrices, type MarginPrices} from "./margin.js";
import {maintenanceRateAt, type Rules} from "./rules.js";
import type {BudgetLimit, Quantities} from "./sizing.js";
import {netOf, type Components, type Liquidation, type Payment, type Trade} from "./trade.js";

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
 * One open hedge: long spot, short perp. It books cash by what really changes hands and, beside it, the components that
 * explain it; the two must agree to the last digit (SEMANTICS §3, the law), which closing it checks.
 */
export class Hedge {
  readonly order: HedgeOrder;
  readonly spotQty: Decimal;
  readonly perpQty: Decimal;
  readonly notional: Decimal;
  readonly capital: Decimal;
  readonly prices: MarginPrices;
  readonly payments: Payment[] = [];
  readonly fills: Fill[] = [];
  /** change of the account's cash since before the entry; margin stays in the account */
  cash = ZERO;
  funding = ZERO;
  fees = ZERO;
  slippage = ZERO;
  liquidation: Liquidation | undefined;
  perpExitTs: number | undefined;
  readonly #costs: FillCosts;
  readonly #perpFill: Decimal;

  /**
   * @param fills what was really bought and sold; by default what the costs of the config make of the references
   * @param config its fees and slippage hold for the whole life of the hedge
   */
  constructor(
    order: HedgeOrder,
    config: StrategyConfig,
    rules: Rules,
    {spot, perp}: {spot: Fill; perp: Fill} = entryFills(order, config)
  ) {
    this.order = order;
    this.#costs = config;
    this.spotQty = spot.quantity;
    this.perpQty = perp.quantity;
    this.notional = order.quantities.ordered.times(order.spotReference);
    this.capital = this.notional.times(capitalPerNotional(config));
    this.#perpFill = perp.price;
    this.prices = marginPrices(perp.price, {
      leverage: config.leverage,
      maintenanceRate: maintenanceRateAt(rules, perp.price.times(perp.quantity)),
      tick: rules.perpTick
    });
    this.cash = this.cash.minus(spot.price.times(spot.quantity));
    this.#book(spot);
    this.#book(perp);
  }

  /** False from the moment at which the perp leg was liquidated. */
  get hedged(): boolean {
    return this.perpExitTs === undefined;
  }

  /** Fees, slippage and borrow paid so far. */
  get costs(): Decimal {
    return this.fees.plus(this.slippage);
  }

  #book(fill: Fill): void {
    this.fills.push(fill);
    this.fees = this.fees.plus(fill.fee);
    this.slippage = this.slippage.plus(fill.slippage);
    this.cash = this.cash.minus(fill.fee);
  }

  /** Takes part in one settlement: `perpQty × mark × rate`, received when positive (SEMANTICS §2). */
  settle(payment: Omit<Payment, "amount">): Payment {
    const booked = {...payment, amount: this.perpQty.times(payment.mark).times(payment.rate)};
    this.payments.push(booked);
    this.funding = this.funding.plus(booked.amount);
    this.cash = this.cash.plus(booked.amount);
    return booked;
  }

  /** Loses the perp leg at the end of a bar: reference P*, fill at the bankruptcy price, the fee on top. */
  liquidate(endTs: number, liquidation: Omit<Liquidation, "price" | "bankruptcy">): void {
    const {liquidation: price, bankruptcy} = this.prices;
    this.liquidation = {...liquidation, price, bankruptcy};
    this.perpExitTs = endTs;
    this.#book(liquidationFill({ts: endTs, quantity: this.perpQty, price, bankruptcy}, this.#costs));
    this.cash = this.cash.plus(this.perpQty.times(this.#perpFill.minus(bankruptcy)));
  }

  /** The fills of leaving at reference prices, at the costs this hedge was opened with. */
  exitFills(at: {ts: number; spotReference: Decimal; perpReference: Decimal | undefined}) {
    return exitFills(this, at, this.#costs);
  }

  /**
   * Ends the trade: buys the perp back where it is still there, sells the coin.
   * @throws `law broken: …` when the change of cash is not the net of the components, which is a bug of this file
   */
  close(
    ts: number,
    exit: {
      reason: ExitReason;
      decision: Decision | undefined;
      spotReference: Decimal;
      perpReference: Decimal | undefined;
      /** what was really bought and sold; by default what the costs make of the references */
      fills?: {spot: Fill; perp: Fill | undefined};
    }
  ): Trade {
    const {spot, perp} = exit.fills ?? this.exitFills({ts, ...exit});
    if (this.hedged) {
      if (!perp) throw new RangeError(`missing perp fill: ${this.order.pair} at ${ts}`);
      this.#book(perp);
      this.cash = this.cash.plus(this.perpQty.times(this.#perpFill.minus(perp.price)));
      this.perpExitTs = ts;
    }
    this.#book(spot);
    this.cash = this.cash.plus(spot.price.times(this.spotQty));
    const perpExit = this.liquidation?.price ?? exit.perpReference!;
    const components = this.components(exit.spotReference, perpExit);
    const net = netOf(components);
    if (!net.eq(this.cash)) {
      throw new Error(`law broken: cash changed by ${text(this.cash)}, net is ${text(net)} in ${this.order.id}`);
    }
    const {order} = this;
    return {
      id: order.id,
      pair: order.pair,
      entryTs: order.ts,
      exitTs: ts,
      perpExitTs: this.perpExitTs!,
      entryReason: order.reason,
      exitReason: exit.reason,
      decidedBy: {entry: order.decision, exit: exit.decision},
      spotQty: this.spotQty,
      perpQty: this.perpQty,
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

  /** The components with the legs marked at two reference prices; a lost perp leg keeps its own (SEMANTICS §3). */
  components(spotReference: Decimal, perpReference: Decimal): Components {
    const {spotReference: s0, perpReference: p0} = this.order;
    const lost = this.liquidation;
    const s1 = lost?.spotReference ?? spotReference;
    const p1 = lost?.price ?? perpReference;
    return {
      funding: this.funding,
      basis: this.spotQty.times(s1.minus(s0)).minus(this.perpQty.times(p1.minus(p0))),
      fees: this.fees,
      slippage: this.slippage,
      borrow: ZERO,
      liquidationLoss: lost ? this.perpQty.times(lost.bankruptcy.minus(lost.price)) : ZERO,
      liquidationDrift: lost ? this.spotQty.times(spotReference.minus(s1)) : ZERO
    };
  }

  /** Cash so far plus the legs at two prices: what the hedge has added to the account. */
  marked(spotPrice: Decimal, perpPrice: Decimal): Decimal {
    const legs = this.cash.plus(this.spotQty.times(spotPrice));
    return this.hedged ? legs.plus(this.perpQty.times(this.#perpFill.minus(perpPrice))) : legs;
  }
}
