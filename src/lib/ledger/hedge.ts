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
 * One open hedge: long spot, short perp, as a fold over its fills. It books cash by what really changes hands and, beside
 * it, the components that explain it; the two must agree to the last digit (§3, the law), which closing it
 * checks. A backtest's hedge has two fills to open it and two to close it; a venue may fill in parts, take some of the
 * short away, or let a leg be unwound.
 */
export class Hedge {
  readonly order: HedgeOrder;
  readonly notional: Decimal;
  readonly capital: Decimal;
  readonly prices: MarginPrices;
  readonly payments: Payment[] = [];
  readonly fills: Fill[] = [];
  /** what its opening fills bought and sold */
  readonly entered: {readonly spotQty: Decimal; readonly perpQty: Decimal};
  funding = ZERO;
  fees = ZERO;
  slippage = ZERO;
  liquidation: Liquidation | undefined;
  perpExitTs: number | undefined;
  /** which of the fills its liquidation is */
  liquidatedAt: number | undefined;
  /** average price of the short's opening fills; its reference where there are none */
  readonly perpPrice: Decimal;
  readonly #costs: FillCosts;
  #spotQty = ZERO;
  #perpQty = ZERO;
  /** what sales brought less what purchases cost, at fill prices and at references; fees apart */
  #spotFlow = ZERO;
  #perpFlow = ZERO;
  #spotReferences = ZERO;
  #perpReferences = ZERO;
  /** value of the spot leg at the instant of liquidation, at references */
  #spotAtLoss: Decimal | undefined;

  /**
   * @param fills what was really bought and sold; by default what the costs of the config make of the references
   * @param config its fees and slippage hold for the whole life of the hedge
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

  /** The short as it is now; once it was liquidated, what was lost. */
  get perpQty(): Decimal {
    return this.#perpQty;
  }

  /** False from the moment at which the perp leg was liquidated. */
  get hedged(): boolean {
    return this.liquidation === undefined;
  }

  /** Coins that the short does not cover; negative when the short is the larger. */
  get naked(): Decimal {
    return this.hedged ? this.#spotQty.minus(this.#perpQty) : this.#spotQty;
  }

  /** Fees, slippage and borrow paid so far. */
  get costs(): Decimal {
    return this.fees.plus(this.slippage);
  }

  /**
   * Change of the account's cash since before the entry. Margin stays in the account, and a short's result is cash once it
   * is bought back, at the average price it was opened at.
   */
  get cash(): Decimal {
    const short = this.hedged ? this.perpPrice.times(this.#perpQty) : ZERO;
    return this.flow.minus(short);
  }

  /** All that has changed hands: `cash` with an open short at what it was sold for. */
  get flow(): Decimal {
    return this.#spotFlow.plus(this.#perpFlow).minus(this.fees).plus(this.funding);
  }

  /** Takes one more fill in: part of a leg, or what a venue did of its own accord. */
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
   * Takes part in one settlement: `perpQty × mark × rate`, received when positive (§2).
   * @param payment with `amount` where the venue itself says what it paid
   */
  settle({amount, ...payment}: Omit<Payment, "amount"> & {amount?: Decimal | undefined}): Payment {
    const booked = {...payment, amount: amount ?? this.expected(payment)};
    this.payments.push(booked);
    this.funding = this.funding.plus(booked.amount);
    return booked;
  }

  /** What a settlement pays by the rate and the mark: `perpQty × mark × rate`. */
  expected({rate, mark}: Pick<Payment, "rate" | "mark">): Decimal {
    return this.#perpQty.times(mark).times(rate);
  }

  /**
   * Loses the perp leg at the end of a bar: reference P*, fill at the bankruptcy price, the fee on top.
   * @param fill what the venue itself says of it
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

  /** The fills of leaving at reference prices, at the costs this hedge was opened with. */
  exitFills(at: {ts: number; spotReference: Decimal; perpReference: Decimal | undefined}) {
    return exitFills(this, at, this.#costs);
  }

  /**
   * Ends the trade: buys the perp back where it is still there, sells the coin.
   * @throws `law broken: …` when the change of cash is not the net of the components, which is a bug of this file;
   *   `missing perp fill: …` when some of the short would stay
   */
  close(
    ts: number,
    exit: {
      reason: ExitReason;
      decision: Decision | undefined;
      spotReference: Decimal;
      perpReference: Decimal | undefined;
      /** what was really bought and sold; by default what the costs make of the references */
      fills?: readonly Fill[];
    }
  ): Trade {
    for (const fill of exit.fills ?? closing(this.exitFills({ts, ...exit}))) this.book(fill);
    if (this.hedged) {
      if (!this.#perpQty.isZero()) throw new RangeError(`missing perp fill: ${this.order.pair} at ${ts}`);
      this.perpExitTs = ts;
    }
    const perpExit = this.liquidation?.price ?? exit.perpReference!;
    // coins under a step cannot be sold: they are written off
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

  /** The components with the legs marked at two reference prices; a lost perp leg keeps its own (§3). */
  components(spotReference: Decimal, perpReference: Decimal): Components {
    const lost = this.liquidation;
    const spot = this.#spotReferences.plus(this.#spotQty.times(spotReference));
    const perp = lost ? this.#perpReferences : this.#perpReferences.minus(this.#perpQty.times(perpReference));
    return {
      funding: this.funding,
      basis: (this.#spotAtLoss ?? spot).plus(perp),
      fees: this.fees,
      slippage: this.slippage,
      borrow: ZERO,
      liquidationLoss: lost ? this.#perpQty.times(lost.bankruptcy.minus(lost.price)) : ZERO,
      liquidationDrift: this.#spotAtLoss ? spot.minus(this.#spotAtLoss) : ZERO
    };
  }

  /** Cash so far plus the legs at two prices: what the hedge has added to the account. */
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

/** `Σ price × quantity / Σ quantity`; undefined of nothing. */
function averagePrice(fills: readonly Fill[]): Decimal | undefined {
  if (fills.length === 1) return fills[0]!.price;
  const quantity = fills.reduce((sum, fill) => sum.plus(fill.quantity), ZERO);
  if (quantity.isZero()) return undefined;
  return fills.reduce((sum, {price, quantity}) => sum.plus(price.times(quantity)), ZERO).div(quantity);
}
