import {join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Given} from "../../../loaders/ingest/import/index.js";
import {imported, tree} from "../../helpers/imports.js";
import {HOUR, NOW} from "../../helpers/store.js";

const T = Date.UTC(2025, 0, 1);
/** Rates as a market has them, eight digits each. */
const rateAt = (i: number): number => Number((0.0001 + 0.00008 * Math.sin(i * 1.7)).toFixed(8));
const rates = (n: number, hours = 8, rate: (i: number) => string = (i) => rateAt(i).toFixed(8)): string[] => [
  "ts,rate",
  ...Array.from({length: n}, (_, i) => `${T + i * hours * HOUR},${rate(i)}`)
];
const candles = (n: number): string[] => [
  "ts,open,high,low,close,volume",
  ...Array.from({length: n}, (_, i) => `${T + i * HOUR},100.5,101.5,99.5,100.${10 + i},5.25`)
];
const NAMES = {funding: "BTCUSDT-funding.csv", perp: "BTCUSDT-perp-1h.csv"};

/** Imports one text and returns what became of it. */
async function outcome(text: string, given: Partial<Given> = {}, name: string = NAMES.funding) {
  const {files, funding, candles: bars} = await imported(join(tree({[name]: text}), name), given);
  const [file] = files;
  return {file: file!, rows: funding.length + bars.length, funding, is: `${file!.state} ${file!.code ?? ""}`.trim()};
}

describe("a record of another shape is no row", () => {
  it.each([
    ["a cut last row", [...rates(9), `${T + 72 * HOUR}`].join("\n"), NAMES.funding],
    [
      "a cut last candle",
      candles(9)
        .join("\n")
        .replace(/,[^,]*,[^,]*$/, ""),
      NAMES.perp
    ],
    ["a row with a cell too many", [...rates(9), `${T + 72 * HOUR},0.0001,7`, ""].join("\n"), NAMES.funding],
    ["a comma that parts thousands", candles(9).join("\n").replace(",101.5,", ",1,015.5,"), NAMES.perp],
    ["a last rate that is cut", rates(9).join("\n").slice(0, -5), NAMES.funding],
    ["a last rate that is cut to nothing", rates(9).join("\n").slice(0, -10), NAMES.funding],
    ["a last volume that is cut", candles(9).join("\n").slice(0, -2), NAMES.perp],
    ["a line of totals", [...rates(9), "Total", ""].join("\n"), NAMES.funding]
  ])("%s refuses the file, or is counted", async (_, text, name) => {
    const refused = await outcome(text, {}, name);
    expect([refused.is, refused.rows]).toEqual(["failed bad-row", 0]);
    expect(refused.file.fix).toContain("--bad-rows skip");
    const skipped = await outcome(text, {badRows: "skip"}, name);
    expect([skipped.is, Object.values(skipped.file.skipped)]).toEqual(["stored", [1]]);
    expect([8, 9]).toContain(skipped.rows);
  });

  it("a text that ends without a line end is whole where its last cell is like the others", async () => {
    expect(await outcome(rates(9).join("\n"))).toMatchObject({is: "stored", rows: 9});
  });

  it("cells that are empty behind the last column are none", async () => {
    expect(
      await outcome(
        rates(9)
          .map((row) => `${row},,`)
          .join("\n")
      )
    ).toMatchObject({is: "stored", rows: 9});
    const [header, ...rows] = rates(9);
    expect(await outcome([header, ...rows.map((row) => `${row},`)].join("\n"))).toMatchObject({is: "stored", rows: 9});
  });

  it("where decimals stand behind a comma, a point parts thousands", async () => {
    const text = [
      "ts;open;high;low;close",
      ...Array.from({length: 9}, (_, i) => `${T + i * HOUR};1.100;1.200,5;900,5;1.000,5`)
    ];
    expect(await outcome(text.join("\n"), {}, NAMES.perp)).toMatchObject({is: "failed bad-row", rows: 0});
    const mixed = [
      "ts;open;high;low;close",
      ...Array.from({length: 9}, (_, i) => `${T + i * HOUR};94.000;95000,5;93000,5;94000,5`)
    ];
    expect(await outcome(mixed.join("\n"), {}, NAMES.perp)).toMatchObject({is: "failed bad-row", rows: 0});
  });
});

describe("a row that has a stamp and no value", () => {
  it.each(["", "NaN", "null", "None", "-"])("%j is bad where the file has this series alone", async (cell) => {
    const text = [...rates(9), `${T + 72 * HOUR},${cell}`, `${T + 80 * HOUR},0.00010000`, ""].join("\n");
    expect(await outcome(text)).toMatchObject({is: "failed bad-row", rows: 0});
    expect(await outcome(text, {badRows: "skip"})).toMatchObject({
      is: "stored",
      rows: 10,
      file: {skipped: {"missing rate": 1}}
    });
  });

  it("is none of a series that stands beside others", async () => {
    const text = [
      "ts,rate,basis",
      ...rates(9)
        .slice(1)
        .map((row) => `${row},3.5`),
      `${T + 75 * HOUR},,3.5`
    ].join("\n");
    expect(await outcome(text)).toMatchObject({is: "stored", rows: 9, file: {skipped: {blank: 1}}});
  });

  it("a file without any value is left out in words", async () => {
    const text = ["ts,rate", ...Array.from({length: 9}, (_, i) => `${T + i * 8 * HOUR},NaN`)].join("\n");
    expect((await outcome(text)).is).toBe("failed bad-row");
    const skipped = await outcome(text, {badRows: "skip"});
    expect([skipped.is, skipped.file.error]).toEqual(["refused rows", expect.stringContaining("9 missing rate")]);
  });

  it("rows that all lie in the future are said to", async () => {
    const text = [
      "ts,rate",
      ...Array.from({length: 9}, (_, i) => `${Date.UTC(2030, 0, 1) + i * 8 * HOUR},0.0001`)
    ].join("\n");
    const {is, file} = await outcome(text);
    expect([is, file.error]).toEqual(["refused rows", expect.stringMatching(/its 9 rows all lie in the future/)]);
    expect(NOW).toBeLessThan(Date.UTC(2030, 0, 1));
  });
});

it("a file that is asked about shows its first records, with a header or without", async () => {
  const bare = candles(9).slice(1);
  const {is, file} = await outcome(bare.join("\n"), {}, "BTCUSDT-1h.csv");
  expect([is, file.sample]).toEqual(["open series", bare.slice(0, 5).map((line) => line.split(","))]);
});

describe("two units in one file are asked about", () => {
  const percent = (i: number) => (rateAt(i) * 100).toFixed(6);
  it.each([
    ["a tail in percent", (i: number) => (i < 70 ? rateAt(i).toFixed(8) : percent(i))],
    ["a few rows in percent", (i: number) => (i % 20 === 7 ? percent(i) : rateAt(i).toFixed(8))],
    ["one usual rate in percent", (i: number) => (i === 50 ? "0.01" : "0.0001")],
    ["signs on some", (i: number) => (i % 3 === 0 ? `${percent(i)}%` : rateAt(i).toFixed(8))]
  ])("%s", async (_, rate) => {
    expect(await outcome(rates(90, 8, rate).join("\n") + "\n")).toMatchObject({is: "open rate-unit", rows: 0});
  });

  it("far down in the file, where no plan looks", async () => {
    const text = rates(6_000, 1, (i) => (i < 5_500 ? rateAt(i).toFixed(8) : percent(i)));
    expect(await outcome(text.join("\n") + "\n", {venue: "hyperliquid"})).toMatchObject({
      is: "open rate-unit",
      rows: 0
    });
  });

  it("a cell with a sign is percent whatever the others are", async () => {
    const text = rates(9, 8, (i) => (i === 3 ? "0.01%" : "0.00010000")).join("\n");
    const {funding} = await outcome(text, {rateUnit: "share"});
    expect(new Set(funding.map(({rate}) => rate))).toEqual(new Set(["0.0001"]));
    const late = rates(6_000, 1, (i) => (i === 5_900 ? "0.00012" : `${(rateAt(i) * 100).toFixed(6)}%`));
    expect(await outcome(late.join("\n") + "\n")).toMatchObject({is: "failed bad-row", rows: 0});
  });

  it("one rate of a crash stands by itself", async () => {
    const crash = (i: number) => (i === 60 ? "-0.00808203" : rateAt(i).toFixed(8));
    expect(await outcome(rates(90, 8, crash).join("\n") + "\n")).toMatchObject({is: "stored", rows: 90});
  });

  it("a wild market passes through the middle", async () => {
    const wild = (i: number) => (rateAt(i) * (i > 60 && i < 75 ? 2 ** (7 - Math.abs(68 - i)) : 1)).toFixed(8);
    expect(await outcome(rates(90, 8, wild).join("\n") + "\n")).toMatchObject({is: "stored", rows: 90});
  });
});

describe("the unit is judged by the rate over its interval", () => {
  const hourly = (scale: number) => rates(200, 1, (i) => ((rateAt(i) / 8) * scale).toFixed(8)).join("\n") + "\n";
  it("hourly rates in percent are asked about", async () => {
    expect(await outcome(hourly(100), {venue: "hyperliquid"})).toMatchObject({is: "open rate-unit", rows: 0});
    const told = await outcome(hourly(100), {venue: "hyperliquid", rateUnit: "percent"});
    expect([told.is, told.rows]).toEqual(["stored", 200]);
  });
  it("hourly shares are taken", async () => {
    expect(await outcome(hourly(1), {venue: "hyperliquid"})).toMatchObject({is: "stored", rows: 200});
  });
});
