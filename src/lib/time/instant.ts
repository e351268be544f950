const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** The accepted range of instants; one outside 2009–2100 is most likely in the wrong unit. */
export const MIN_TS = Date.UTC(2009, 0, 1);
export const MAX_TS = Date.UTC(2100, 0, 1);

/**
 * Parses an instant: an ISO date or date-time (UTC without an offset), or integer milliseconds.
 * @param name the quantity named in the error
 * @returns UTC milliseconds since the epoch
 * @throws RangeError `invalid NAME: VALUE`
 */
export function parseInstant(value: string, name = "instant"): number {
  const trimmed = value.trim();
  if (/^\d{12,14}$/.test(trimmed)) return checkTs(Number(trimmed), name);
  if (!ISO.test(trimmed)) throw new RangeError(`invalid ${name}: ${value}`);
  const normal = trimmed.replace(" ", "T");
  const ms = Date.parse(
    /([Zz]|[+-]\d{2}:?\d{2})$/.test(normal) && normal.includes("T")
      ? normal
      : normal.length > 10
        ? normal + "Z"
        : normal
  );
  const dayOfMonth = Number(trimmed.slice(8, 10));
  const monthDays = new Date(Date.UTC(Number(trimmed.slice(0, 4)), Number(trimmed.slice(5, 7)), 0)).getUTCDate();
  if (!Number.isFinite(ms) || dayOfMonth > monthDays) throw new RangeError(`invalid ${name}: ${value}`);
  return checkTs(ms, name);
}

/**
 * Returns `ms` if it is an integer number of milliseconds between 2009 and 2100; rejects seconds and microseconds.
 * @throws RangeError `invalid NAME: VALUE`
 */
function checkTs(ms: number, name = "ts"): number {
  if (!Number.isInteger(ms) || ms < MIN_TS || ms >= MAX_TS) throw new RangeError(`invalid ${name}: ${ms}`);
  return ms;
}

/** Formats an instant as `2024-03-14 08:00 UTC`, with seconds only if they are not zero. */
export function formatInstant(ms: number): string {
  const iso = new Date(ms).toISOString();
  const seconds = iso.slice(17, 19);
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}${seconds === "00" ? "" : ":" + seconds} UTC`;
}

/** Formats the UTC day of an instant as `2024-03-14`. */
export const formatDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
