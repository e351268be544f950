import {randomBytes, timingSafeEqual} from "node:crypto";
import type {IncomingMessage} from "node:http";
import type {Clock} from "../../loaders/exchange/types.js";
import {digest} from "../files.js";

/** How long a ticket can be exchanged, ms. */
const TICKET_MS = 600_000;
/** Tickets out at once; the oldest give way. */
const MOST_TICKETS = 32;

/** Who may do what: the one token, and the one-time tickets that can be exchanged for it. */
export class Access {
  private readonly expected: Buffer;
  private readonly tickets = new Map<string, number>();

  constructor(
    private readonly token: string,
    private readonly clock: Clock
  ) {
    this.expected = digest(token);
  }

  /** Whether a request carries the token. Takes as long whatever it carries. */
  allows({headers: {authorization = ""}}: IncomingMessage): boolean {
    const [, given = ""] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization) ?? [];
    return timingSafeEqual(digest(given), this.expected);
  }

  /** A new ticket; it works once, for ten minutes. */
  issue(): string {
    const ticket = randomBytes(32).toString("base64url");
    // Only digests are kept, so that looking one up tells nothing by its time.
    this.tickets.set(digest(ticket).toString("hex"), this.clock.monotonic() + TICKET_MS);
    while (this.tickets.size > MOST_TICKETS) this.tickets.delete(this.tickets.keys().next().value!);
    return ticket;
  }

  /** The token for a ticket, which is used up by it; undefined for one that is unknown, used or too old. */
  redeem(ticket: string): string | undefined {
    const key = digest(ticket).toString("hex");
    const until = this.tickets.get(key);
    this.tickets.delete(key);
    return until !== undefined && this.clock.monotonic() < until ? this.token : undefined;
  }
}
