import {DataError} from "../../loaders/errors.js";
import {createExchange} from "../../loaders/exchange/index.js";
import {systemClock} from "../../loaders/exchange/clock.js";
import {BybitAccount} from "../execution/live/account.js";
import {pairMarkets} from "../execution/live/markets.js";
import {stopAtVenue} from "../execution/live/stop.js";
import type {StopReport} from "../execution/venue.js";
import {liveKeys} from "../config/secrets.js";
import {heldByJournal} from "../loop/held.js";

/**
 * Flattens the account at the venue, without the engine. The keys come from this process's environment; venue, account
 * and coins come from the journal. With a damaged journal, coins are not sold; orders and shorts do not depend on it.
 * @param journal folder of the live journal, read without its lock
 * @param env source of the keys
 * @param say receives a line for each action
 * @throws ConfigError without keys; DataError for a journal that does not name its venue
 */
export async function stopWithoutEngine(
  journal: string,
  {env, signal, say}: {env: NodeJS.ProcessEnv; signal: AbortSignal; say: (line: string) => void}
): Promise<StopReport> {
  const keys = liveKeys(env);
  const {origin: url, venue, account: id, before, coins, damage} = heldByJournal(journal);
  if (url === undefined) {
    throw new DataError(`invalid journal: ${journal} does not name its venue${damage ? ` (${damage})` : ""}`, {
      fix: "close open positions at the venue yourself"
    });
  }
  const clock = systemClock;
  const line = {clock, random: Math.random, url, deadlineMs: 5_000};
  const [account, exchange] = await Promise.all([
    BybitAccount.open({...line, keys, atOnce: true}),
    createExchange({...line, simulated: venue === "sim"})
  ]);
  // Not awaited: until the venue's time is known, signatures use the local clock.
  account.syncClock({signal}).catch((error: Error) => say(`the venue's time could not be read: ${error.message}`));
  const stamp = Date.now().toString(36);
  const markets = () => exchange.instruments({signal, priority: "live"}).then(pairMarkets);
  const scope = {held: coins, before, account: id};
  const report = await stopAtVenue(scope, {account, markets, clock, signal, stamp, onProgress: say});
  if (damage === undefined) return report;
  return {...report, flat: false, remaining: [...report.remaining, {code: "journal-damaged", message: damage}]};
}
