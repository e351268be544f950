import {existsSync} from "node:fs";
import {join} from "node:path";
import {createExchange} from "../../loaders/exchange/index.js";
import {systemClock} from "../../loaders/exchange/clock.js";
import {BybitAccount} from "../execution/live/account.js";
import {stopAtVenue} from "../execution/live/stop.js";
import type {StopReport, StopScope} from "../execution/venue.js";
import {liveKeys, secretEnvironment} from "../secrets.js";
import {heldByJournal, type Held} from "../trading/held.js";

/** The journal of a live engine on a data directory; undefined where none has traded. */
export function liveJournal(dataDir: string): string | undefined {
  const dir = join(dataDir, "journal", "live");
  return existsSync(dir) ? dir : undefined;
}

/**
 * An emergency stop without the engine: this process acts on the venue itself, with the keys of its own environment and
 * what the engine's journal says of the venue and of the coins. A journal that cannot be read leaves the coins alone;
 * orders and shorts need none.
 * @param say hears of each thing that is done
 * @throws ConfigError without keys
 */
export async function stopWithoutEngine(
  journal: string,
  {signal, say}: {signal: AbortSignal; say: (line: string) => void}
): Promise<StopReport> {
  const keys = liveKeys(secretEnvironment());
  let held: Held | undefined;
  let unread: string | undefined;
  try {
    held = heldByJournal(journal);
  } catch (error) {
    unread = `the journal cannot be read, so no coin was sold (${(error as Error).message})`;
    say(unread);
  }
  if (held && held.origin === undefined) {
    return {pairs: [], left: [], flat: true, fills: []};
  }
  // without a journal there is one real venue it can be
  const url = held?.origin;
  const clock = systemClock;
  const line = {clock, random: Math.random, url, keys, deadlineMs: 5_000};
  const [account, exchange] = await Promise.all([
    BybitAccount.open({...line, atOnce: true}),
    createExchange({url, simulated: held?.venue === "sim", clock, deadlineMs: 5_000})
  ]);
  // A signature carries the venue's time; where it does not tell, this machine's has to do.
  await account.syncClock({signal}).catch((error: Error) => say(`the venue does not tell its time: ${error.message}`));
  const scope: StopScope = {held: held?.coins ?? new Map(), before: held?.before ?? {}};
  const report = await stopAtVenue(scope, {
    account,
    exchange,
    clock,
    signal,
    stamp: Date.now().toString(36),
    say
  });
  return unread === undefined ? report : {...report, flat: false, left: [...report.left, unread]};
}
