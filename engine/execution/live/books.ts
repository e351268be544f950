import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import type {Execution, ExecutionVenue, HedgeLegs, Holdings, RealVenue, StopReport, VenueNews} from "../venue.js";
import type {Baseline} from "../../journal/events.js";
import {Seen} from "./seen.js";

/** What the journal of a real account knows of it: how it began, what is in the ledger, which orders were given up. */
export abstract class AccountBooks implements Omit<ExecutionVenue, "execute" | "holdings"> {
  readonly real = true as const;
  readonly cashTolerance = new Decimal("0.00000001");
  protected readonly seen = new Seen();
  /** orders that were given up for lost */
  protected readonly lost = new Set<string>();
  #baseline: Baseline | undefined;

  get baseline(): Baseline | undefined {
    return this.#baseline;
  }

  /** From here on the account is measured against how it was then. */
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
    // the venue's wallet has it already
  }

  liquidated(_pair: string, fill: Fill): void {
    this.seen.add(fill.id, fill.ts);
  }

  /** Whether a fill or a change of the account is in the ledger. */
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

/** A real account as its journal alone tells it: for an audit, which sends and asks nothing. */
export class JournalledAccount extends AccountBooks implements RealVenue {
  #silent(): never {
    throw new Error("missing venue: a journal is read without one");
  }

  execute = async (): Promise<Execution> => this.#silent();
  holdings = async (): Promise<Holdings> => this.#silent();
  lookAtAccount = async (): Promise<Baseline> => this.#silent();
  accountId = async (): Promise<string> => this.#silent();
  news = async (): Promise<VenueNews> => this.#silent();
  cancelAll = async (): Promise<void> => this.#silent();
  stopAtVenue = async (): Promise<StopReport> => this.#silent();
}
