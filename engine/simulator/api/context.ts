import type {Desk} from "../account/orders.js";

/** Context of a private endpoint: the signing account, the venue and the time. */
export interface Context {
  desk: Desk;
}
