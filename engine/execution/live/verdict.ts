import type {Refusal} from "../../../loaders/exchange/classify.js";

/**
 * Status of an order after a failed request. `refused`: the venue rejected it. `exists`: the venue already has an order
 * with that client id. `unknown`: it may have been accepted, so it is in flight until queried.
 */
type Verdict = "refused" | "exists" | "unknown";

/** Bybit's codes for a duplicate client id: perps, spot. */
const DUPLICATE = ["110072", "170141"];
/** Codes that leave the order's status unknown: server error, timeout inside the venue. */
const AMBIGUOUS = ["10000", "10016", "170001", "170007", "170032", "170147"];

/**
 * Classifies a failed order request by HTTP status and the venue's code. Unlike a failed read, an order that may have
 * been accepted is never retried.
 */
export function verdictOf({kind, status, code}: Refusal): Verdict {
  if (kind !== "answer") return "unknown";
  if (code !== undefined && DUPLICATE.includes(code)) return "exists";
  if (code !== undefined && AMBIGUOUS.includes(code)) return "unknown";
  // 403 and 429 come from the gateway, before the matching engine sees the order
  if (status !== undefined && status >= 500) return "unknown";
  if (status === 408) return "unknown";
  return "refused";
}
