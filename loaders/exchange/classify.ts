import type {VenueCode} from "../../src/lib/wire/error.js";

/** One reply or lack of one that is not what was asked for, as the transport saw it. */
export class Refusal extends Error {
  readonly kind: "answer" | "connection" | "deadline" | "content";
  /** HTTP status; undefined where no reply arrived */
  readonly status: number | undefined;
  /** the venue's error code in the body */
  readonly code: string | undefined;
  /** the first 80 characters of the body */
  readonly excerpt: string;
  /** the wait that the venue requests, in ms; undefined where it names none */
  readonly waitMs: number | undefined;
  /** true once its pause or ban is in force */
  applied = false;

  constructor(
    kind: Refusal["kind"],
    message: string,
    {status, code, body = "", waitMs}: {status?: number; code?: string; body?: string; waitMs?: number | undefined} = {}
  ) {
    super(message);
    this.name = "Refusal";
    this.kind = kind;
    this.status = status;
    this.code = code;
    this.excerpt = body.replace(/\s+/g, " ").trim().slice(0, 80);
    this.waitMs = waitMs;
  }
}

/** Reaction to a refusal. `pause` and `ban` stop every call to the venue, not only the one refused. */
type Act =
  | {act: "retry"}
  | {act: "pause"; waitMs: number | undefined}
  | {act: "ban"; waitMs: number}
  | {act: "resync"}
  | {act: "fail"; fix: string};

/** A venue's error codes by reaction; a code in none of these lists is a final failure. */
export interface Codes {
  limit: readonly string[];
  again: readonly string[];
  clock: readonly string[];
}

/** Length of a ban for exceeding the limit, in ms: Bybit's ten minutes, assumed for every venue. */
export const BAN_MS = 600_000;

/**
 * Longest wait that a venue's word causes, in ms. Beyond it one request asks whether the ban still holds: a venue that
 * says a day, or a proxy that says a year, must not silence this program for as long.
 */
export const LONGEST_BAN_MS = 3_600_000;
/** Pause in ms from which a limit counts as a ban: told by `bannedUntil`, and waited for once only. */
const LONG_PAUSE_MS = 60_000;

const COUNTRY = "connect from a country and network that the venue serves, or choose another with --venue or --url";
const NOT_ASKED = "check the pair, the series and the time range; a retry would get the same reply";

/**
 * True when a refusal is about where the caller is. A content network in front of a venue answers with a page of its own and
 * no code, so its words are read here and nowhere else.
 */
const namesCountry = ({excerpt}: Refusal): boolean => /country|cloudfront|geo/i.test(excerpt);

/** Returns what a refusal is, for programs, by the same table as {@link classify}. */
export function codeOf(refusal: Refusal, codes: Codes): VenueCode {
  const {kind, status, code} = refusal;
  if (kind === "content") return "bad-response";
  if (kind !== "answer") return "network";
  if (status === 451) return "region";
  if (status === 403) return namesCountry(refusal) ? "region" : "banned";
  if (status === 418) return "banned";
  if (status === 429 || (code !== undefined && codes.limit.includes(code))) return "rate-limited";
  if (code !== undefined && codes.clock.includes(code)) return "clock-skew";
  if (code !== undefined && codes.again.includes(code)) return "venue-down";
  if (status === 408) return "network";
  return status !== undefined && status >= 500 ? "venue-down" : "venue-refused";
}

/**
 * Returns what to do about a refusal, by HTTP status and the venue's code. Every call here reads, so that asking twice
 * changes nothing at the venue; orders have a table of their own.
 */
export function classify(refusal: Refusal, codes: Codes): Act {
  const {kind, status, code, waitMs} = refusal;
  if (kind !== "answer") return {act: "retry"};
  if (status === 451) return {act: "fail", fix: COUNTRY};
  if (status === 403) {
    return namesCountry(refusal) ? {act: "fail", fix: COUNTRY} : banOf(Math.max(waitMs ?? 0, BAN_MS));
  }
  if (status === 418) return banOf(waitMs ?? BAN_MS);
  if (status === 429 || (code !== undefined && codes.limit.includes(code))) {
    return waitMs !== undefined && waitMs > LONG_PAUSE_MS ? banOf(waitMs) : {act: "pause", waitMs};
  }
  if (code !== undefined && codes.clock.includes(code)) return {act: "resync"};
  if (code !== undefined && codes.again.includes(code)) return {act: "retry"};
  if (status === 408 || (status !== undefined && status >= 500)) return {act: "retry"};
  return {act: "fail", fix: NOT_ASKED};
}

const banOf = (waitMs: number): Act => ({act: "ban", waitMs: Math.min(LONGEST_BAN_MS, waitMs)});
