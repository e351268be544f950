import {randomBytes, timingSafeEqual} from "node:crypto";
import type {IncomingMessage} from "node:http";
import type {Clock} from "../../loaders/exchange/types.js";
import {digest} from "../files.js";

/** How long a ticket can be exchanged, ms. */
const TICKET_MS = 600_000;
/** Outstanding tickets; the oldest is revoked first. */
const MAX_TICKETS = 32;

/** Checks the API token, and issues one-time tickets that can be exchanged for it. */
export class Access {
  private readonly expected: Buffer;
  private readonly tickets = new Map<string, number>();

  constructor(
    private readonly token: string,
    private readonly clock: Clock
  ) {
    this.expected = digest(token);
  }

  /** Returns true when a request carries the token. Compares in constant time. */
  allows({headers: {authorization = ""}}: IncomingMessage): boolean {
    const [, given = ""] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization) ?? [];
    return timingSafeEqual(digest(given), this.expected);
  }

  /** Issues a ticket that works once, within `TICKET_MS`. */
  issue(): string {
    const ticket = randomBytes(32).toString("base64url");
    // Only digests are kept, so the time of a lookup leaks nothing.
    this.tickets.set(digest(ticket).toString("hex"), this.clock.monotonic() + TICKET_MS);
    while (this.tickets.size > MAX_TICKETS) this.tickets.delete(this.tickets.keys().next().value!);
    return ticket;
  }

  /** Exchanges a ticket for the token; undefined when the ticket is unknown, used or expired. */
  redeem(ticket: string): string | undefined {
    const key = digest(ticket).toString("hex");
    const until = this.tickets.get(key);
    this.tickets.delete(key);
    return until !== undefined && this.clock.monotonic() < until ? this.token : undefined;
  }
}
