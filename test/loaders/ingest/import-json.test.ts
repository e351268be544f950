import {Readable} from "node:stream";
import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {jsonTable} from "../../../loaders/ingest/import/json.js";

const place = {where: "x.json", path: "x.json", member: undefined};
/** The records of a text, which arrives in pieces of a length. */
async function read(text: string, piece = 1 << 16): Promise<(string | null)[][]> {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += piece) pieces.push(bytes.subarray(i, i + piece));
  const table = await jsonTable(async () => Readable.from(pieces), place);
  const records: (string | null)[][] = [];
  if (table) for await (const {fields} of table.records()) records.push([...fields]);
  return records;
}

const cell = fc.oneof(
  fc.integer(),
  fc.string({unit: "grapheme", maxLength: 12}),
  fc.constantFrom('"', "\\", '\\"', "[{", "}]", "a,b", "\n", "é"),
  fc.constant(null)
);
const textOf = (value: unknown): string | null => (value === null ? null : String(value));

describe("JSON rows", () => {
  it("a list of rows is read to the same rows wherever its bytes are cut", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({a: cell, b: cell}), {minLength: 1, maxLength: 6}),
        fc.integer({min: 1, max: 9}),
        fc.constantFrom(undefined, 2),
        async (rows, piece, indent) => {
          expect(await read(JSON.stringify(rows, null, indent), piece)).toEqual(
            rows.map(({a, b}) => [textOf(a), textOf(b)])
          );
        }
      ),
      {numRuns: 200}
    ));

  it("rows a line, arrays and objects, with a byte-order mark", async () => {
    expect(await read('\uFEFF{"a":1,"b":2}\n\n{"a":3,"b":4}\n')).toEqual([
      ["1", "2"],
      ["3", "4"]
    ]);
    expect(await read("[1,2]\r\n[3,4]")).toEqual([
      ["1", "2"],
      ["3", "4"]
    ]);
  });

  it("a list within a venue's reply, and one object by itself", async () => {
    expect(await read('{"result":{"list":[[1,2],[3,4]]}}')).toEqual([
      ["1", "2"],
      ["3", "4"]
    ]);
    expect(await read('{"ts":1,"rate":2}')).toEqual([["1", "2"]]);
  });

  it.each([
    ["numbers alone", "[1,2,3]", "no list of rows"],
    ["rows and numbers", '[{"a":1},5]', "no list of rows"],
    ["two lists after one another", '[{"a":1}]\n[{"a":2}]', "no list of rows"],
    ["a list cut short", '[{"a":1},{"a":', "ends within"],
    ["a row that is no JSON", "[{a:1}]", "no JSON"],
    ["a string without end", `[{"a":"${"x".repeat(3 << 20)}`, "a line without end"],
    ["a document without rows", '{"data":{"x":{"y":1}}}', "no list of rows"],
    ["a line that is cut", '{"a":1}\n{"a":', "no JSON"]
  ])("%s is refused", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it("no message quotes the file", async () => {
    await expect(read('{"key":"s3cret"}\n{"key":"s3cret')).rejects.not.toThrow(/s3cret/);
    await expect(read('[{"key":"s3cret}, s3cret]')).rejects.not.toThrow(/s3cret/);
  });
});
