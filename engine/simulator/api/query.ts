import {z} from "zod";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {VenueError} from "../market/venue.js";

/**
 * Parses parameters by a schema.
 * @throws VenueError 10001 for an unknown or invalid parameter, as on the venue
 */
export function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const name = issue.code === "unrecognized_keys" ? issue.keys[0] : issue.path.join(".");
  throw new VenueError(10001, `params error: ${name || "body"} invalid`);
}

const whole = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number);

/** Returns schemas of a list's `limit` (at most `max`) and `cursor`. */
export const paging = (fallback: number, max: number) => ({
  limit: whole
    .refine((n) => n >= 1 && n <= max)
    .optional()
    .transform((n) => n ?? fallback),
  cursor: z.string().optional()
});

export const window = {startTime: whole.optional(), endTime: whole.optional()};
export const text = z.string().min(1).optional();

/** Longest time span of one query, ms. */
const MAX_SPAN_MS = 7 * DAY_MS;

/**
 * Returns a query's time span, UTC ms: the last `spanMs` by default, or `spanMs` from the one end given.
 * @throws VenueError 10001 for an inverted span or one over seven days
 */
export function spanOf(
  {startTime, endTime}: {startTime?: number | undefined; endTime?: number | undefined},
  nowMs: number,
  spanMs: number
): {from: number; to: number} {
  const from = startTime ?? (endTime ?? nowMs) - spanMs;
  const to = endTime ?? (startTime === undefined ? nowMs : startTime + spanMs);
  if (to < from || to - from > MAX_SPAN_MS) throw new VenueError(10001, "params error: time range invalid");
  return {from, to};
}

/**
 * Returns one page of rows. As recorded, the cursor names the page's first and last row and is present whenever the
 * page has rows; the page after the last one is empty.
 * @throws VenueError 10001 for an unknown cursor
 */
export function page<T>(
  rows: readonly T[],
  key: (row: T) => string,
  {limit, cursor}: {limit: number; cursor?: string | undefined}
): {list: T[]; nextPageCursor: string} {
  let start = 0;
  if (cursor !== undefined && cursor !== "") {
    const last = decoded(cursor).split(",").at(-1);
    start = rows.findIndex((row) => key(row) === last) + 1;
    if (start === 0) throw new VenueError(10001, "params error: cursor invalid");
  }
  const list = rows.slice(start, start + limit);
  if (list.length === 0) return {list, nextPageCursor: ""};
  return {list, nextPageCursor: encodeURIComponent(`${key(list[0]!)},${key(list.at(-1)!)}`)};
}

function decoded(cursor: string): string {
  try {
    return decodeURIComponent(cursor);
  } catch {
    throw new VenueError(10001, "params error: cursor invalid");
  }
}
