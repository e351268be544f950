/** What the simulated venue enforces, as Bybit v5 documents it. */
export const LIMITS = {
  /** requests of one address in any five seconds; one more is a ban */
  requestsPerWindow: 600,
  windowMs: 5_000,
  banMs: 600_000,
  fundingRows: 200,
  klineRows: 1_000,
  klineDefault: 200,
  instrumentRows: 1_000,
  instrumentDefault: 500
} as const;

/** Lengths of the kline intervals in minutes; weeks begin on Monday, months are left out: nobody here asks for them. */
export const INTERVAL_MINUTES: Readonly<Record<string, number>> = {
  "1": 1,
  "3": 3,
  "5": 5,
  "15": 15,
  "30": 30,
  "60": 60,
  "120": 120,
  "240": 240,
  "360": 360,
  "720": 720,
  D: 1_440
};

/** Counts requests in a rolling window; over the limit every reply is a refusal until the ban has passed. */
export class RateGuard {
  private times: number[] = [];
  bannedUntil = 0;
  /** the most requests any window saw */
  peak = 0;
  /** requests that came while a ban was on */
  duringBan = 0;

  /** True when the request may pass. */
  admit(nowMs: number): boolean {
    if (nowMs < this.bannedUntil) {
      this.duringBan++;
      return false;
    }
    this.times = this.times.filter((t) => t > nowMs - LIMITS.windowMs && t <= nowMs);
    this.times.push(nowMs);
    this.peak = Math.max(this.peak, this.times.length);
    if (this.times.length <= LIMITS.requestsPerWindow) return true;
    this.bannedUntil = nowMs + LIMITS.banMs;
    return false;
  }
}
