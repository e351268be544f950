import type {Desk} from "../account/orders.js";

/** What a private endpoint works with: the account that signed, the venue and the instant. */
export interface Context {
  desk: Desk;
}
