/** The numbers behind a decision, kept on the trade. */
export interface Decision {
  ts: number;
  /** the signals and thresholds that the rule compared; decimals as text */
  numbers: Readonly<Record<string, string>>;
}

/** A trade as pages show it and `backtest --json` prints it: money as decimal text in quote, instants in UTC ms. */
export interface TradeReport {
  id: string;
  pair: string;
  entryTs: number;
  exitTs: number;
  perpExitTs: number;
  entryReason: string;
  exitReason: string;
  decidedBy: {entry: Decision; exit: Decision | undefined};
  spotQty: string;
  perpQty: string;
  /** reference prices, not fills */
  spotEntry: string;
  spotExit: string;
  perpEntry: string;
  perpExit: string;
  funding: string;
  /** number of funding payments */
  payments: number;
  /** the funding payments */
  settlements: {
    ts: number;
    rate: string;
    mark: string;
    markSource: "mark-open" | "mark-close" | "perp-open" | "perp-close";
    amount: string;
  }[];
  fills: {
    leg: string;
    side: string;
    ts: number;
    reference: string;
    price: string;
    quantity: string;
    fee: string;
    slippage: string;
  }[];
  basis: string;
  fees: string;
  slippage: string;
  borrow: string;
  liquidationLoss: string;
  liquidationDrift: string;
  net: string;
  capital: string;
  returnOnCapital: number;
  holdingHours: number;
  budgetLimit: string;
  liquidation:
    {barTs: number; source: string; high: string; price: string; bankruptcy: string; spotReference: string} | undefined;
}
