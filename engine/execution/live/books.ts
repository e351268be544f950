import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import type {Execution, ExecutionVenue, HedgeLegs, Holdings, RealVenue, StopReport, VenueNews} from "../venue.js";
import type {Baseline} from "../../journal/events.js";
import {Seen} from "./seen.js";

/** State of a real account kept in the journal: its baseline, the ids in the ledger, the orders presumed lost. */
export abstract class AccountBooks implements Omit<ExecutionVenue, "execute" | "holdings"> {
  readonly real = true as const;
  readonly cashTolerance = new Decimal("0.00000001");
  protected readonly seen = new Seen();
  /** client ids of orders presumed lost */
  protected readonly lost = new Set<string>();
  #baseline: Baseline | undefined;

  get baseline(): Baseline | undefined {
    return this.#baseline;
  }

  begin(baseline: Baseline): void {
    this.#baseline = baseline;
  }

  confirm(_order: HedgeLegs, {fills, unfilled = []}: Execution): void {
    for (const fill of fills) this.seen.add(fill.id, fill.ts);
    for (const {clientId, code} of unfilled) if (code === "lost") this.lost.add(clientId);
  }

  confirmForeign(_pair: string, fill: Fill): void {
    this.seen.add(fill.id, fill.ts);
  }

  confirmAccount(id: string, ts: number): void {
    this.seen.add(id, ts);
  }

  paid(): void {
    // the venue's wallet already includes it
  }

  liquidated(_pair: string, fill: Fill): void {
    this.seen.add(fill.id, fill.ts);
  }

  knows(id: string): boolean {
    return this.seen.has(id);
  }

  snapshot(): unknown {
    return {baseline: this.#baseline ?? null, seen: this.seen.snapshot(), lost: [...this.lost]};
  }

  restore(state: unknown): void {
    const {baseline, seen, lost} = state as {baseline: Baseline | null; seen: [string, number][]; lost: string[]};
    this.#baseline = baseline ?? undefined;
    this.seen.restore(seen);
    for (const id of lost) this.lost.add(id);
  }
}

/** A real account restored from its journal alone, for audits; every call to the venue throws. */
export class JournalledAccount extends AccountBooks implements RealVenue {
  #unavailable(): never {
    throw new Error("missing venue: a journal is read without one");
  }

  execute = async (): Promise<Execution> => this.#unavailable();
  holdings = async (): Promise<Holdings> => this.#unavailable();
  readBaseline = async (): Promise<Baseline> => this.#unavailable();
  accountId = async (): Promise<string> => this.#unavailable();
  news = async (): Promise<VenueNews> => this.#unavailable();
  cancelAll = async (): Promise<void> => this.#unavailable();
  stopAtVenue = async (): Promise<StopReport> => this.#unavailable();
}
