import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import fc from "fast-check";
import {afterEach, beforeEach, describe, expect, it} from "vitest";
import {storeFiles, planImport, type Given} from "../../loaders/ingest/import/index.js";
import {inTransaction, type Database} from "../../loaders/store/database.js";
import {storedIn} from "../helpers/imports.js";
import {HOUR, open} from "../helpers/store.js";
import {tmp} from "../helpers/tmp.js";

/** A settlement or a candle as it was: an instant and its values as text. */
interface Row {
  ts: number;
  cells: string[];
}
interface Text {
  header: string;
  lines: string[];
}

const T = Date.UTC(2024, 0, 1);
const DELIMITER = ",";
const textOf = ({header, lines}: Text, end = "\n"): string => [header, ...lines].join(end) + end;
const shuffle = <X>(list: readonly X[], seed: number): X[] =>
  list
    .map((item, i) => ({item, key: Math.imul(i + 1, 2_654_435_761 ^ (seed + 1)) >>> 0}))
    .sort((a, b) => a.key - b.key)
    .map(({item}) => item);
const thousands = (cell: string): string => {
  const [whole, fraction] = cell.split(".");
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
};

/** What happens to files on their way. `whole` ones must be read back; of the others a refusal is right as well. */
const ACCIDENTS: Record<string, {whole: boolean; to: (text: Text, at: number) => string[]}> = {
  none: {whole: true, to: (text) => [textOf(text)]},
  "no line end after the last row": {whole: false, to: (text) => [textOf(text).trimEnd()]},
  "a cut tail": {
    whole: false,
    to: (text, at) => {
      const all = textOf(text);
      const last = text.lines.at(-1)!.length;
      return [all.slice(0, all.length - 1 - (at % last))];
    }
  },
  "rows in any order": {whole: true, to: ({header, lines}, at) => [textOf({header, lines: shuffle(lines, at)})]},
  "rows twice": {
    whole: true,
    to: ({header, lines}, at) => [
      textOf({header, lines: lines.flatMap((line, i) => ((i + at) % 3 ? [line] : [line, line]))})
    ]
  },
  "two files of the same rows": {whole: true, to: (text) => [textOf(text), textOf(text)]},
  "mixed line ends": {
    whole: true,
    to: ({header, lines}, at) => [[header, ...lines].map((line, i) => line + ((i + at) % 2 ? "\n" : "\r\n")).join("")]
  },
  "empty columns at the end": {
    whole: true,
    to: ({header, lines}, at) => [
      textOf({header: at % 2 ? header : `${header},,`, lines: lines.map((line) => `${line},,`)})
    ]
  },
  "a line of totals": {whole: false, to: (text, at) => [`${textOf(text)}${at % 2 ? "Total" : "Total,1,2"}\n`]},
  "a source below": {whole: false, to: (text) => [`${textOf(text)}\nSource: https://example.com\n`]},
  "commas that part thousands": {
    whole: false,
    to: ({header, lines}, at) => {
      const parted = (cell: string, i: number) => (i === 0 ? cell : at % 2 ? `"${thousands(cell)}"` : thousands(cell));
      return [textOf({header, lines: lines.map((line) => line.split(DELIMITER).map(parted).join(DELIMITER))})];
    }
  },
  "points that part thousands": {
    whole: false,
    to: ({header, lines}) => {
      const parted = (cell: string, i: number) =>
        i === 0 ? cell : thousands(cell).replace(/[.,]/g, (mark) => (mark === "," ? "." : ","));
      const cells = (line: string) => line.split(DELIMITER).map(parted).join(";");
      return [textOf({header: header.replaceAll(",", ";"), lines: lines.map(cells)})];
    }
  }
};

const settlements = fc
  .uniqueArray(fc.integer({min: -40_000, max: 40_000}), {minLength: 5, maxLength: 20})
  .map((list) => list.map((n, i): Row => ({ts: T + i * 8 * HOUR, cells: [(n / 1e8).toFixed(8)]})));
const candles = fc.array(fc.integer({min: 1_000, max: 99_999_999}), {minLength: 5, maxLength: 20}).map((list) =>
  list.map((n, i): Row => {
    const at = (factor: number) => ((n * factor) / 1_000).toFixed(4);
    return {ts: T + i * HOUR, cells: [at(1), at(2), at(0.5), at(1.5), at(3)]};
  })
);
const KINDS = {
  funding: {rows: settlements, header: "timestamp,funding_rate", name: "BTCUSDT-funding"},
  spot: {rows: candles, header: "timestamp,open,high,low,close,volume", name: "BTCUSDT-spot-1h"}
} as const;

let db: Database;
beforeEach(async () => (db = await open(join(tmp(), "data"), {now: () => Date.UTC(2026, 0, 1)})));
afterEach(() => db.close());

const short = (value: string): string => String(Number(value));
/** The rows of a store that began empty, as instants and numbers. */
async function storedRows(): Promise<(string | number)[][]> {
  const {funding, candles: bars} = await storedIn(db);
  return [
    ...funding.map(({boundary, rate}) => [boundary, short(rate)]),
    ...bars.map(({ts, open: first, close, volume}) => [ts, short(first!), short(close), short(volume ?? "NaN")])
  ];
}
const emptyStore = (): Promise<void> =>
  inTransaction(db.connection, async () => {
    for (const table of ["funding", "candles", "remarks"]) await db.connection.run(`delete from ${table}`);
  });

describe("a file that had an accident is read back to the rows it had, or refused", () => {
  it.each(Object.keys(KINDS) as (keyof typeof KINDS)[])(
    "%s",
    async (series) => {
      const {rows: tables, header, name} = KINDS[series];
      const outcomes = new Map<string, {read: number; refused: number}>();
      const property = fc.asyncProperty(
        tables as fc.Arbitrary<Row[]>,
        fc.constantFrom(...Object.keys(ACCIDENTS)),
        fc.nat(1_000),
        async (rows, accident, at) => {
          await emptyStore();
          const {whole, to} = ACCIDENTS[accident]!;
          const lines = rows.map(({ts, cells}) => [ts, ...cells].join(DELIMITER));
          const dir = join(tmp(), "x");
          mkdirSync(dir, {recursive: true});
          to({header, lines}, at).forEach((text, i) => writeFileSync(join(dir, `${name}-${i}.csv`), text));
          const given: Given = {venue: "binance", pair: "BTC/USDT", series};
          const {files} = await storeFiles(db, await planImport([dir], given), given);
          const stored = await storedRows();
          const told = rows.map(({ts, cells}) =>
            series === "funding" ? [ts, short(cells[0]!)] : [ts, ...[0, 3, 4].map((i) => short(cells[i]!))]
          );
          const isRead = files.every(({state}) => state === "stored");
          const count = outcomes.get(accident) ?? {read: 0, refused: 0};
          outcomes.set(accident, count);
          if (isRead) count.read++;
          else count.refused++;
          if (whole) expect([accident, files.map(({error}) => error)]).toEqual([accident, files.map(() => null)]);
          // A tail that is cut between two rows leaves a whole file.
          const kept = accident === "a cut tail" ? told.slice(0, stored.length) : told;
          expect([accident, stored]).toEqual([accident, isRead ? kept : []]);
        }
      );
      await fc.assert(property, {numRuns: 60, seed: 20_261_128});
      expect([...outcomes.keys()].sort()).toEqual(Object.keys(ACCIDENTS).sort());
      const never = ["a line of totals", "a source below"];
      for (const name of never) expect([name, outcomes.get(name)!.read]).toEqual([name, 0]);
    },
    240_000
  );
});
