import {Refusal, type Codes} from "./classify.js";
import {maybeTs, objectOf, type Fields} from "./fields.js";
import {textOf} from "./values.js";
import {retryAfterMs, type Dialect} from "./transport.js";

/** 600 requests per address in any five seconds, over all endpoints (bybit-exchange.github.io/docs/v5/rate-limit). */
export const LIMITS = {address: {perWindow: 600, windowMs: 5_000}};

export const CODES: Codes = {
  limit: ["10006", "10018", "10429"],
  again: ["10000", "10016", "170001", "170007"],
  clock: ["10002"]
};

/**
 * Bounds of the wait that a reset header requests, in ms. A later reset is a clock error; after one already past, the
 * window reopens at once.
 */
const LONGEST_RESET_MS = 60_000;
const SHORTEST_RESET_MS = 100;

export const DIALECT: Dialect = {
  costs: () => ({address: 1}),
  code: (body) => {
    const {retCode, retMsg} = objectOf(body);
    return retCode === undefined || Number(retCode) === 0
      ? undefined
      : {code: String(retCode as number), message: textOf(retMsg) ?? ""};
  },
  time: (body) => maybeTs(objectOf(body)["time"]),
  wait: (headers, venueMs) => {
    const reset = maybeTs(headers.get("x-bapi-limit-reset-timestamp"));
    if (reset === undefined) return retryAfterMs(headers, venueMs);
    return Math.min(LONGEST_RESET_MS, Math.max(SHORTEST_RESET_MS, reset - venueMs));
  }
};

/**
 * Returns the result of a v5 reply and its venue time, UTC ms. The transport has already raised its error codes.
 * @throws Refusal when a part is missing
 */
export function envelope(reply: unknown): {result: Fields; time: number} {
  const {retCode, result, time} = objectOf(reply);
  const venueMs = maybeTs(time);
  if (Number(retCode) !== 0 || typeof result !== "object" || result === null || venueMs === undefined) {
    throw new Refusal("content", "the reply is not a v5 envelope", {
      body: JSON.stringify(reply)?.slice(0, 200) ?? ""
    });
  }
  return {result: result as Fields, time: venueMs};
}
