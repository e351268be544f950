import {ConfigError} from "../../../loaders/errors.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import type {KeyFacts} from "./account.js";

/** Keys that expire within this time cause a warning, ms. */
const SOON_MS = 14 * DAY_MS;

/** A warning about the API keys. */
export interface KeyWarning {
  level: "warn" | "critical";
  message: string;
}

/**
 * Checks the rights and expiry of an account's keys and returns warnings.
 * @param venueMs the venue's current time, UTC ms
 * @param dryRun accepts read-only keys, because no order is sent
 * @throws ConfigError for keys that cannot trade both legs
 */
export function judgeKey(
  {readOnly, permissions, expiresTs}: KeyFacts,
  {venueMs, dryRun}: {venueMs: number; dryRun: boolean}
): KeyWarning[] {
  if (!permissions) {
    return [
      {level: "warn", message: "the venue does not tell what the keys may do: look there that they cannot withdraw"}
    ];
  }
  const has = (kind: string, right: string): boolean => permissions[kind]?.includes(right) ?? false;
  const warnings: KeyWarning[] = [];
  const lacks = [
    ...(readOnly ? ["they are read-only"] : []),
    ...(has("Spot", "SpotTrade") ? [] : ["they have no right to trade spot"]),
    ...(has("ContractTrade", "Order") && has("ContractTrade", "Position")
      ? []
      : ["they have no right to contract orders and positions"])
  ];
  if (lacks.length > 0 && !dryRun) {
    throw new ConfigError(`invalid CARRYBOOK_API_KEY: ${lacks.join(", ")}`, {
      fix: "make keys with the rights for spot trading and for contract orders and positions, and no other; or use --dry-run"
    });
  }
  if (lacks.length > 0) warnings.push({level: "warn", message: `the keys could not trade: ${lacks.join(", ")}`});
  if (has("Wallet", "Withdraw")) {
    warnings.push({
      level: "critical",
      message:
        "the keys may WITHDRAW from the account: anyone who obtains them can empty it. Trading needs no such right: create keys without it"
    });
  }
  if (expiresTs !== undefined && expiresTs - venueMs < SOON_MS) {
    const days = Math.max(0, Math.floor((expiresTs - venueMs) / DAY_MS));
    warnings.push({
      level: "warn",
      message: `the keys expire in ${days} ${days === 1 ? "day" : "days"}, on ${new Date(expiresTs).toISOString()}: after that nothing can be closed with them`
    });
  }
  return warnings;
}
