import type {Exchange} from "../../loaders/exchange/types.js";
import {LIMIT_SHARE, type LimitReport, type Usage} from "../../src/lib/wire/data.js";
import {UsageError} from "../../loaders/errors.js";
import {readMeta, writeMeta, type Database} from "../../loaders/store/database.js";
import {knownUrl, openVenue, type OpenVenue, type VenueSource} from "./venue.js";

interface Entry {
  url: string | undefined;
  opening: Promise<OpenVenue>;
  exchange: Exchange | undefined;
}

const shareOf = (venue: string): string => `share:${venue}`;

/** The clients of a store's venues: one each, opened on first use at the stored address and cached. */
export class VenueClients {
  private readonly entries = new Map<string, Entry>();
  /** replaced clients, which running work may still use */
  private readonly old: Promise<OpenVenue>[] = [];

  /** @param open opens a venue; tests replace it */
  constructor(
    private readonly db: Database,
    private readonly open: typeof openVenue = openVenue
  ) {}

  async get(venue: string): Promise<Exchange> {
    const known = this.entries.get(venue);
    if (known) return (await known.opening).exchange;
    const url = await this.db.exclusive(() => knownUrl(this.db, venue));
    const raced = this.entries.get(venue);
    if (raced) return (await raced.opening).exchange;
    const entry: Entry = {url, opening: this.opened({venue, url}), exchange: undefined};
    this.entries.set(venue, entry);
    entry.opening.then(
      ({exchange}) => (entry.exchange = exchange),
      // After a failure the next caller opens the venue again.
      () => this.entries.delete(venue)
    );
    return (await entry.opening).exchange;
  }

  /** Opens a client and applies the stored share of the venue's rate limit. */
  private async opened(source: VenueSource): Promise<OpenVenue> {
    const share = await this.db.exclusive(() => readMeta(this.db, shareOf(source.venue)));
    const opened = await this.open(source);
    if (share !== undefined) opened.exchange.throttle?.(Number(share));
    return opened;
  }

  /** Opens a client at an address that the store does not use; the caller closes it. */
  another(source: VenueSource): Promise<OpenVenue> {
    return this.opened(source);
  }

  /** Returns the usage and rate limit of every open client. */
  limits(): LimitReport[] {
    return [...this.entries].flatMap(([venue, {exchange}]) =>
      exchange ? [{venue, origin: exchange.origin, ...exchange.usage()}] : []
    );
  }

  /**
   * Sets and stores the share of a venue's published rate limit to use.
   * @throws UsageError where the share is out of range, or the client has no settable limit
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

  /** Replaces a client whose address has changed in the store. @returns true when it was replaced */
  async refresh(venue: string): Promise<boolean> {
    const entry = this.entries.get(venue);
    if (!entry || entry.url === (await this.db.exclusive(() => knownUrl(this.db, venue)))) return false;
    this.entries.delete(venue);
    this.old.push(entry.opening);
    return true;
  }

  /** Returns the request counts of a venue's client; undefined before there is one. */
  usage(venue: string): Usage | undefined {
    return this.entries.get(venue)?.exchange?.usage();
  }

  /** Returns the request counts of every open client. */
  usages(): Usage[] {
    return [...this.entries.values()].flatMap(({exchange}) => exchange?.usage() ?? []);
  }

  async close(): Promise<void> {
    const all = [...this.entries.values()].map(({opening}) => opening).concat(this.old);
    for (const opening of all) await opening.then(({close}) => close()).catch(() => undefined);
  }
}
