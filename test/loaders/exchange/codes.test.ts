import {describe, expect, it} from "vitest";
import {ExchangeError} from "../../../loaders/errors.js";
import {Refusal, type Codes} from "../../../loaders/exchange/classify.js";
import {withRetries} from "../../../loaders/exchange/retry.js";
import {virtualClock} from "../../helpers/clock.js";

const CODES: Codes = {limit: ["10006"], again: ["10016"], clock: ["10002"]};

/** The error of a call that is refused every time. */
async function failureOf(refusal: Refusal): Promise<ExchangeError> {
  const failed = await withRetries("sim funding", () => Promise.reject(refusal), {
    clock: virtualClock(0),
    codes: CODES,
    random: () => 0.5,
    applyRefusal: () => undefined,
    resync: () => Promise.resolve(),
    onRetry: () => undefined
  }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ExchangeError);
  return failed as ExchangeError;
}

describe("the code of a call that failed", () => {
  it.each([
    ["network", new Refusal("connection", "ECONNREFUSED")],
    ["network", new Refusal("deadline", "no whole reply within 10 ms")],
    ["network", new Refusal("answer", "refused", {status: 408})],
    ["bad-response", new Refusal("content", "the reply is not whole JSON", {status: 200})],
    ["region", new Refusal("answer", "refused", {status: 451})],
    ["region", new Refusal("answer", "refused", {status: 403, body: "not available in your country"})],
    ["banned", new Refusal("answer", "refused", {status: 403, body: "access too frequent"})],
    ["banned", new Refusal("answer", "refused", {status: 418})],
    ["rate-limited", new Refusal("answer", "refused", {status: 429})],
    ["rate-limited", new Refusal("answer", "refused", {status: 200, code: "10006"})],
    ["clock-skew", new Refusal("answer", "refused", {status: 200, code: "10002"})],
    ["venue-down", new Refusal("answer", "refused", {status: 200, code: "10016"})],
    ["venue-down", new Refusal("answer", "refused", {status: 502})],
    ["venue-refused", new Refusal("answer", "refused", {status: 200, code: "10001"})]
  ] as const)("%s", async (code, refusal) => {
    const error = await failureOf(refusal);
    expect(error.code).toBe(code);
    expect(error.venueCode).toBe(refusal.code);
  });
});
