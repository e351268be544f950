import {Cron} from "croner";
import {z} from "zod";

/**
 * Returns the first instant after `afterMs` at which a pattern is due.
 * @param pattern five cron fields, always in UTC
 * @returns UTC ms, or null for a pattern that never matches
 * @throws `invalid schedule: PATTERN (why)`
 */
export function nextRun(pattern: string, afterMs: number): number | null {
  try {
    const cron = new Cron(pattern, {timezone: "UTC", paused: true, mode: "5-part"});
    const next = cron.nextRun(new Date(afterMs));
    cron.stop();
    return next?.getTime() ?? null;
  } catch (error) {
    throw new RangeError(`invalid schedule: ${pattern} (${(error as Error).message})`, {cause: error});
  }
}

const pattern = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .refine((text) => text === "off" || isPattern(text), "five cron fields in UTC, or off");

function isPattern(text: string): boolean {
  try {
    return nextRun(text, 0) !== null;
  } catch {
    return false;
  }
}

/** The `engine.schedule` section of the configuration: five cron fields in UTC, or `off`. */
export const scheduleConfig = z
  .strictObject({
    update: pattern("2 * * * *").describe("updates every tracked history; the trading loop does this itself"),
    repair: pattern("0 3 * * *").describe("refetches holes that may still be filled"),
    compact: pattern("30 3 * * *").describe("merges the lake's small files"),
    select: pattern("0 4 * * 1").describe("reselects the top pairs"),
    instruments: pattern("10 0 * * *").describe("stores the day's list of markets"),
    site: pattern("off").describe("rebuilds the static site")
  })
  .prefault({})
  .describe("schedule of data maintenance, cron in UTC or off");

export type ScheduleConfig = z.infer<typeof scheduleConfig>;
