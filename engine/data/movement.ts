import type {Job} from "../../src/lib/wire/job.js";

/** Records when each running job last made progress. */
export class Movement {
  private readonly moved = new Map<string, {rows: number; pages: number; step: string; ts: number}>();

  watch({id, status, rowsFetched: rows, pages, step}: Job, nowMs: number): void {
    if (status !== "in_progress") return void this.moved.delete(id);
    const known = this.moved.get(id);
    if (known?.rows === rows && known.pages === pages && known.step === step) return;
    this.moved.set(id, {rows, pages, step, ts: nowMs});
  }

  /** Returns the running jobs without progress for `longestMs`, described in words. */
  stuck(working: readonly Job[], nowMs: number, longestMs: number): {id: string; message: string}[] {
    return working
      .filter(({id, startedAt}) => nowMs - (this.moved.get(id)?.ts ?? startedAt ?? nowMs) > longestMs)
      .map(({id, pair, series}) => ({
        id,
        message: `${[pair, series].filter(Boolean).join(" ")} (${id}) without progress`
      }));
  }
}
