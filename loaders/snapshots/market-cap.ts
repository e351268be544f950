import {z} from "zod";

const page = z.array(z.object({symbol: z.string(), market_cap: z.number().nullable()}));

/** Market capitalisations in USD by coin (`BTC`), or why there are none. Nothing in Carrybook depends on them. */
export interface MarketCaps {
  byCoin: Map<string, number>;
  problem: string | undefined;
}

export interface MarketCapOptions {
  /** CoinGecko's API, `https://api.coingecko.com/api/v3` */
  url: string;
  timeoutMs?: number;
}

/**
 * Asks CoinGecko for the 250 largest coins. A symbol that several coins carry means the largest of them. Any failure
 * leaves the column empty and says why: a number nobody needs must never keep a page from being built.
 */
export async function marketCaps({url, timeoutMs = 5_000}: MarketCapOptions): Promise<MarketCaps> {
  const byCoin = new Map<string, number>();
  try {
    const address = `${url.replace(/\/$/, "")}/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=250&page=1`;
    const reply = await fetch(address, {signal: AbortSignal.timeout(timeoutMs), headers: {accept: "application/json"}});
    if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
    for (const {symbol, market_cap} of page.parse(await reply.json())) {
      const coin = symbol.toUpperCase();
      if (market_cap !== null && market_cap > 0 && !byCoin.has(coin)) byCoin.set(coin, market_cap);
    }
    return {byCoin, problem: undefined};
  } catch (error) {
    const {message, cause} = error as Error;
    return {
      byCoin: new Map(),
      problem: `market cap is missing: ${(cause as Error | undefined)?.message ?? message.split("\n")[0]}`
    };
  }
}
