import {entryFills, exitFills, type Fill, type FillCosts} from "../../src/lib/ledger/fills.js";
import {Decimal, ONE, text, ZERO} from "../../src/lib/money/decimal.js";
import type {Execution, ExecutionVenue, HedgeLegs, Holding} from "./venue.js";

interface Book {
  coins: Decimal;
  short: Decimal;
  /** price the short was opened at */
  entry: Decimal;
}

/**
 * A venue on paper: every order fills at once at its reference, against us by the configured slippage, with the market's
 * taker fee. Its books know only what changed hands, not why; reconciliation holds them against the ledger.
 */
export class PaperVenue implements ExecutionVenue {
  readonly #costs: FillCosts;
  readonly #books = new Map<string, Book>();
  #cash = ZERO;

  constructor(costs: FillCosts) {
    this.#costs = costs;
  }

  async execute({ts, act, legs}: HedgeLegs): Promise<Execution> {
    const spot = legs.find((leg) => leg.market === "spot");
    const perp = legs.find((leg) => leg.market === "perp");
    if (!spot) return {refused: "missing spot leg"};
    if (act === "open") {
      if (!perp) return {refused: "missing perp leg"};
      const quantities = {ordered: spot.quantity, spotQty: spot.quantity, perpQty: perp.quantity};
      const fills = entryFills(
        {ts, spotReference: spot.reference, perpReference: perp.reference, quantities},
        this.#costs
      );
      return {fills: [fills.spot, fills.perp]};
    }
    const held = {spotQty: spot.quantity, perpQty: perp?.quantity ?? ZERO, hedged: perp !== undefined};
    const fills = exitFills(held, {ts, spotReference: spot.reference, perpReference: perp?.reference}, this.#costs);
    return {fills: fills.perp ? [fills.spot, fills.perp] : [fills.spot]};
  }

  confirm({pair}: HedgeLegs, fills: readonly Fill[]): void {
    for (const fill of fills) this.#take(pair, fill);
  }

  paid(_pair: string, amount: Decimal): void {
    this.#cash = this.#cash.plus(amount);
  }

  liquidated(pair: string, fill: Fill): void {
    this.#take(pair, fill);
  }

  #take(pair: string, {leg, side, price, quantity, fee}: Fill): void {
    const book = this.#books.get(pair) ?? {coins: ZERO, short: ZERO, entry: ZERO};
    this.#books.set(pair, book);
    this.#cash = this.#cash.minus(fee);
    if (leg === "spot") {
      const sign = side === "buy" ? ONE : ONE.neg();
      book.coins = book.coins.plus(quantity.times(sign));
      this.#cash = this.#cash.minus(price.times(quantity).times(sign));
    } else if (side === "sell") {
      book.short = book.short.plus(quantity);
      book.entry = price;
    } else {
      this.#cash = this.#cash.plus(quantity.times(book.entry.minus(price)));
      book.short = book.short.minus(quantity);
    }
    if (book.coins.isZero() && book.short.isZero()) this.#books.delete(pair);
  }

  async holdings(): Promise<{cash: Decimal; pairs: readonly Holding[]}> {
    return {
      cash: this.#cash,
      pairs: [...this.#books].map(([pair, {coins, short}]) => ({pair, coins, short}))
    };
  }

  snapshot(): unknown {
    return {
      cash: text(this.#cash),
      books: [...this.#books].map(([pair, {coins, short, entry}]) => [pair, text(coins), text(short), text(entry)])
    };
  }

  restore(state: unknown): void {
    const {cash, books} = state as {cash: string; books: [string, string, string, string][]};
    this.#cash = new Decimal(cash);
    this.#books.clear();
    for (const [pair, coins, short, entry] of books)
      this.#books.set(pair, {coins: new Decimal(coins), short: new Decimal(short), entry: new Decimal(entry)});
  }
}
