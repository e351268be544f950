import {z} from "zod";

const page = z.array(z.object({symbol: z.string(), market_cap: z.number().nullable()}));

/** Market capitalisations in USD by coin (`BTC`), or the reason there are none. No other figure depends on them. */
export interface MarketCaps {
  byCoin: Map<string, number>;
  problem: string | undefined;
}

interface MarketCapOptions {
  /** base URL of CoinGecko's API, `https://api.coingecko.com/api/v3` */
  url: string;
  timeoutMs?: number;
}

/**
 * Fetches the 250 largest coins from CoinGecko. A symbol shared by several coins means the largest of them. A failure
 * leaves the column empty and returns the reason, because an optional figure must not stop the build of a page.
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
