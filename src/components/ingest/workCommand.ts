import {DEFAULT_SERIES, DEFAULT_TIMEFRAMES, type BackfillBody} from "./workRequest.js";

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((d) => b.includes(d));

/** Quotes an argument for a POSIX shell where needed. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./~…-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const series = ({series, timeframes}: Pick<BackfillBody, "series" | "timeframes">): string[] => [
  ...(same(series, DEFAULT_SERIES) ? [] : ["--series", series.join(",")]),
  ...(same(timeframes, DEFAULT_TIMEFRAMES) || !series.some((d) => d !== "funding")
    ? []
    : ["--timeframe", timeframes.join(",")])
];

/** Returns the command equivalent to a request; a simulated venue without an address is the demo. */
export function backfillCommand(body: BackfillBody): string {
  const {venue, url, top, pairs, days} = body;
  if (venue === "sim" && url === undefined) return demoCommand({top: top ?? 20, days});
  return [
    "npx carrybook backfill",
    url === undefined ? `--venue ${venue}` : `--url ${shellWord(url)}`,
    pairs ? `--pairs ${pairs.join(",")}` : `--top ${top}`,
    `--days ${days}`,
    ...series(body),
    // Simulated rows have their own store.
    ...(venue === "sim" ? ["--demo"] : [])
  ].join(" ");
}

/** Returns the command that fills the demo. */
export const demoCommand = ({top, days}: {top: number; days: number}): string =>
  `npx carrybook demo --pairs ${top} --days ${days}`;

/** Import form as typed; an empty field is derived from the file's name and folders. */
interface TypedImport {
  path: string;
  venue: string;
  pair: string;
  series: string;
  timeframe: string;
  columns: string;
}

/** Returns the command that imports files; without a path, with `downloads/` as a placeholder. */
export function importCommand({path, venue, pair, series, timeframe, columns}: TypedImport): string {
  const flag = (name: string, value: string) => (value.trim() ? ` --${name} ${shellWord(value.trim())}` : "");
  const words = path.trim()
    ? path
        .trim()
        .split(/\s*\n\s*/)
        .map(shellWord)
        .join(" ")
    : "downloads/";
  return (
    `npx carrybook import ${words}` +
    flag("venue", venue || "binance") +
    flag("pair", pair) +
    flag("series", series) +
    flag("timeframe", series === "funding" ? "" : timeframe) +
    flag("columns", columns)
  );
}
