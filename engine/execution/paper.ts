import {buyWithCoinFee, fillInQuote, type Fill, type FillCosts} from "../../src/lib/ledger/fills.js";
import {Decimal, ONE, text, ZERO} from "../../src/lib/money/decimal.js";
import {slippageShare} from "../../src/lib/market/costs.js";
import type {Execution, ExecutionVenue, HedgeLegs, Holdings, LegOrder} from "./venue.js";

interface Book {
  coins: Decimal;
  short: Decimal;
  /** entry price of the short, quote per coin */
  entry: Decimal;
}

/**
 * Simulates a venue on paper: every order fills immediately at its reference, less the configured slippage, and pays
 * the market's taker fee. Keeps its own positions, which reconciliation compares with the ledger.
 */
export class PaperVenue implements ExecutionVenue {
  readonly real = false;
  readonly cashTolerance = ZERO;
  readonly #costs: FillCosts;
  readonly #books = new Map<string, Book>();
  #cash = ZERO;

  constructor(costs: FillCosts) {
    this.#costs = costs;
  }

  async execute({ts, legs}: HedgeLegs): Promise<Execution> {
    return {fills: legs.map((leg) => this.#fill(ts, leg))};
  }

  #fill(ts: number, {market: leg, side, reference, quantity}: LegOrder): Fill {
    const slippage = slippageShare(this.#costs);
    const {spotFee, perpFee, spotFeeIn} = this.#costs;
    if (leg === "spot" && side === "buy" && spotFeeIn === "base")
      return buyWithCoinFee({ts, reference, quantity}, {slippage, feeRate: spotFee});
    return fillInQuote({leg, side, ts, reference, quantity}, {slippage, feeRate: leg === "spot" ? spotFee : perpFee});
  }

  confirm({pair}: HedgeLegs, {fills}: Execution): void {
    for (const fill of fills) this.#book(pair, fill);
  }

  confirmForeign(pair: string, fill: Fill): void {
    this.#book(pair, fill);
  }

  paid(_pair: string, amount: Decimal): void {
    this.#cash = this.#cash.plus(amount);
  }

  liquidated(pair: string, fill: Fill): void {
    this.#book(pair, fill);
  }

  #book(pair: string, {leg, side, price, quantity, fee}: Fill): void {
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

  async holdings(): Promise<Holdings> {
    const sold = [...this.#books.values()].reduce((sum, {short, entry}) => sum.plus(short.times(entry)), ZERO);
    return {
      cash: this.#cash.plus(sold),
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
