import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import fc from "fast-check";
import {strToU8, zipSync} from "fflate";
import {describe, expect, it} from "vitest";
import {tablesOf} from "../../loaders/ingest/import/container.js";
import type {Given} from "../../loaders/ingest/import/given.js";
import {planTable} from "../../loaders/ingest/import/plan.js";
import {rowReader} from "../../loaders/ingest/import/read.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import {HOUR, NOW} from "../helpers/store.js";
import {tmp} from "../helpers/tmp.js";

/** A settlement or a candle as it was before anybody wrote it: an instant and the values of its fields. */
type Row = {ts: number; values: Record<string, string>};

/** How a writer writes the instants of its rows. */
const STAMPS = [
  "s",
  "ms",
  "us",
  "ns",
  "s.fff",
  "ms.0",
  "iso-z",
  "offset",
  "utc-word",
  "wall-t",
  "wall",
  "ymd",
  "dmy",
  "mdy",
  "digits",
  "month-name",
  "half-day"
] as const;
type Stamp = (typeof STAMPS)[number];
const isWall = (stamp: Stamp) =>
  !["s", "ms", "us", "ns", "s.fff", "ms.0", "iso-z", "offset", "utc-word"].includes(stamp);
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "+03:00"] as const;

/** Everything in which two writers of one table may differ. */
interface Idiom {
  stamp: Stamp;
  zone: (typeof ZONES)[number];
  unit: "share" | "percent-header" | "percent-sign" | "percent" | "bps";
  delimiter: "," | ";" | "\t" | "|";
  decimalComma: boolean;
  header: boolean;
  quoted: boolean;
  names: number;
  order: "ascending" | "descending" | "shuffled";
  seed: number;
  extra: number;
  blankIndex: boolean;
  blankRows: boolean;
  repeatedHeader: boolean;
  symbols: boolean;
  preamble: string | undefined;
  format: "csv" | "json" | "ndjson";
  encoding: "utf8" | "bom" | "utf16le" | "utf16be";
  crlf: boolean;
  packed: "plain" | "gzip" | "zip";
}

const idiom: fc.Arbitrary<Idiom> = fc.record({
  stamp: fc.constantFrom(...STAMPS),
  zone: fc.constantFrom(...ZONES),
  unit: fc.constantFrom("share", "share", "percent-header", "percent-sign", "percent", "bps"),
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  decimalComma: fc.boolean(),
  header: fc.boolean(),
  quoted: fc.boolean(),
  names: fc.nat(2),
  order: fc.constantFrom("ascending", "descending", "shuffled"),
  seed: fc.nat(1 << 20),
  extra: fc.nat(2),
  blankIndex: fc.boolean(),
  blankRows: fc.boolean(),
  repeatedHeader: fc.boolean(),
  symbols: fc.boolean(),
  preamble: fc.constantFrom(undefined, "# downloaded yesterday", "https://www.example.com", "Funding rates of Bitcoin"),
  format: fc.constantFrom("csv", "csv", "csv", "json", "ndjson"),
  encoding: fc.constantFrom("utf8", "utf8", "bom", "utf16le", "utf16be"),
  crlf: fc.boolean(),
  packed: fc.constantFrom("plain", "plain", "gzip", "zip")
});

/** The face of a clock of a zone, by the platform's own calendar and not by the code under test. */
function wallOf(ts: number, zone: string): [string, string, string, string] {
  const offset = /^\+(\d\d):00$/.exec(zone);
  const face = offset
    ? new Date(ts + Number(offset[1]) * HOUR).toISOString().replace("T", " ")
    : new Date(ts).toLocaleString("sv-SE", {timeZone: zone});
  return [face.slice(0, 4), face.slice(5, 7), face.slice(8, 10), face.slice(11, 19)];
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function stampText(ts: number, stamp: Stamp, zone: string): string {
  const [year, month, day, time] = wallOf(ts, zone);
  switch (stamp) {
    case "s":
      return String(ts / 1_000);
    case "ms":
      return String(ts);
    case "us":
      return `${ts}000`;
    case "ns":
      return `${ts}000000`;
    case "s.fff":
      return (ts / 1_000).toFixed(3);
    case "ms.0":
      return `${ts}.0`;
    case "iso-z":
      return new Date(ts).toISOString();
    case "offset":
      return `${new Date(ts + 2 * HOUR).toISOString().slice(0, 19)}+02:00`;
    case "utc-word":
      return `${new Date(ts).toISOString().slice(0, 19).replace("T", " ")} UTC`;
    case "wall-t":
      return `${year}-${month}-${day}T${time}`;
    case "wall":
      return `${year}-${month}-${day} ${time}`;
    case "ymd":
      return `${year}/${month}/${day} ${time}`;
    case "dmy":
      return `${day}/${month}/${year} ${time}`;
    case "digits":
      return `${year}${month}${day}${time.replaceAll(":", "")}`;
    case "month-name":
      return `${day} ${MONTHS[Number(month) - 1]} ${year} ${time}`;
    case "half-day": {
      const hour = Number(time.slice(0, 2));
      return `${year}-${month}-${day} ${hour % 12 === 0 ? 12 : hour % 12}${time.slice(2)} ${hour < 12 ? "AM" : "PM"}`;
    }
    case "mdy":
      return `${month}/${day}/${year} ${time}`;
  }
}

/** Names of one field as three writers have them. */
const NAMES: Record<string, [string, string, string]> = {
  ts: ["timestamp", "fundingTime", "date"],
  rate: ["funding_rate", "fundingRate", "Funding Rate"],
  open: ["open", "Open", "open_price"],
  high: ["high", "High", "high_price"],
  low: ["low", "Low", "low_price"],
  close: ["close", "Close", "close_price"],
  volume: ["volume", "Volume", "base_volume"]
};

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const keyed = list.map((item, i) => ({item, key: Math.imul(i + 1, 2_654_435_761 ^ seed) >>> 0}));
  return keyed.sort((a, b) => a.key - b.key).map(({item}) => item);
}

/** A table in an idiom, as bytes under a name. */
function written(rows: readonly Row[], own: Idiom): {name: string; bytes: Uint8Array} {
  const csv = own.format === "csv";
  const fields = Object.keys(rows[0]!.values);
  const scale = own.unit === "share" ? 0 : own.unit === "bps" ? 4 : 2;
  const valueOf = (field: string, value: string) => {
    const scaled = field === "rate" ? text(new Decimal(value).mul(10 ** scale)) : value;
    const signed = field === "rate" && own.unit === "percent-sign" ? `${scaled}%` : scaled;
    return csv && own.decimalComma ? signed.replace(".", ",") : signed;
  };
  const titleOf = (field: string) =>
    field === "rate" && own.unit === "percent-header" ? `${NAMES.rate![own.names]!} (%)` : NAMES[field]![own.names]!;
  const plain = csv && !own.header;
  const known = ["ts", ...fields].map((field) => ({
    title: titleOf(field),
    cell: (row: Row) => (field === "ts" ? stampText(row.ts, own.stamp, own.zone) : valueOf(field, row.values[field]!))
  }));
  const extras = Array.from({length: own.extra}, (_, i) => ({
    title: `note ${i}`,
    cell: (row: Row) => ["x", String(row.ts % 97), ""][i % 3]!
  }));
  const symbol = {title: "symbol", cell: () => "BTCUSDT"};
  const columns = plain ? known : shuffled([...known, ...extras, ...(own.symbols ? [symbol] : [])], own.seed);
  const records = rows.map((row) => columns.map(({cell}) => cell(row)));
  if (own.symbols && !plain) {
    const at = columns.indexOf(symbol);
    records.push(...records.map((cells) => cells.map((cell, i) => (i === at ? "ETHUSDT" : cell))));
  }
  const ordered =
    own.order === "shuffled" ? shuffled(records, own.seed) : own.order === "descending" ? records.reverse() : records;
  const titles = columns.map(({title}) => title);
  const object = (cells: string[]) => Object.fromEntries(cells.map((cell, i) => [titles[i]!, cell]));
  const body = csv ? csvText(titles, ordered, own) : jsonText(ordered.map(object), own);
  const text16 = csv && own.encoding.startsWith("utf16");
  const encoded = text16
    ? Buffer.from(`\uFEFF${body}`, "utf16le")
    : Buffer.from(own.encoding === "bom" ? `\uFEFF${body}` : body, "utf8");
  const bytes = text16 && own.encoding === "utf16be" ? encoded.swap16() : encoded;
  const name = `table.${own.format}`;
  if (own.packed === "gzip") return {name: `${name}.gz`, bytes: gzipSync(bytes)};
  if (own.packed === "zip")
    return {name: "table.zip", bytes: zipSync({[name]: bytes, "__MACOSX/._t.csv": strToU8("x")})};
  return {name, bytes};
}

function csvText(titles: readonly string[], records: readonly string[][], own: Idiom): string {
  const {delimiter} = own;
  const cellText = (cell: string) => (own.quoted || cell.includes(delimiter) ? `"${cell}"` : cell);
  const indexed = own.blankIndex && own.header;
  const lineOf = (cells: readonly string[], i: number) =>
    [...(indexed ? [i < 0 ? "" : String(i)] : []), ...cells].map(cellText).join(delimiter);
  const lines = records.map(lineOf);
  if (own.blankRows) lines.splice(1, 0, "", delimiter.repeat(titles.length - (indexed ? 0 : 1)));
  const head = lineOf(titles, -1);
  if (own.header && own.repeatedHeader) lines.splice(2, 0, head);
  if (own.header) lines.unshift(head);
  if (own.preamble !== undefined) lines.unshift(own.preamble);
  return lines.join(own.crlf ? "\r\n" : "\n") + "\n";
}

const jsonText = (objects: readonly object[], {format}: Idiom): string =>
  format === "json" ? JSON.stringify(objects) : objects.map((row) => JSON.stringify(row)).join("\n");

/** What the import makes of a file: its rows, or the code for which it is left out. */
async function readBack(
  {name, bytes}: {name: string; bytes: Uint8Array},
  given: Given
): Promise<{rows: Row[]} | {code: string}> {
  const dir = join(tmp(), "x");
  mkdirSync(dir, {recursive: true});
  const path = join(dir, name);
  writeFileSync(path, bytes);
  const {
    tables: [table]
  } = await tablesOf(path);
  const planned = await planTable(table!, given);
  if (planned.state !== "clear") return {code: `${planned.code}: ${planned.reason}`};
  const read = rowReader(table!, planned.plan, NOW);
  const rows: Row[] = [];
  for await (const record of table!.records()) {
    try {
      const found = read(record);
      if (!("row" in found)) continue;
      const {tsMs, ...row} = found.row;
      const values = Object.entries(row).flatMap(([name, value]) =>
        typeof value === "string" && name !== "turnover" ? [[name, value] as const] : []
      );
      rows.push({ts: tsMs, values: Object.fromEntries(values)});
    } catch (error) {
      return {code: `bad-row: ${(error as Error).message}`};
    }
  }
  return {rows: rows.sort((a, b) => a.ts - b.ts)};
}

/** A header with a percent sign tells the unit; any other percent or basis points must be told. */
const unitFor = ({unit, header, format}: Idiom): Given["rateUnit"] =>
  unit === "bps" || unit === "percent"
    ? unit
    : unit === "percent-header" && format === "csv" && !header
      ? "percent"
      : undefined;

const givenFor = (own: Idiom, series: string): Given => ({
  venue: "binance",
  pair: "BTC/USDT",
  series,
  tz: isWall(own.stamp) ? own.zone : undefined,
  dateOrder: own.stamp === "dmy" || own.stamp === "mdy" ? own.stamp : undefined,
  rateUnit: series === "funding" ? unitFor(own) : undefined
});

/** A clock set back shows an hour twice: such a stamp names no instant, and its file is refused. */
const namesEveryInstant = (rows: readonly Row[], {stamp, zone}: Idiom): boolean =>
  !isWall(stamp) ||
  rows.every(({ts}) => [-HOUR, HOUR].every((ms) => wallOf(ts + ms, zone).join() !== wallOf(ts, zone).join()));
/** Digits behind a comma may be decimals or thousands; only what cannot be thousands says which. */
const isReadable = (rows: readonly Row[], own: Idiom): boolean =>
  namesEveryInstant(rows, own) && !(own.format === "csv" && own.decimalComma);

const DAYS = fc.integer({min: 0, max: 700}).map((day) => Date.UTC(2023, 0, 1) + day * 24 * HOUR);
const RATE = fc.integer({min: -300_000, max: 300_000});
const settlements = fc
  .record({from: DAYS, hours: fc.constantFrom(1, 4, 8), rates: fc.uniqueArray(RATE, {minLength: 4, maxLength: 30})})
  .map(({from, hours, rates}) =>
    rates.map((n, i): Row => ({ts: from + i * hours * HOUR, values: {rate: text(new Decimal(n * hours).div(8e8))}}))
  );
const candles = fc
  .record({from: DAYS, opens: fc.array(fc.integer({min: 1, max: 10 ** 7}), {minLength: 5, maxLength: 30})})
  .map(({from, opens}) =>
    opens.map((n, i): Row => {
      const [open, high, low, close, volume] = [n, n * 2, n / 2, n * 1.5, n % 1_000].map((x) =>
        text(new Decimal(x).div(1_000))
      ) as [string, string, string, string, string];
      return {ts: from + i * HOUR, values: {open, high, low, close, volume}};
    })
  );

describe("a table written in any idiom is read back to the same rows, or refused", () => {
  it.each([
    ["settlements", settlements, "funding"],
    ["candles", candles, "spot"]
  ] as const)(
    "%s",
    async (_, tables, series) => {
      let read = 0;
      let left = 0;
      await fc.assert(
        fc.asyncProperty(tables as fc.Arbitrary<Row[]>, idiom, async (rows, own) => {
          const result = await readBack(written(rows, own), givenFor(own, series));
          if ("rows" in result) {
            read++;
            expect(result.rows).toEqual(rows);
          } else {
            left++;
            if (isReadable(rows, own)) expect.fail(`left out: ${result.code}`);
          }
        }),
        {numRuns: 500}
      );
      expect(read).toBeGreaterThan(left);
    },
    120_000
  );

  it(
    "rates carried forward over the hours or minutes between settlements give the settlements alone",
    () =>
      fc.assert(
        fc.asyncProperty(
          settlements.filter((rows) => rows.length > 5 && rows[1]!.ts - rows[0]!.ts > HOUR),
          idiom,
          fc.constantFrom(HOUR, HOUR / 4),
          async (rows, own, step) => {
            const hours = (rows[1]!.ts - rows[0]!.ts) / HOUR;
            const dense = rows.flatMap(({ts, values}) =>
              Array.from({length: (hours * HOUR) / step}, (_, i) => ({ts: ts + i * step, values}))
            );
            const result = await readBack(written(dense, own), givenFor(own, "funding"));
            if ("rows" in result) expect(result.rows).toEqual(rows);
            else if (isReadable(dense, own)) expect.fail(`left out: ${result.code}`);
          }
        ),
        {numRuns: 150}
      ),
    120_000
  );

  it(
    "rates in another unit are never taken for shares",
    () =>
      fc.assert(
        fc.asyncProperty(settlements, idiom, async (rows, own) => {
          fc.pre(own.unit === "percent" || own.unit === "bps");
          const result = await readBack(written(rows, own), {...givenFor(own, "funding"), rateUnit: undefined});
          // a file whose rates are all small may be shares: its typical size is in the report
          if ("rows" in result) {
            const sizes = result.rows.map(({values}) => Math.abs(Number(values.rate))).sort((a, b) => a - b);
            const hours = (rows[1]!.ts - rows[0]!.ts) / HOUR;
            expect(sizes[(sizes.length - 1) >> 1]).toBeLessThanOrEqual((0.005 * hours) / 8);
          }
        }),
        {numRuns: 200}
      ),
    120_000
  );

  it(
    "stamps of a wall clock are never read without a zone",
    () =>
      fc.assert(
        fc.asyncProperty(settlements, idiom, async (rows, own) => {
          fc.pre(isWall(own.stamp));
          const result = await readBack(written(rows, own), {...givenFor(own, "funding"), tz: undefined});
          expect(result).toHaveProperty("code");
        }),
        {numRuns: 100}
      ),
    120_000
  );
});
