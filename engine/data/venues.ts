import type {Exchange, Usage} from "../../loaders/exchange/types.js";
import type {Database} from "../../loaders/store/database.js";
import {knownUrl, openVenue, type OpenVenue} from "../venue.js";

interface Held {
  url: string | undefined;
  opening: Promise<OpenVenue>;
  exchange: Exchange | undefined;
}

/** The clients of a store's venues, one each, opened at the address the store knows and kept. */
export class VenueClients {
  private readonly held = new Map<string, Held>();
  /** replaced ones: work under way may still use them */
  private readonly old: Promise<OpenVenue>[] = [];

  constructor(private readonly db: Database) {}

  async get(venue: string): Promise<Exchange> {
    const known = this.held.get(venue);
    if (known) return (await known.opening).exchange;
    const url = await this.db.exclusive(() => knownUrl(this.db, venue));
    const raced = this.held.get(venue);
    if (raced) return (await raced.opening).exchange;
    const held: Held = {url, opening: openVenue({venue, url}), exchange: undefined};
    this.held.set(venue, held);
    held.opening.then(
      ({exchange}) => (held.exchange = exchange),
      // A venue that could not be opened is tried anew by the next caller.
      () => this.held.delete(venue)
    );
    return (await held.opening).exchange;
  }

  /** Drops a client whose address is not the store's any more. @returns whether it was */
  async refresh(venue: string): Promise<boolean> {
    const held = this.held.get(venue);
    if (!held || held.url === (await this.db.exclusive(() => knownUrl(this.db, venue)))) return false;
    this.held.delete(venue);
    this.old.push(held.opening);
    return true;
  }

  /** What a venue's client has sent so far; undefined before there is one. */
  usage(venue: string): Usage | undefined {
    return this.held.get(venue)?.exchange?.usage();
  }

  /** What every client has sent so far. */
  usages(): Usage[] {
    return [...this.held.values()].flatMap(({exchange}) => exchange?.usage() ?? []);
  }

  async close(): Promise<void> {
    const all = [...this.held.values()].map(({opening}) => opening).concat(this.old);
    for (const opening of all) await opening.then(({close}) => close()).catch(() => undefined);
  }
}
