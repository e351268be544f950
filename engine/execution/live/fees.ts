import type {ReconciliationRow} from "../../../src/lib/wire/trading.js";
import {Decimal, text} from "../../../src/lib/money/decimal.js";
import type {StrategyConfig} from "../../../src/lib/strategy/config.js";
import type {CallOptions, Exchange} from "../../../loaders/exchange/types.js";
import type {BybitAccount} from "./account.js";
import {pairMarkets} from "./markets.js";

/** What a fill costs by the configuration, shares. */
type ConfiguredFees = Pick<StrategyConfig, "spotFee" | "perpFee">;

/**
 * The account's own taker fees against the configured ones, the dearest of the traded pairs per market. What costs more
 * than was reckoned with agrees not; what costs less is no harm.
 * @throws ExchangeError where the venue does not tell them
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
  const dearest = (fees: ReadonlyMap<string, string>, leg: "spot" | "perp") =>
    pairs.reduce<{pair: string; fee: Decimal} | undefined>((most, pair) => {
      const found = fees.get(markets.get(pair)?.[leg].symbol ?? "");
      if (found === undefined) return most;
      const fee = new Decimal(found);
      return most && most.fee.gte(fee) ? most : {pair, fee};
    }, undefined);
  return [
    feeRow("spot", configured.spotFee, dearest(spot, "spot")),
    feeRow("perp", configured.perpFee, dearest(linear, "perp"))
  ].flatMap((row) => row ?? []);
}

function feeRow(
  leg: "spot" | "perp",
  reckoned: Decimal,
  found: {pair: string; fee: Decimal} | undefined
): ReconciliationRow | undefined {
  if (!found) return undefined;
  const {pair, fee} = found;
  const percent = (share: Decimal) => `${text(share.times(100))} %`;
  const more = fee.minus(reckoned);
  const agrees = more.lte(0);
  const key = leg === "spot" ? "costs.spotFee" : "costs.perpFee";
  return {
    component: "fees",
    pair,
    ledger: text(reckoned),
    venue: text(fee),
    residual: text(more),
    agrees,
    says: agrees
      ? `${leg} fee: the account pays ${percent(fee)}, ${key} reckons with ${percent(reckoned)}`
      : `${leg} fee: the account pays ${percent(fee)} for ${pair}, more than the ${percent(reckoned)} of ${key}: decisions count on ${percent(more)} too little per fill`
  };
}
