/** What an emergency stop did and could not do. Programs read the codes; the texts are for people. */

/**
 * Why a closing order did not close its leg.
 * - `refused`: the venue or a check before sending rejected it; `venueCode` is the venue's own code
 * - `unanswered`: the venue did not answer within the time limit
 * - `unknown`: accepted, but its final status could not be read
 * - `unfilled`: ended without a fill
 */
export type CloseFailure =
  | {code: "refused"; message: string; venueCode: string | null}
  | {code: "unanswered"}
  | {code: "unknown"; order: string}
  | {code: "unfilled"; order: string; status: string | null};

/**
 * One thing that an emergency stop left open, or could not find out. Quantities are text, in the venue's unit.
 * - `hedge`: a hedge of the ledger; the engine retries in every cycle
 * - `short`, `coins`: a leg at the venue; `pair` is null where the venue's symbol could not be assigned
 * - `foreign-long`: a long position, which no hedge has
 * - `no-market`: coins whose spot market is not listed
 * - `other-account`, `account-unknown`: the keys belong to another account, or it is not known to which
 * - `account-unread`, `markets-unread`: the venue did not answer; without markets no coin is sold
 * - `orders-open`: orders could not be cancelled
 * - `journal-damaged`: the engine's coins are not known, so none is sold
 * - `not-attempted`: the venue could not be reached at all
 */
export type Remainder =
  | {code: "hedge"; pair: string}
  | {code: "short"; pair: string | null; symbol: string; quantity: string; failure: CloseFailure | null}
  | {code: "coins"; pair: string; coin: string; quantity: string; failure: CloseFailure | null}
  | {code: "foreign-long"; symbol: string; quantity: string}
  | {code: "no-market"; pair: string; quantity: string}
  | {code: "other-account"; account: string; expected: string}
  | {code: "account-unknown"}
  | {code: "account-unread"}
  | {code: "markets-unread"}
  | {code: "orders-open"}
  | {code: "journal-damaged"; message: string}
  | {code: "not-attempted"; message: string; fix: string | null};

/** `POST /engine/emergency-stop`: the result so far; the stop of a real account may continue after the reply. */
export interface EmergencyReport {
  /** UTC ms */
  ts: number;
  /** true when nothing remains */
  done: boolean;
  /** pairs that were open before and are known to be closed */
  closed: string[];
  /** the remaining pairs; sentences where the remainder is of no pair */
  left: string[];
  /** the remainder by code */
  remaining: Remainder[];
}

/** Returns true if the pair may still be open. What could not be read may concern every pair. */
export const mayBeOpen = (pair: string, remaining: readonly Remainder[]): boolean =>
  remaining.some((rest) => {
    switch (rest.code) {
      case "hedge":
      case "coins":
      case "no-market":
        return rest.pair === pair;
      case "short":
        return rest.pair === null || rest.pair === pair;
      case "foreign-long":
      case "orders-open":
        return false;
      default:
        return true;
    }
  });

/** Returns true if the engine's ledger cannot show whether this has ended: only the venue can. */
export const isOutsideLedger = ({code}: Remainder): boolean =>
  code === "foreign-long" || code === "orders-open" || code === "no-market";

/** Returns why a leg was not closed as text. */
export const failureText = (failure: CloseFailure): string => {
  switch (failure.code) {
    case "refused":
      return `${failure.message}${failure.venueCode === null ? "" : ` (code ${failure.venueCode})`}`;
    case "unanswered":
      return "the venue did not answer in time";
    case "unknown":
      return `what became of order ${failure.order} is not known`;
    case "unfilled":
      return `order ${failure.order} ended without a fill${failure.status === null ? "" : ` (${failure.status.toLowerCase()})`}`;
  }
};

/** Returns a leg as text, e.g. `a short of 0.5 BTCUSDT`. */
export const legText = (leg: Extract<Remainder, {code: "short" | "coins"}>): string =>
  leg.code === "short" ? `a short of ${leg.quantity} ${leg.symbol}` : `${leg.quantity} ${leg.coin}`;

const remainderText = (rest: Remainder): string => {
  switch (rest.code) {
    case "hedge":
      return rest.pair;
    case "short":
    case "coins":
      return `${legText(rest)} left${rest.failure === null ? "" : ` (${failureText(rest.failure)})`}`;
    case "foreign-long":
      return `a long position of ${rest.quantity} ${rest.symbol} is not the engine's and was left`;
    case "no-market":
      return `${rest.pair}: ${rest.quantity} coins, and no spot market is listed`;
    case "other-account":
      return `the keys are of account ${rest.account}, the journal is of ${rest.expected}; nothing was bought or sold`;
    case "account-unknown":
      return "it is not known whose the keys are; nothing was bought or sold";
    case "account-unread":
      return "the account could not be read";
    case "orders-open":
      return "orders could not be cancelled";
    case "markets-unread":
      return "the spot markets could not be read, so no coin was sold";
    case "journal-damaged":
      return `coins were not sold: ${rest.message}`;
    case "not-attempted":
      return `could not act on the venue directly: ${rest.message}${rest.fix === null ? "" : ` (${rest.fix})`}`;
  }
};

/** Returns the legs that a pair, or a symbol without one, still has at the venue as one text; null for none. */
export const legsText = (pair: string, remaining: readonly Remainder[]): string | null =>
  remaining
    .filter((rest) => pairOfLeg(rest) === pair)
    .map(remainderText)
    .join("; ") || null;

/** Returns the pair of a leg at the venue, or its symbol where the pair is not known; undefined for all else. */
export const pairOfLeg = (rest: Remainder): string | undefined =>
  rest.code === "short" ? (rest.pair ?? rest.symbol) : rest.code === "coins" ? rest.pair : undefined;

/** Returns the remainder as sentences: one for each pair with legs at the venue, then one for each other. */
export function remainingTexts(remaining: readonly Remainder[]): string[] {
  const pairs = [...new Set(remaining.flatMap((rest) => pairOfLeg(rest) ?? []))].sort();
  return [
    ...pairs.map((pair) => `${pair}: ${legsText(pair, remaining)}`),
    ...remaining.filter((rest) => pairOfLeg(rest) === undefined).map(remainderText)
  ];
}
