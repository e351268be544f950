/** Stands for a missing value; zero is a value. */
const MISSING = "–";

type Maybe = number | null | undefined;

const absent = (x: Maybe): x is null | undefined => x === null || x === undefined || !Number.isFinite(x);
const formats: Intl.NumberFormat[] = [];

// Creating a formatter costs far more than using it, and tips format thousands of numbers.
const formatter = (digits: number) =>
  (formats[digits] ??= new Intl.NumberFormat("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits}));

function fixed(x: number, digits: number): string {
  const text = formatter(digits).format(Math.abs(x));
  return x < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** Formats a number with a true minus and thousands separators; `–` when missing. */
export const number = (x: Maybe, digits = 0): string => (absent(x) ? MISSING : fixed(x, digits));

/** Formats a whole count: `5,474`. */
export const count = (x: Maybe): string => number(x, 0);

/** Formats a rate (a share) in basis points without the unit: 0.00014 → `1.40`. For columns headed bp. */
export const bpValue = (rate: Maybe, digits = 2): string => (absent(rate) ? MISSING : fixed(rate * 1e4, digits));

/** Formats a rate (a share) in basis points: 0.00014 → `1.40 bp`. */
export const bp = (rate: Maybe, digits = 2): string => (absent(rate) ? MISSING : `${bpValue(rate, digits)} bp`);

/** Formats a share in percent without the unit: 0.153 → `15.3`. */
export const percentValue = (share: Maybe, digits = 1): string =>
  absent(share) ? MISSING : fixed(share * 100, digits);

/** Formats a share in percent: 0.153 → `15.3 %`. */
export const percent = (share: Maybe, digits = 1): string =>
  absent(share) ? MISSING : `${percentValue(share, digits)} %`;

/** Formats money with its currency: `12,345.60 USDT`. */
export const money = (x: Maybe, currency = "USDT", digits = 2): string =>
  absent(x) ? MISSING : `${fixed(x, digits)} ${currency}`;

/** Formats a large amount for a table: 2.1e9 → `2.10 bn`. */
export function compact(x: Maybe): string {
  if (absent(x)) return MISSING;
  for (const [size, unit] of [
    [1e12, "tn"],
    [1e9, "bn"],
    [1e6, "m"],
    [1e3, "k"]
  ] as const) {
    if (Math.abs(x) >= size) return `${fixed(x / size, 2)} ${unit}`;
  }
  return fixed(x, 0);
}

/** Formats an instant: `2024-03-14 08:00 UTC`. */
export const instant = (ms: Maybe): string =>
  absent(ms) ? MISSING : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** Formats a UTC day: `2024-03-14`. */
export const day = (ms: Maybe): string => (absent(ms) ? MISSING : new Date(ms).toISOString().slice(0, 10));

/** Formats a duration in its largest useful unit: `45 seconds`, `8 hours`, `3 days`, `2.1 years`. */
export function span(ms: Maybe): string {
  if (absent(ms)) return MISSING;
  const x = Math.abs(ms);
  for (const [size, unit] of [
    [365 * 864e5, "year"],
    [864e5, "day"],
    [36e5, "hour"],
    [6e4, "minute"],
    [1e3, "second"]
  ] as const) {
    // Years and days are used from two on; below that the smaller unit is more precise.
    if (x < size * (unit === "year" || unit === "day" ? 2 : 1)) continue;
    const n = x / size;
    const text = unit === "year" ? fixed(n, 1) : fixed(Math.floor(n), 0);
    return `${text} ${unit}${text === "1" ? "" : "s"}`;
  }
  return "under a second";
}

/** Formats the time since or until an instant: `3 days ago`, `in 8 hours`. */
export const age = (ms: Maybe, now: number): string =>
  absent(ms) ? MISSING : ms > now ? `in ${span(ms - now)}` : `${span(now - ms)} ago`;

/** Returns the sign as a glyph, so that colour is never the only cue: ▲ earned, ▼ paid, empty at zero or missing. */
export const signGlyph = (x: Maybe): string => (absent(x) || x === 0 ? "" : x > 0 ? "▲" : "▼");

/** Formats a number of 8-hour periods with their duration: `12.3 periods (4 days)`. */
export const periods = (n: Maybe): string => (absent(n) ? MISSING : `${fixed(n, 1)} periods (${span(n * 8 * 36e5)})`);

/** Formats a count with its noun: `1 pair`, `15 pairs`. */
export const plural = (n: number, noun: string, many = `${noun}s`): string => `${count(n)} ${n === 1 ? noun : many}`;
