import type {FileReport, ImportAnswers, ImportRequest} from "../../lib/wire/imports.js";
import {count, day, plural} from "../ui/format.js";
import {shellWord} from "./workCommand.js";

/** A question about files that a person can answer. */
export type AskedField = Exclude<keyof ImportAnswers, "venue">;

/** An open question; it stays on the page once answered, so that the answer can be changed. */
export interface Question {
  id: string;
  field: AskedField;
  /** names of the uploaded files it is about */
  names: string[];
  /** why it is asked, in the words of the first file's report */
  message: string;
}

/** Choices that hold for all files of an upload. */
export interface Options {
  venue: string;
  badRows: "refuse" | "skip";
  replace: boolean;
}

const FIELD_OF: Readonly<Record<string, AskedField>> = {
  pair: "pair",
  "several-pairs": "pair",
  series: "series",
  timeframe: "timeframe",
  tz: "tz",
  "local-clock": "tz",
  "rate-unit": "rateUnit",
  "rate-period": "ratePeriod",
  known: "knownLag",
  "date-order": "dateOrder",
  decimal: "decimal",
  stamps: "columns",
  "carried-rates": "intervalHours",
  columns: "columns",
  volume: "columns",
  forecast: "columns"
};
/** Questions whose answer is as a rule the same for every file that raises them. */
const SHARED = new Set<AskedField>([
  "tz",
  "dateOrder",
  "decimal",
  "rateUnit",
  "ratePeriod",
  "knownLag",
  "intervalHours",
  "timeframe"
]);

/** Returns the name under which the file of a report was uploaded; a member of an archive belongs to its archive. */
const uploadedName = (file: string, names: readonly string[]): string =>
  names.find((name) => name === file) ?? names.find((name) => file.startsWith(`${name}/`)) ?? file;

/** Returns the questions that reports raise, added to those asked before. */
export function questionsOf(
  reports: readonly FileReport[],
  names: readonly string[],
  asked: readonly Question[] = []
): Question[] {
  const questions = new Map(asked.map((question) => [question.id, {...question, names: [...question.names]}]));
  for (const {file, state, code, error} of reports) {
    const field = state === "planned" || state === "stored" || code === null ? undefined : FIELD_OF[code];
    if (field === undefined) continue;
    const name = uploadedName(file, names);
    const id = SHARED.has(field) ? field : `${field} ${name}`;
    const message = (error ?? "").replace(`${file}: `, "");
    const known = questions.get(id) ?? {id, field, names: [], message};
    if (!known.names.includes(name)) known.names.push(name);
    questions.set(id, known);
  }
  return [...questions.values()];
}

/** Returns the answers by file; an empty answer is none. */
export function answersOf(
  questions: readonly Question[],
  values: ReadonlyMap<string, string>
): NonNullable<ImportRequest["answers"]> {
  const answers: NonNullable<ImportRequest["answers"]> = {};
  for (const {id, field, names} of questions) {
    const value = values.get(id)?.trim();
    if (!value) continue;
    for (const name of names)
      answers[name] = {...answers[name], [field]: field === "intervalHours" ? Number(value) : value};
  }
  return answers;
}

const isClear = ({state}: FileReport): boolean => state === "planned";

/** Returns the label of the button that stores what is clear. */
export function importLabel(reports: readonly FileReport[]): string {
  const clear = reports.filter(isClear).length;
  if (clear === 0) return "Nothing to import yet";
  return clear === reports.length
    ? `Import ${plural(clear, "file")}`
    : `Import ${clear} of ${plural(reports.length, "file")}`;
}

/** Sums up reports of a plan or of an import in one sentence. */
export function summaryOf(reports: readonly FileReport[]): string {
  const of = (...states: FileReport["state"][]) => reports.filter(({state}) => states.includes(state));
  const stored = of("stored");
  const [clear, open, left] = [of("planned"), of("open"), of("refused", "failed")];
  const sum = (list: readonly FileReport[], field: "new" | "changed" | "same" | "different") =>
    list.reduce((all, file) => all + file[field], 0);
  const parts =
    stored.length > 0
      ? [`${plural(stored.length, "file")} imported, ${count(sum(stored, "changed"))} rows written`]
      : clear.length > 0
        ? [`${plural(clear.length, "file")} can be imported with ${count(sum(clear, "new"))} new rows`]
        : [];
  const kept = sum(stored, "different");
  if (stored.length > 0 && sum(stored, "changed") === 0 && sum(stored, "same") > 0)
    parts.push(`${plural(sum(stored, "same"), "row")} stored already`);
  if (kept > 0) parts.push(`${plural(kept, "row")} ${kept === 1 ? "differs" : "differ"} from what was stored`);
  if (open.length > 0) parts.push(`${plural(open.length, "file")} ${open.length === 1 ? "needs" : "need"} an answer`);
  if (left.length > 0) parts.push(`${plural(left.length, "file")} ${left.length === 1 ? "is" : "are"} left out`);
  return parts.length > 0 ? `${parts.join("; ")}.` : "There is no data file in it.";
}

export const STATE_WORDS: Readonly<Record<FileReport["state"], string>> = {
  planned: "ready",
  stored: "✓ stored",
  open: "? asks",
  refused: "✗ left out",
  failed: "✗ left out"
};

/** Returns the rows left out, by reason. */
export function leftOutWords({skipped, inProgress}: FileReport): string {
  const parts = Object.entries(skipped).map(([reason, n]) => `${count(n)} ${reason.replaceAll("-", " ")}`);
  if (inProgress > 0) parts.push(`${count(inProgress)} still in progress`);
  return parts.join(", ");
}

/** Returns first and last day of a report's rows. */
export const rangeWords = ({from, to}: FileReport): string => (from === null ? "" : `${day(from)} – ${day(to! - 1)}`);

/** Returns the error without the file's name, which stands beside it, and what to do on this page. */
export function troubleWords({file, code, error, fix}: FileReport): {what: string; fix: string} | null {
  if (error === null) return null;
  const what = error.replace(`${file}: `, "").replace(`${file}:`, "line ");
  return {what, fix: (code !== null && FIXES[code]) || (fix ?? "")};
}

const ANSWER = "Answer the question above.";
const FIXES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(FIELD_OF).map((code) => [code, ANSWER])),
  "other-venue": "Set the venue of the files above, or import it by itself.",
  "other-pair": "Check the pair that you gave, or import it by itself.",
  "bad-row": "Correct the row in the file, or leave bad rows out.",
  "not-history": "Leave it out: such files are not imported.",
  contract: "Leave it out: only spot and linear perpetuals are kept."
};

const ZONE_FROM: Readonly<Record<string, string>> = {
  given: "as you answered",
  source: "known of this source",
  header: "by the header"
};

/** Returns how a file was read: columns, zone, unit, and what of its rows needs a word. */
export function readingWords(report: FileReport): string[] {
  const {taken, columns, ignored, rounded, revised, revisions = [], repeats, different, conflicts} = report;
  if (!taken) return [];
  const read = Object.entries(columns).map(([field, name]) => (field === name ? field : `${field} from ${name}`));
  const words = [`Columns: ${read.join(", ")}${ignored.length > 0 ? `; not read: ${ignored.join(", ")}` : ""}.`];
  words.push(
    taken.zoneFrom === "stamps"
      ? "Stamps: instants in UTC."
      : `Stamps: clock of ${taken.zone} (${ZONE_FROM[taken.zoneFrom] ?? taken.zoneFrom}).`
  );
  if (taken.dateOrder) words.push(`Dates: ${taken.dateOrder === "dmy" ? "day" : "month"} first.`);
  if (taken.daysSince) words.push(`Stamps are days as spreadsheets count them since ${taken.daysSince}.`);
  if (taken.rateUnit !== null)
    words.push(`Rates: ${taken.rateUnit === "share" ? "shares" : `${taken.rateUnit}, stored as shares`}.`);
  if (taken.ratePeriod === "day" || taken.ratePeriod === "year")
    words.push(`Rates of a ${taken.ratePeriod} are stored as an hour's share.`);
  if (taken.knownLagMs !== undefined)
    words.push(
      taken.knownLagMs === null
        ? "Values are known from the instant that each row states."
        : taken.knownLagMs === 0
          ? "Values are known at their stamp."
          : `Values are known ${count(taken.knownLagMs / 60_000)} minutes after their stamp.`
    );
  if (taken.carriedHours !== null)
    words.push(`Rates are carried forward: one settlement every ${taken.carriedHours} h.`);
  if (repeats > 0) words.push(`${plural(repeats, "row")} repeated another exactly.`);
  if (revised > 0) {
    const [own] = revisions;
    const shown = own ? `, e.g. on ${day(own.ts)}: ${own.was}, then ${own.now}` : "";
    words.push(`${plural(revised, "settlement")} replaced by a later stamp of the same boundary${shown}.`);
  }
  if (rounded > 0) words.push(`${plural(rounded, "row")} rounded at the 18th digit.`);
  const [first] = conflicts;
  if (different > 0 && first)
    words.push(
      `${plural(different, "row")} ${different === 1 ? "differs" : "differ"} from stored ones, e.g. ${first.field} on ${day(first.ts)}: stored ${first.stored}, file ${first.file}.`
    );
  return words;
}

/** Returns the commands equivalent to an import: one for each set of answers. */
export function importCommands(
  names: readonly string[],
  {venue, badRows, replace}: Options,
  answers: NonNullable<ImportRequest["answers"]>
): string[] {
  const flags = (own: Omit<ImportAnswers, "venue"> = {}): string =>
    [
      `--venue ${shellWord(venue)}`,
      ...Object.entries(own).map(
        ([field, value]) => `--${field.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} ${shellWord(String(value))}`
      ),
      ...(badRows === "skip" ? ["--bad-rows skip"] : []),
      ...(replace ? ["--replace"] : [])
    ].join(" ");
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = flags(answers[name]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const shown = (group: readonly string[]) =>
    groups.size === 1 ? [...new Set(group.map((name) => name.split("/")[0]!))] : group;
  return [...groups].map(([key, group]) => `npx carrybook import ${shown(group).map(shellWord).join(" ")} ${key}`);
}
