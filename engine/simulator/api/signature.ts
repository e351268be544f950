import {createHmac, timingSafeEqual} from "node:crypto";
import type {IncomingHttpHeaders} from "node:http";
import {VenueError} from "../market/venue.js";
import type {Account} from "../account/account.js";

const DEFAULT_WINDOW_MS = 5_000;
/** Largest lead of a request's timestamp over the venue's clock, ms. */
const AHEAD_MS = 1_000;

const header = (headers: IncomingHttpHeaders, name: string): string => {
  const value = headers[name];
  return typeof value === "string" ? value : "";
};

/** Returns true when a request has a signature, valid or not. */
export const isSigned = (headers: IncomingHttpHeaders): boolean => headers["x-bapi-sign"] !== undefined;

/** Returns the API key in a request's headers. */
export const keyOf = (headers: IncomingHttpHeaders): string => header(headers, "x-bapi-api-key");

/**
 * Returns the account of a signed request.
 * @param payload the raw query of a GET, the raw body of a POST
 * @throws VenueError 10003 for an unknown key, 10002 for a timestamp outside the window, 10004 for a wrong signature
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
