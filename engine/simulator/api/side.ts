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

/** A request to a private endpoint as it came in. */
interface PrivateRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** without the question mark, as it was signed */
  rawQuery: string;
  rawBody: string;
}

/** What is answered: a body's parts, or something that is no answer. */
export interface PrivateAnswer {
  retCode: number;
  retMsg: string;
  result: unknown;
  /** how the reply goes wrong on its way */
  spoilt?: Reply["type"];
}

/** The accounts of a simulated venue and everything that happens to them; one more clock is not in it. */
export class PrivateSide {
  private readonly accounts = new Map<string, Account>();
  private faults = new OrderFaults();
  /** signed requests of any path, good signatures or not */
  signed = 0;
  readonly signedByPath: Record<string, number> = {};

  constructor(
    private readonly venue: Venue,
    private readonly now: () => number
  ) {}

  /** Counts a request that carries a signature; also those to public paths and those that are refused. */
  count(path: string, headers: IncomingHttpHeaders): void {
    if (!isSigned(headers)) return;
    this.signed++;
    this.signedByPath[path] = (this.signedByPath[path] ?? 0) + 1;
    const account = this.accounts.get(keyOf(headers));
    if (account) account.signedRequests++;
  }

  /** Answers a private request; undefined for a path or method that the venue does not have. */
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
      if (fault?.instead) return spoiltBy(fault.instead, {});
      const result = route.answer({desk: {venue: this.venue, account, nowMs}}, input, fault?.handling);
      return fault?.after ? spoiltBy(fault.after, result) : {retCode: 0, retMsg: "OK", result};
    } catch (error) {
      if (error instanceof VenueError) return {retCode: error.retCode, retMsg: error.message, result: error.result};
      throw error;
    }
  }

  /**
   * Opens an account as `POST /sim/accounts` describes it.
   * @throws RangeError `invalid KEY: …`
   */
  open(value: unknown): {apiKey: string; uid: number} {
    const account = openAccount(value, this.now());
    const {apiKey} = account.options;
    if (this.accounts.has(apiKey)) throw new RangeError(`invalid apiKey: ${apiKey} is taken`);
    this.accounts.set(apiKey, account);
    return {apiKey, uid: account.uid};
  }

  /** Sets the faults of single requests, in place of those set before. */
  setFaults(value: unknown): void {
    this.faults = new OrderFaults(parseOrderFaults(value), this.now());
  }

  /** What was made to go wrong since the faults were set, by kind. */
  get faultCounts(): OrderFaults["counts"] {
    return this.faults.counts;
  }

  /** Makes something happen that no request asks for: an ADL, a liquidation, a trade by hand … */
  act(value: unknown): unknown {
    return act(
      {venue: this.venue, nowMs: this.now(), find: (key) => this.find(key), all: [...this.accounts.values()]},
      value
    );
  }

  /**
   * The venue's own books of one account, to the present instant.
   * @throws RangeError for a key that was never opened
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

function spoiltBy(reply: Reply, result: unknown): PrivateAnswer {
  if (reply.type === "code") return {retCode: reply.retCode, retMsg: reply.message, result: {}};
  return {retCode: 0, retMsg: "OK", result, spoilt: reply.type};
}

function parse(rawBody: string): unknown {
  try {
    const body = JSON.parse(rawBody === "" ? "{}" : rawBody) as unknown;
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  } catch {
    // falls through to the one message
  }
  throw new VenueError(10001, "params error: body invalid");
}
