import type {VenueCode} from "../../src/lib/wire/error.js";

/** One reply or lack of one that is not what was asked for, as the transport saw it. */
export class Refusal extends Error {
  readonly kind: "answer" | "connection" | "deadline" | "content";
  /** HTTP status; undefined where nothing arrived */
  readonly status: number | undefined;
  /** the venue's own code inside the body */
  readonly code: string | undefined;
  /** the first characters of what came */
  readonly excerpt: string;
  /** how long the venue itself says to wait, in ms, as far as it says so */
  readonly waitMs: number | undefined;
  /** true once the pause or ban it asks for is on */
  held = false;

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

/** What to do about a refusal. `pause` and `ban` stop every call of this venue, not only the one that was refused. */
export type Act =
  | {act: "retry"}
  | {act: "pause"; waitMs: number | undefined}
  | {act: "ban"; waitMs: number}
  | {act: "resync"}
  | {act: "fail"; fix: string};

/** A venue's own codes, by what they ask for; every code that is in no list cannot be helped by asking again. */
export interface Codes {
  limit: readonly string[];
  again: readonly string[];
  clock: readonly string[];
}

/** How long an address is banned that asked too often: Bybit's ten minutes, taken for every venue. */
export const BAN_MS = 600_000;

const COUNTRY = "reach the venue from a country and network that it serves, or name another one with --venue or --url";
const NOT_ASKED = "check the pair, the series and the time range; the venue will answer the same again";

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
 * The table of what may be asked again, by HTTP status and the venue's code. Every call here reads, so that asking twice
 * changes nothing at the venue; orders have a table of their own.
 */
export function classify(refusal: Refusal, codes: Codes): Act {
  const {kind, status, code, waitMs} = refusal;
  if (kind !== "answer") return {act: "retry"};
  if (status === 451) return {act: "fail", fix: COUNTRY};
  if (status === 403) {
    return namesCountry(refusal) ? {act: "fail", fix: COUNTRY} : {act: "ban", waitMs: Math.max(waitMs ?? 0, BAN_MS)};
  }
  if (status === 418) return {act: "ban", waitMs: waitMs ?? BAN_MS};
  if (status === 429 || (code !== undefined && codes.limit.includes(code))) return {act: "pause", waitMs};
  if (code !== undefined && codes.clock.includes(code)) return {act: "resync"};
  if (code !== undefined && codes.again.includes(code)) return {act: "retry"};
  if (status === 408 || (status !== undefined && status >= 500)) return {act: "retry"};
  return {act: "fail", fix: NOT_ASKED};
}
