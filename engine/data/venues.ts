import type {Exchange} from "../../loaders/exchange/types.js";
import {LIMIT_SHARE, type LimitReport, type Usage} from "../../src/lib/wire/data.js";
import {UsageError} from "../../loaders/errors.js";
import {readMeta, writeMeta, type Database} from "../../loaders/store/database.js";
import {knownUrl, openVenue, type OpenVenue, type VenueSource} from "./venue.js";

interface Held {
  url: string | undefined;
  opening: Promise<OpenVenue>;
  exchange: Exchange | undefined;
}

const shareOf = (venue: string): string => `share:${venue}`;

/** The clients of a store's venues, one each, opened at the address the store knows and kept. */
export class VenueClients {
  private readonly held = new Map<string, Held>();
  /** replaced ones: work under way may still use them */
  private readonly old: Promise<OpenVenue>[] = [];

  /** @param open opens a venue; another way in tests */
  constructor(
    private readonly db: Database,
    private readonly open: typeof openVenue = openVenue
  ) {}

  async get(venue: string): Promise<Exchange> {
    const known = this.held.get(venue);
    if (known) return (await known.opening).exchange;
    const url = await this.db.exclusive(() => knownUrl(this.db, venue));
    const raced = this.held.get(venue);
    if (raced) return (await raced.opening).exchange;
    const held: Held = {url, opening: this.opened({venue, url}), exchange: undefined};
    this.held.set(venue, held);
    held.opening.then(
      ({exchange}) => (held.exchange = exchange),
      // A venue that could not be opened is tried anew by the next caller.
      () => this.held.delete(venue)
    );
    return (await held.opening).exchange;
  }

  /** Every client sends at the share that a person has set for its venue. */
  private async opened(source: VenueSource): Promise<OpenVenue> {
    const share = await this.db.exclusive(() => readMeta(this.db, shareOf(source.venue)));
    const opened = await this.open(source);
    if (share !== undefined) opened.exchange.throttle?.(Number(share));
    return opened;
  }

  /** A client at an address that the store does not use; the caller closes it. */
  another(source: VenueSource): Promise<OpenVenue> {
    return this.opened(source);
  }

  /** The venues that have a client, with what it has sent so far. */
  limits(): LimitReport[] {
    return [...this.held].flatMap(([venue, {exchange}]) =>
      exchange ? [{venue, origin: exchange.origin, ...exchange.usage()}] : []
    );
  }

  /**
   * Has a venue's client use another share of the published limit from now on, and after a restart.
   * @throws UsageError where the share is out of range, or the client has no limit of its own
   */
  async throttle(venue: string, share: number): Promise<LimitReport> {
    const exchange = await this.get(venue);
    if (!exchange.throttle) throw new UsageError(`invalid venue: ${venue} has no limit that can be set`);
    try {
      exchange.throttle(share);
    } catch (error) {
      throw new UsageError((error as Error).message, {fix: `give a share from ${LIMIT_SHARE.least} to ${LIMIT_SHARE.most}`, cause: error});
    }
    await this.db.exclusive(() => writeMeta(this.db, shareOf(venue), String(share)));
    return {venue, origin: exchange.origin, ...exchange.usage()};
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
