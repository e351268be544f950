import {ExchangeError} from "../../errors.js";
import {realDeadline} from "../../exchange/clock.js";
import type {Clock, Stage} from "../../exchange/types.js";

/**
 * Watches one history's work for progress: a job that waits for a reply beyond its patience fails by name, whatever it is
 * that hangs. Time in the queue of the venue's limit, under a ban, and in the store does not count.
 */
export class Watch {
  /** aborts when the patience has run out, so that what hangs is let go */
  readonly signal: AbortSignal;
  private readonly stop = new AbortController();
  private fail: (error: ExchangeError) => void = () => undefined;
  private readonly failure: Promise<never>;
  private disarm: () => void = () => undefined;
  private queued = 0;
  private busy = 0;
  private over = false;

  /**
   * @param name what fails, for the error
   * @param patienceMs longest time without progress, in ms; undefined watches nothing
   */
  constructor(
    private readonly name: string,
    private readonly patienceMs: number | undefined,
    private readonly clock: Clock
  ) {
    this.signal = this.stop.signal;
    this.failure = new Promise((_, reject) => (this.fail = reject));
    this.failure.catch(() => undefined);
  }

  /** Notes a stage of a request. */
  readonly pulse = (stage: Stage): void => {
    if (stage === "queued") this.queued++;
    if (stage === "admitted") this.queued--;
    this.arm();
  };

  /** Runs work on the store, whose length is no sign of silence. */
  async apart<T>(work: () => Promise<T>): Promise<T> {
    this.busy++;
    this.arm();
    try {
      return await work();
    } finally {
      this.busy--;
      this.arm();
    }
  }

  /**
   * Resolves or rejects like `work`; rejects once nothing has moved for the patience.
   * @throws ExchangeError that names the history
   */
  async run<T>(work: Promise<T>): Promise<T> {
    this.arm();
    work.catch(() => undefined);
    try {
      return await Promise.race([work, this.failure]);
    } finally {
      this.over = true;
      this.disarm();
    }
  }

  private arm(): void {
    this.disarm();
    this.disarm = () => undefined;
    const {patienceMs, name} = this;
    if (patienceMs === undefined || this.over || this.queued > 0 || this.busy > 0) return;
    const {deadline = realDeadline} = this.clock;
    const giveUp = () => {
      const error = new ExchangeError(`${name}: no progress for ${Math.round(patienceMs / 1_000)} s`, {
        code: "network",
        fix: "check the network and the venue's status page"
      });
      this.fail(error);
      this.stop.abort(error);
    };
    this.disarm = deadline(patienceMs, giveUp, name);
  }
}
