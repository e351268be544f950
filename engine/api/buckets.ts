import type {Clock} from "../../loaders/exchange/types.js";

/** Rate limit of one kind of request: a burst, then a sustained rate. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Kinds of requests. Each has its own bucket, so a flood of one kind cannot starve another. */
export type Kind = "read" | "write" | "stream" | "open";

const RATES: Readonly<Record<Kind, Rate>> = {
  read: {burst: 300, perSecond: 100},
  write: {burst: 60, perSecond: 10},
  stream: {burst: 600, perSecond: 100},
  /** requests without a valid token, including health and tickets */
  open: {burst: 120, perSecond: 20}
};

/** One token bucket per kind of request. */
export class Buckets {
  private readonly levels = new Map<Kind, {left: number; ts: number}>();

  constructor(
    private readonly clock: Clock,
    private readonly rates: Readonly<Record<Kind, Rate>> = RATES
  ) {}

  /** Takes one request from a bucket; when it is empty, returns the seconds to wait, at least 1. */
  take(kind: Kind): {ok: true} | {ok: false; waitS: number} {
    const {burst, perSecond} = this.rates[kind];
    const now = this.clock.monotonic();
    const level = this.levels.get(kind) ?? {left: burst, ts: now};
    const left = Math.min(burst, level.left + ((now - level.ts) / 1_000) * perSecond);
    const ok = left >= 1;
    this.levels.set(kind, {left: ok ? left - 1 : left, ts: now});
    return ok ? {ok} : {ok, waitS: Math.max(1, Math.ceil((1 - left) / perSecond))};
  }
}
