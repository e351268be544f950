import type {IncomingHttpHeaders} from "node:http";
import {VenueError, type Venue} from "../market/venue.js";
import type {Account} from "../account/account.js";
import {openAccount} from "../account/accounts.js";
import {act} from "./acts.js";
import {advance} from "../account/advance.js";
import {ledger, type Ledger} from "./ledger.js";
import {OrderFaults, parseOrderFaults, type Reply} from "./order-faults.js";
import {permit, PRIVATE_ROUTES} from "./routes.js";
import {authenticate, isSigned, keyOf} from "./signature.js";

/** A raw request to a private endpoint. */
interface PrivateRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** as signed, without the question mark */
  rawQuery: string;
  rawBody: string;
}

/** Reply of a private endpoint. */
export interface PrivateAnswer {
  retCode: number;
  retMsg: string;
  result: unknown;
  /** corruption of the reply in transit, if any */
  corruption?: Reply["type"];
}

/** The accounts of a simulated venue and their private endpoints. */
export class PrivateSide {
  private readonly accounts = new Map<string, Account>();
  private faults = new OrderFaults();
  /** number of signed requests to any path, valid or not */
  signed = 0;
  readonly signedByPath: Record<string, number> = {};

  constructor(
    private readonly venue: Venue,
    private readonly now: () => number
  ) {}

  /** Counts a signed request, including those to public paths and rejected ones. */
  count(path: string, headers: IncomingHttpHeaders): void {
    if (!isSigned(headers)) return;
    this.signed++;
    this.signedByPath[path] = (this.signedByPath[path] ?? 0) + 1;
    const account = this.accounts.get(keyOf(headers));
    if (account) account.signedRequests++;
  }

  /** Answers a private request; returns undefined for an unknown path or method. */
  answer({method, path, headers, rawQuery, rawBody}: PrivateRequest): PrivateAnswer | undefined {
    const route = PRIVATE_ROUTES[path];
    if (!route || route.method !== method) return undefined;
    const nowMs = this.now();
    try {
      const account = authenticate(this.accounts, headers, method === "GET" ? rawQuery : rawBody, nowMs);
      const input = method === "GET" ? Object.fromEntries(new URLSearchParams(rawQuery)) : parse(rawBody);
      permit(account, route.grant, input);
      advance(this.venue, account, nowMs);
      const {category, symbol, side} = input as Record<string, unknown>;
      const fault = this.faults.next({path, apiKey: account.options.apiKey, category, symbol, side}, nowMs);
      if (fault?.instead) return replyWith(fault.instead, {});
      const result = route.answer({desk: {venue: this.venue, account, nowMs}}, input, fault?.handling);
      return fault?.after ? replyWith(fault.after, result) : {retCode: 0, retMsg: "OK", result};
    } catch (error) {
      if (error instanceof VenueError) return {retCode: error.retCode, retMsg: error.message, result: error.result};
      throw error;
    }
  }

  /**
   * Opens an account from the body of `POST /sim/accounts`.
   * @throws RangeError `invalid KEY: …`
   */
  open(value: unknown): {apiKey: string; uid: number} {
    const account = openAccount(value, this.now());
    const {apiKey} = account.options;
    if (this.accounts.has(apiKey)) throw new RangeError(`invalid apiKey: ${apiKey} is taken`);
    this.accounts.set(apiKey, account);
    return {apiKey, uid: account.uid};
  }

  /** Replaces the faults of single requests. */
  setFaults(value: unknown): void {
    this.faults = new OrderFaults(parseOrderFaults(value), this.now());
  }

  /** Number of injected faults since they were set, by kind. */
  get faultCounts(): OrderFaults["counts"] {
    return this.faults.counts;
  }

  /** Performs an act no client requests: an ADL, a liquidation, a manual trade … */
  act(value: unknown): unknown {
    return act(
      {venue: this.venue, nowMs: this.now(), find: (key) => this.find(key), all: [...this.accounts.values()]},
      value
    );
  }

  /**
   * Returns the venue's full record of one account, now.
   * @throws RangeError for an unknown key
   */
  ledger(apiKey: string): Ledger {
    return ledger(this.venue, this.find(apiKey), this.now());
  }

  private find(apiKey: string): Account {
    const account = this.accounts.get(apiKey);
    if (!account) throw new RangeError(`invalid apiKey: ${apiKey}`);
    advance(this.venue, account, this.now());
    return account;
  }
}

function replyWith(reply: Reply, result: unknown): PrivateAnswer {
  if (reply.type === "code") return {retCode: reply.retCode, retMsg: reply.message, result: {}};
  return {retCode: 0, retMsg: "OK", result, corruption: reply.type};
}

function parse(rawBody: string): unknown {
  try {
    const body = JSON.parse(rawBody === "" ? "{}" : rawBody) as unknown;
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  } catch {
    // reported below
  }
  throw new VenueError(10001, "params error: body invalid");
}
