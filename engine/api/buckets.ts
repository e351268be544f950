import type {Clock} from "../../loaders/exchange/types.js";

/** How much of a kind is let through: so many at once, so many a second from then on. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Kinds of requests, each with its own allowance: nobody's floods take another kind's place. */
export type Kind = "read" | "write" | "stream" | "open";

const RATES: Readonly<Record<Kind, Rate>> = {
  read: {burst: 300, perSecond: 100},
  write: {burst: 60, perSecond: 10},
  stream: {burst: 600, perSecond: 100},
  /** what carries no token or a wrong one, health and tickets included */
  open: {burst: 120, perSecond: 20}
};

/** A leaky allowance per kind of request. */
export class Buckets {
  private readonly levels = new Map<Kind, {left: number; ts: number}>();

  constructor(
    private readonly clock: Clock,
    private readonly rates: Readonly<Record<Kind, Rate>> = RATES
  ) {}

  /** Takes one; when there is none left, how many seconds to wait, at least 1. */
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
