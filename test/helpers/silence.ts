import type {Clock} from "../../loaders/exchange/types.js";
import {virtualClock, type VirtualClock} from "./clock.js";

/**
 * Deadlines that hang on no wall clock: a request is given up at once when the venue falls silent on it, and never for
 * being slow, however loaded the machine is.
 */
export class Silence {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** for the client's clock */
  readonly deadline: NonNullable<Clock["deadline"]> = (_, giveUp, request) => {
    const waiting = this.#waiting.get(request) ?? [];
    this.#waiting.set(request, [...waiting, giveUp]);
    return () => {
      const left = this.#waiting.get(request)!.filter((own) => own !== giveUp);
      if (left.length > 0) this.#waiting.set(request, left);
      else this.#waiting.delete(request);
    };
  };

  /** for the simulated venue: it will never end its reply to a request */
  readonly onSilence = (request: string): void => this.#waiting.get(request)?.[0]?.();
}

/** A virtual clock for clients, and what the simulated venue they speak to is started with. */
export function silentClock(startMs: number): {clock: VirtualClock; onSilence: (request: string) => void} {
  const {deadline, onSilence} = new Silence();
  return {clock: {...virtualClock(startMs), deadline}, onSilence};
}
