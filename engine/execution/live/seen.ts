/** Ids are kept this long, ms. */
const KEPT_MS = 3 * 86_400_000;

/** The venue's execution and log ids that the ledger already has. */
export class Seen {
  readonly #ids = new Map<string, number>();
  #newest = -Infinity;

  add(id: string | undefined, ts: number): void {
    if (!id) return;
    this.#ids.set(id, ts);
    if (ts <= this.#newest) return;
    this.#newest = ts;
    for (const [old, at] of this.#ids) if (at < ts - KEPT_MS) this.#ids.delete(old);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  snapshot(): [string, number][] {
    return [...this.#ids];
  }

  restore(ids: readonly [string, number][]): void {
    this.#ids.clear();
    for (const [id, ts] of ids) this.add(id, ts);
  }
}
