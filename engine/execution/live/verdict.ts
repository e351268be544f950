import type {Refusal} from "../../../loaders/exchange/classify.js";

/**
 * What a refusal of an order says of its fate. `refused`: the venue has not taken it and will not. `exists`: an order of
 * that client id is there. `unknown`: it may have been taken, so it is in flight until the venue is asked.
 */
type Verdict = "refused" | "exists" | "unknown";

/** Bybit's codes for a client id that it has seen: perps, spot. */
const DUPLICATE = ["110072", "170141"];
/** Answers that leave open what became of the order: server error, time-out inside the venue. */
const UNCLEAR = ["10000", "10016", "170001", "170007", "170032", "170147"];

/**
 * The table for orders, by HTTP status and the venue's code. It differs from the one for reading in one point: what may
 * have been taken is never sent again.
 */
export function verdictOf({kind, status, code}: Refusal): Verdict {
  if (kind !== "answer") return "unknown";
  if (code !== undefined && DUPLICATE.includes(code)) return "exists";
  if (code !== undefined && UNCLEAR.includes(code)) return "unknown";
  // 403 and 429 are answered at the door, before an order is looked at
  if (status !== undefined && status >= 500) return "unknown";
  if (status === 408) return "unknown";
  return "refused";
}
