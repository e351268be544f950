import {count, instant, percent, plural, span} from "../ui/format.js";
import {LIMIT_SHARE, type LimitReport} from "../../lib/wire/data.js";

/** What a venue's client has sent and may send, in words. */
export function limitWords(
  {inWindow, perWindow, windowMs, published, requests, retries, bannedUntilMs}: LimitReport,
  now: number
): string[] {
  return [
    `${count(inWindow)} of ${plural(perWindow, "request")} in ${span(windowMs)}`,
    published === undefined ? "" : `the venue publishes ${count(published)}`,
    `${plural(requests, "request")} in all, ${count(retries)} of them repeats`,
    bannedUntilMs !== undefined && bannedUntilMs > now ? `banned until ${instant(bannedUntilMs)}` : ""
  ].filter(Boolean);
}

/** The share of its own allowance that a client uses now, 0..1. */
export const inUse = ({inWindow, perWindow}: LimitReport): number =>
  perWindow > 0 ? Math.min(1, inWindow / perWindow) : 0;

/** A share as it is typed, in percent. @throws `invalid share: VALUE` */
export function readShare(text: string): number {
  const value = Number(text.replace("%", "").trim()) / 100;
  if (!/\d/.test(text) || !(value >= LIMIT_SHARE.least && value <= LIMIT_SHARE.most))
    throw new RangeError(`invalid share: ${text}; from ${percent(LIMIT_SHARE.least, 0)} to ${percent(LIMIT_SHARE.most, 0)}`);
  return value;
}
