import {count, instant, percent, plural, span} from "../ui/format.js";
import {LIMIT_SHARE, type LimitReport} from "../../lib/wire/data.js";

/** Describes the requests a venue's client has sent and may send. */
export function limitWords(
  {inWindow, perWindow, windowMs, published, requests, retries, bannedUntilMs}: LimitReport,
  now: number
): string[] {
  return [
    `${count(inWindow)} of ${plural(perWindow, "request")} in ${span(windowMs)}`,
    published === undefined ? "" : `the venue publishes ${count(published)}`,
    `${plural(requests, "request")} in total, ${count(retries)} of them retries`,
    bannedUntilMs !== undefined && bannedUntilMs > now ? `banned until ${instant(bannedUntilMs)}` : ""
  ].filter(Boolean);
}

/** Returns the used share of a client's allowance in the current window, 0 to 1. */
export const inUse = ({inWindow, perWindow}: LimitReport): number =>
  perWindow > 0 ? Math.min(1, inWindow / perWindow) : 0;

/** Parses a share typed in percent. @throws RangeError `invalid share: VALUE` */
export function readShare(text: string): number {
  const value = Number(text.replace("%", "").trim()) / 100;
  if (!/\d/.test(text) || !(value >= LIMIT_SHARE.least && value <= LIMIT_SHARE.most))
    throw new RangeError(`invalid share: ${text}; from ${percent(LIMIT_SHARE.least, 0)} to ${percent(LIMIT_SHARE.most, 0)}`);
  return value;
}
