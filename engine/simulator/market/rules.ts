/** Limits of the simulated venue, from Bybit's v5 documentation. */
export const LIMITS = {
  /** requests per address in any five seconds; one more causes a ban */
  requestsPerWindow: 600,
  windowMs: 5_000,
  banMs: 600_000,
  fundingRows: 200,
  klineRows: 1_000,
  klineDefault: 200,
  openInterestRows: 200,
  openInterestDefault: 50,
  instrumentRows: 1_000,
  instrumentDefault: 500
} as const;

/** Lengths of the supported steps of open interest, minutes. */
export const OPEN_INTEREST_MINUTES: Readonly<Record<string, number>> = {
  "5min": 5,
  "15min": 15,
  "30min": 30,
  "1h": 60,
  "4h": 240,
  "1d": 1_440
};

/** Lengths of the supported kline intervals, minutes. */
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

/** Counts requests in a rolling window; above the limit, rejects every request until the ban ends. */
export class RateGuard {
  private times: number[] = [];
  bannedUntil = 0;
  /** largest number of requests in a window */
  peak = 0;
  /** requests received during bans */
  duringBan = 0;

  /** Returns true when a request is within the limit. */
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
