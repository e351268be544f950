import {HOUR_MS} from "../../src/lib/time/grid.js";
import {Refusal} from "./classify.js";
import type {VenueRecord} from "./venues.js";

/** A settlement as ccxt gives it; of its fields only the stamp is read here. */
export interface RawSettlement {
  timestamp?: unknown;
}

/** Sends one request of a venue for settlements: an optional start, rows of a page, and further parameters. */
export type Ask = (
  since: number | undefined,
  limit: number,
  params: Record<string, unknown>
) => Promise<RawSettlement[]>;

/** Rows answered, and the start of the stretch that the question covered; undefined where it had no start. */
interface Answer {
  rows: RawSettlement[];
  fromMs: number | undefined;
}

/** Requests for one window, above which its pages are taken never to end. */
const MAX_REQUESTS = 50;

const stampOf = (row: RawSettlement): number => Number(row.timestamp);

/**
 * Asks for the newest settlements at or before an end, in the way that a venue's record says it can be asked. What lies
 * after the end is left out, since venues that page by number or by a start cannot be told it.
 */
export class SettlementPages {
  /** hours between settlements, by market, as the last answer showed them */
  private readonly hours = new Map<string, number>();
  /** the last numbered page read, by market, and its oldest stamp */
  private readonly reached = new Map<string, {page: number; oldestMs: number}>();

  constructor(private readonly funding: NonNullable<VenueRecord["funding"]>) {}

  async read(symbol: string, untilMs: number, ask: Ask): Promise<Answer> {
    const {paging, rows} = this.funding;
    if (paging === "backward") return {rows: await ask(undefined, rows, {until: untilMs}), fromMs: undefined};
    if (paging === "window") return this.window(symbol, untilMs, ask);
    const found = paging === "newest" ? await ask(undefined, rows, {}) : await this.page(symbol, untilMs, ask);
    return {rows: found.filter((row) => !(stampOf(row) > untilMs)), fromMs: undefined};
  }

  /** Both ends are given; a full page may be cut at either, so that what it lacks is asked for again. */
  private async window(symbol: string, untilMs: number, ask: Ask): Promise<Answer> {
    const {rows: limit} = this.funding;
    const hours = this.hours.get(symbol) ?? 1;
    const fromMs = Math.max(0, untilMs - (limit - 1) * hours * HOUR_MS);
    const found = new Map<number, RawSettlement>();
    const open: [number, number][] = [[fromMs, untilMs]];
    for (let n = 0; open.length > 0; n++) {
      if (n >= MAX_REQUESTS) throw new Refusal("content", `the pages do not end: ${n} requests for one window`);
      const [from, to] = open.pop()!;
      const rows = await ask(from, limit, {until: to});
      const stamps = rows.map(stampOf).filter((ts) => ts >= from && ts <= to);
      for (const row of rows) if (!(stampOf(row) > untilMs) && !(stampOf(row) < fromMs)) found.set(stampOf(row), row);
      if (rows.length < limit || stamps.length === 0) continue;
      const [first, last] = [Math.min(...stamps), Math.max(...stamps)];
      if (first - from >= HOUR_MS) open.push([from, first - 1]);
      if (to - last >= HOUR_MS) open.push([last + 1, to]);
    }
    const rows = [...found.values()].sort((a, b) => stampOf(a) - stampOf(b));
    const distances = rows.slice(1).map((row, i) => Math.round((stampOf(row) - stampOf(rows[i]!)) / HOUR_MS));
    // The next window has as many rows of the shortest distance as a page holds: a switch costs one more request.
    if (distances.length > 0) this.hours.set(symbol, Math.min(8, Math.max(1, Math.min(...distances))));
    return {rows, fromMs};
  }

  /** Numbered pages, newest first: the walk goes on from the page that it last read. */
  private async page(symbol: string, untilMs: number, ask: Ask): Promise<RawSettlement[]> {
    const {rows: limit, page} = this.funding;
    const before = this.reached.get(symbol);
    let number = before && untilMs < before.oldestMs ? before.page + 1 : 0;
    for (let n = 0; n < MAX_REQUESTS; n++, number++) {
      const value = page!.first + number * (page!.by === "offset" ? limit : 1);
      const rows = await ask(undefined, limit, {[page!.name]: value});
      if (rows.length === 0) return [];
      const oldestMs = Math.min(...rows.map(stampOf));
      this.reached.set(symbol, {page: number, oldestMs});
      if (oldestMs <= untilMs) return rows;
    }
    throw new Refusal("content", `the pages do not end: none of ${MAX_REQUESTS} reaches the instant asked for`);
  }
}
