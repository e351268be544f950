import {UsageError} from "../../loaders/errors.js";
import type {EngineMode} from "../../src/lib/wire/trading.js";
import {liveKeys, type Keys} from "./secrets.js";

/** Credentials and mode of an engine that trades on a real account. */
export interface LiveTrading {
  keys: Keys;
  /** reads the account and decides, but reports orders instead of sending them */
  dryRun: boolean;
}

interface LockFlags {
  mode: EngineMode;
  /** `--live` */
  live: boolean | undefined;
  /** `--dry-run` */
  dryRun: boolean | undefined;
  /** ccxt id, or `sim` */
  venue: string;
  url: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** Venues whose private API is implemented. */
const VENUES = ["bybit", "sim"];

/**
 * Checks the three locks of live trading: the mode, the flag and the keys.
 * @returns undefined in every other mode, which holds no keys and cannot sign a request
 * @throws UsageError for the mode, the flag or the venue; ConfigError for the keys
 */
export function liveTrading({mode, live, dryRun, venue, url, env}: LockFlags): LiveTrading | undefined {
  if (mode !== "live") {
    const given = live ? "live" : dryRun ? "dry-run" : undefined;
    if (given === undefined) return undefined;
    throw new UsageError(`invalid ${given}: mode ${mode} places no order`, {
      fix: `add --mode live, or omit --${given}`
    });
  }
  if (!VENUES.includes(venue)) {
    throw new UsageError(`invalid venue: ${venue} (live trading supports bybit and the simulated venue)`, {
      fix: "use --venue bybit, or --mode paper"
    });
  }
  if (!live) {
    throw new UsageError("missing --live: mode live trades with real money", {
      fix: "add --live, with --dry-run to see orders without sending them; --mode paper needs neither"
    });
  }
  if (venue === "sim" && url === undefined) {
    throw new UsageError("missing url: the embedded simulated venue has no accounts", {
      fix: "start `npx carrybook sim`, open an account there and pass --url"
    });
  }
  return {keys: liveKeys(env), dryRun: dryRun ?? false};
}
