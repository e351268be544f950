import type {Hedge} from "./hedge.js";
import {Decimal, ZERO} from "../money/decimal.js";

/** The one account that several pairs share. */
export class Account {
  capital: Decimal;
  /** Σ net of closed trades */
  closedNet = ZERO;

  constructor(capital: Decimal) {
    this.capital = capital;
  }

  /**
   * `capital + Σ net of closed trades + funding received − costs paid on open ones − capital in use` (§3).
   */
  free(open: readonly Hedge[]): Decimal {
    return open.reduce(
      (free, hedge) => free.plus(hedge.funding).minus(hedge.costs).minus(hedge.capital),
      this.capital.plus(this.closedNet)
    );
  }

  /** Σ spot notional at entry of the open hedges, which the portfolio cap bounds. */
  openNotional(open: readonly Hedge[]): Decimal {
    return open.reduce((sum, hedge) => sum.plus(hedge.notional), ZERO);
  }
}
