const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Checks an IANA zone name (`UTC`, `Europe/Berlin`) or a fixed offset (`+03:00`).
 * @throws RangeError `invalid tz: VALUE`
 */
export function checkZone(zone: string): string {
  if (fixedOffsetMs(zone) !== undefined) return zone;
  try {
    formatOf(zone);
    return zone;
  } catch (error) {
    throw new RangeError(`invalid tz: ${zone}`, {cause: error});
  }
}

/**
 * Converts a wall-clock time of a zone to an instant.
 * @param wallMs the wall clock's fields read as if they were UTC, in ms
 * @returns UTC ms; undefined for a time that the zone skipped or showed twice, which names no single instant
 */
export function instantOf(wallMs: number, zone: string): number | undefined {
  const fixed = fixedOffsetMs(zone);
  if (fixed !== undefined) return wallMs - fixed;
  // Offsets are sought on both sides of a change; a time shown twice fits two of them, a skipped one fits none.
  const offsets = new Set([-24, 0, 24].map((hours) => offsetMs(wallMs + hours * 3_600_000, zone)));
  const fits = [...offsets].map((offset) => wallMs - offset).filter((ms) => ms + offsetMs(ms, zone) === wallMs);
  return fits.length === 1 ? fits[0] : undefined;
}

/** Returns the offset of a zone at an instant, ms to add to UTC. */
function offsetMs(ms: number, zone: string): number {
  const fixed = fixedOffsetMs(zone);
  if (fixed !== undefined) return fixed;
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const {type, value} of formatOf(zone).formatToParts(ms)) parts[type] = value;
  const wall = Date.UTC(
    Number(parts.year),
    Number(parts.month) - 1,
    Number(parts.day),
    Number(parts.hour),
    Number(parts.minute),
    Number(parts.second)
  );
  return wall - Math.floor(ms / 1_000) * 1_000;
}

/** Reads an offset, `+03:00`, `-0530`, `UTC+3`, as ms to add to UTC; undefined for a zone's name. */
function fixedOffsetMs(zone: string): number | undefined {
  if (/^(UTC|GMT|Z)$/i.test(zone)) return 0;
  const match = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(zone);
  if (!match) return undefined;
  const [hours, minutes] = [Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 14 || minutes > 59) return undefined;
  return (match[1] === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric"
  });
  formats.set(zone, format);
  return format;
}
