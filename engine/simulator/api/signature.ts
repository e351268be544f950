import {createHmac, timingSafeEqual} from "node:crypto";
import type {IncomingHttpHeaders} from "node:http";
import {VenueError} from "../market/venue.js";
import type {Account} from "../account/account.js";

const DEFAULT_WINDOW_MS = 5_000;
/** How far a request may be dated ahead of the venue's clock. */
const AHEAD_MS = 1_000;

const header = (headers: IncomingHttpHeaders, name: string): string => {
  const value = headers[name];
  return typeof value === "string" ? value : "";
};

/** True for a request that carries a signature, a good one or not. */
export const isSigned = (headers: IncomingHttpHeaders): boolean => headers["x-bapi-sign"] !== undefined;

/** The key a request names. */
export const keyOf = (headers: IncomingHttpHeaders): string => header(headers, "x-bapi-api-key");

/**
 * Finds the account of a signed request, or refuses it: unknown key 10003, a stamp outside the window 10002, a wrong
 * signature 10004. `payload` is the raw query of a GET, the raw body of a POST.
 */
export function authenticate(
  accounts: ReadonlyMap<string, Account>,
  headers: IncomingHttpHeaders,
  payload: string,
  nowMs: number
): Account {
  const key = keyOf(headers);
  const stamp = header(headers, "x-bapi-timestamp");
  const sign = header(headers, "x-bapi-sign");
  const window = header(headers, "x-bapi-recv-window");
  if (!key || !stamp || !sign) throw new VenueError(10001, "empty value: apiTimestamp[] apiKey[] apiSignature[]");
  const account = accounts.get(key);
  if (!account) throw new VenueError(10003, "API key is invalid.");
  const windowMs = window === "" ? DEFAULT_WINDOW_MS : Number(window);
  const stampMs = Number(stamp);
  if (!Number.isInteger(stampMs) || !(windowMs > 0))
    throw new VenueError(10001, "params error: timestamp or recv_window invalid");
  if (stampMs < nowMs - windowMs || stampMs >= nowMs + AHEAD_MS) {
    throw new VenueError(
      10002,
      `invalid request, please check your server timestamp or recv_window param. req_timestamp[${stampMs}],server_timestamp[${nowMs}],recv_window[${windowMs}]`
    );
  }
  const expected = createHmac("sha256", account.options.secret).update(`${stamp}${key}${window}${payload}`).digest();
  const given = Buffer.from(sign, "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new VenueError(10004, "error sign! Please check your signature generation algorithm.");
  return account;
}
