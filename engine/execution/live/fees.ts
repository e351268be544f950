import type {ReconciliationRow} from "../../../src/lib/wire/trading.js";
import {Decimal, text} from "../../../src/lib/money/decimal.js";
import type {StrategyConfig} from "../../../src/lib/strategy/config.js";
import type {CallOptions, Exchange} from "../../../loaders/exchange/types.js";
import type {BybitAccount} from "./account.js";
import {pairMarkets} from "./markets.js";

/** Configured taker fees, as shares. */
type ConfiguredFees = Pick<StrategyConfig, "spotFee" | "perpFee">;

/**
 * Compares the account's taker fees with the configured ones, by the highest fee of the traded pairs per market. A fee
 * above the configured one is reported as a mismatch; a lower one is accepted.
 * @throws ExchangeError when the venue does not report fees
 */
export async function feeRows(
  pairs: readonly string[],
  configured: ConfiguredFees,
  {account, exchange, options = {}}: {account: BybitAccount; exchange: Exchange; options?: CallOptions}
): Promise<ReconciliationRow[]> {
  const [markets, spot, linear] = await Promise.all([
    exchange.instruments({priority: "live", ...options}).then(pairMarkets),
    account.takerFees("spot", options),
    account.takerFees("linear", options)
  ]);
  const highestFee = (fees: ReadonlyMap<string, string>, leg: "spot" | "perp") =>
    pairs.reduce<{pair: string; fee: Decimal} | undefined>((highest, pair) => {
      const found = fees.get(markets.get(pair)?.[leg].symbol ?? "");
      if (found === undefined) return highest;
      const fee = new Decimal(found);
      return highest && highest.fee.gte(fee) ? highest : {pair, fee};
    }, undefined);
  return [
    feeRow("spot", configured.spotFee, highestFee(spot, "spot")),
    feeRow("perp", configured.perpFee, highestFee(linear, "perp"))
  ].flatMap((row) => row ?? []);
}

function feeRow(
  leg: "spot" | "perp",
  configured: Decimal,
  found: {pair: string; fee: Decimal} | undefined
): ReconciliationRow | undefined {
  if (!found) return undefined;
  const {pair, fee} = found;
  const percent = (share: Decimal) => `${text(share.times(100))} %`;
  const excess = fee.minus(configured);
  const agrees = excess.lte(0);
  const key = leg === "spot" ? "costs.spotFee" : "costs.perpFee";
  return {
    component: "fees",
    pair,
    ledger: text(configured),
    venue: text(fee),
    residual: text(excess),
    agrees,
    says: agrees
      ? `${leg} fee: the account pays ${percent(fee)}, ${key} reckons with ${percent(configured)}`
      : `${leg} fee: the account pays ${percent(fee)} for ${pair}, more than the ${percent(configured)} of ${key}: decisions count on ${percent(excess)} too little per fill`
  };
}
