import {ConfigError} from "../../../loaders/errors.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Clock, Exchange} from "../../../loaders/exchange/types.js";
import type {ReconciliationRow} from "../../../src/lib/wire/trading.js";
import type {StrategyConfig} from "../../../src/lib/strategy/config.js";
import type {LiveTrading} from "../../config/locks.js";
import type {ExecutionConfig} from "../../config/execution.js";
import {BybitAccount, type KeyFacts} from "./account.js";
import {feeRows} from "./fees.js";
import {LiveVenue} from "./live.js";
import {judgeKey, type KeyWarning} from "./rights.js";

export interface ConnectOptions {
  live: LiveTrading;
  exchange: Exchange;
  strategy: StrategyConfig;
  /** order style of the two legs */
  execution?: ExecutionConfig | undefined;
  clock: Clock;
  signal: AbortSignal;
  log: {info: (text: string) => void; warn: (text: string) => void};
  /** reports a warning about the keys */
  warn: (warning: KeyWarning) => void;
  /** alerts the operator to an order problem */
  alarm: (text: string, pair: string | null) => void;
  /** reports each order that a dry run does not send */
  shown: (order: string) => void;
  deadlineMs?: number;
}

/** A verified connection to a real account. */
export interface LiveAccount {
  /** builds a venue for each new trader */
  venue: () => LiveVenue;
  /** compares the account's fees of the given pairs with the configured ones */
  fees: (pairs: readonly string[]) => Promise<ReconciliationRow[]>;
}

/** Delay between two connection attempts, ms. */
const RETRY_MS = 5_000;
/** Texts for Bybit's codes of keys that cannot be used. */
const KEY_CODES: Readonly<Record<string, string>> = {
  10003: "the venue does not know it",
  10004: "its secret is wrong",
  10010: "it is bound to another address than this machine's",
  33004: "it has expired"
};

/**
 * Connects to an account: synchronises the clock that signatures need and checks the keys' rights. Retries network
 * failures until they end.
 * @throws ConfigError for keys that are invalid or cannot trade; the signal's reason
 */
export async function connectLive(options: ConnectOptions): Promise<LiveAccount> {
  const {live, exchange, strategy, execution, clock, signal, warn, alarm, shown, deadlineMs} = options;
  const line = {
    clock,
    random: Math.random,
    url: exchange.origin,
    keys: live.keys,
    reads: live.dryRun,
    ...(deadlineMs !== undefined && {deadlineMs})
  };
  const account = await BybitAccount.open({...line, market: exchange});
  const urgent = await BybitAccount.open({...line, atOnce: true});
  for (const warning of judgeKey(await authenticate(account, options), {venueMs: account.venueMs, dryRun: live.dryRun}))
    warn(warning);
  return {
    venue: () =>
      new LiveVenue({
        account,
        urgent,
        exchange,
        clock,
        signal,
        config: strategy,
        ...(execution && {execution}),
        alarm,
        ...(live.dryRun && {dryRun: shown})
      }),
    fees: (pairs) => feeRows(pairs, strategy, {account, exchange, options: {signal}})
  };
}

/** Synchronises the clock and reads the keys' rights, retrying until the venue answers. */
async function authenticate(account: BybitAccount, {clock, signal, log}: ConnectOptions): Promise<KeyFacts> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      await account.syncClock({priority: "live", signal});
      const facts = await account.key({signal});
      if (attempt > 1) log.info(`the account at ${account.origin} answers`);
      return facts;
    } catch (error) {
      signal.throwIfAborted();
      const {cause, message} = error as Error;
      const why = cause instanceof Refusal ? KEY_CODES[cause.code ?? ""] : undefined;
      if (why !== undefined) {
        throw new ConfigError(`invalid CARRYBOOK_API_KEY: ${why}`, {
          fix: `check CARRYBOOK_API_KEY and CARRYBOOK_API_SECRET, and that they were made for ${account.origin}`,
          cause: error
        });
      }
      log.warn(`the account at ${account.origin} cannot be reached (${message}); retrying until it answers`);
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
