import type {Hedge} from "./hedge.js";
import {Decimal, ZERO} from "../money/decimal.js";

/** The account that all pairs share; money in quote. */
export class Account {
  capital: Decimal;
  /** Σ net of closed trades */
  closedNet = ZERO;

  constructor(capital: Decimal) {
    this.capital = capital;
  }

  /**
   * Returns the free capital (§3): `capital + Σ net of closed trades + funding − costs − capital in use` of open hedges.
   */
  free(open: readonly Hedge[]): Decimal {
    return open.reduce(
      (free, hedge) => free.plus(hedge.funding).minus(hedge.costs).minus(hedge.capital),
      this.capital.plus(this.closedNet)
    );
  }

  /** Returns Σ spot notional at entry of the open hedges, which the portfolio cap limits. */
  openNotional(open: readonly Hedge[]): Decimal {
    return open.reduce((sum, hedge) => sum.plus(hedge.notional), ZERO);
  }
}
