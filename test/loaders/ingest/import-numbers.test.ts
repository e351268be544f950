import {describe, expect, it} from "vitest";
import {imported, tree, type Imported} from "../../helpers/imports.js";
import {HOUR, T0} from "../../helpers/store.js";

const codes = ({files}: Imported) => files.map(({state, code}) => `${state} ${code}`);
const perp = {pair: "BTC/USDT", series: "perp"};
const funding = {pair: "BTC/USDT", series: "funding"};
const one = (lines: readonly string[], given: object, name = "a.csv") =>
  imported(tree({[name]: lines.join("\n") + "\n"}), given);
/** A bar an hour with these four prices and a volume, as the file writes them. */
const bars = (cells: readonly string[], delimiter: string, n = 6) => [
  ["ts", "open", "high", "low", "close", "volume"].join(delimiter),
  ...Array.from({length: n}, (_, i) => [T0 + i * HOUR, ...cells].join(delimiter))
];
const quoted = (cells: readonly string[]) => cells.map((cell) => `"${cell}"`);
const THOUSANDS = ["42.100", "42.300", "42.000", "42.200", "9"];

describe("decimals and thousands", () => {
  it.each([";", "\t", "|"])(
    "`42.100` in a file with `%s` may be 42.1 or 42100: asked, and read as answered",
    async (delimiter) => {
      expect(codes(await one(bars(THOUSANDS, delimiter), perp))).toEqual(["open decimal"]);
      const comma = await one(bars(THOUSANDS, delimiter), {...perp, decimal: "comma"});
      expect(comma.candles[0]).toMatchObject({open: "42100", close: "42200", volume: "9"});
      const point = await one(bars(THOUSANDS, delimiter), {...perp, decimal: "point"});
      expect(point.candles[0]).toMatchObject({open: "42.1", close: "42.2", volume: "9"});
    }
  );
  it("`42,100` may be 42.1 or 42100: asked, and read as answered", async () => {
    const cells = THOUSANDS.map((cell) => cell.replace(".", ","));
    for (const lines of [bars(cells, ";"), bars(quoted(cells), ",")]) {
      expect(codes(await one(lines, perp))).toEqual(["open decimal"]);
      expect((await one(lines, {...perp, decimal: "comma"})).candles[0]).toMatchObject({open: "42.1", close: "42.2"});
      expect((await one(lines, {...perp, decimal: "point"})).candles[0]).toMatchObject({open: "42100", close: "42200"});
    }
  });
  it.each([
    [
      "points and a comma",
      bars(["42.100,5", "42.300,25", "42.000,0", "42.200,75", "1.000,5"], ";"),
      "42100.5",
      "1000.5"
    ],
    [
      "commas and a point",
      bars(quoted(["42,100.5", "42,300.25", "42,000.0", "42,200.75", "1,000.5"]), ","),
      "42100.5",
      "1000.5"
    ],
    [
      "blanks and a comma",
      bars(["42 100,5", "42 300,25", "42\u00a0000,0", "42\u202f200,75", "1 000,5"], ";"),
      "42100.5",
      "1000.5"
    ],
    [
      "apostrophes and a point",
      bars(["42'100.5", "42'300.25", "42'000.0", "42'200.75", "1'000.5"], ","),
      "42100.5",
      "1000.5"
    ],
    ["millions", bars(["1.042.100", "1.042.300", "1.042.000", "1.042.200", "9,5"], ";"), "1042100", "9.5"],
    [
      "three digits behind the point of a plain file",
      bars(["42.100", "42.300", "42.000", "42.200", "1.500"], ","),
      "42.1",
      "1.5"
    ]
  ])("%s", async (_, lines, open, volume) => {
    const found = await one(lines, perp);
    expect(codes(found)).toEqual(["stored null"]);
    expect(found.candles[0]).toMatchObject({open, volume});
  });
  it("one certain number tells of the others, wherever it stands among the first rows", async () => {
    const lines = bars(THOUSANDS, ";", 80);
    lines[75] = [T0 + 74 * HOUR, "42.15", "42.3", "42", "42.2", "9"].join(";");
    expect((await one(lines, perp)).candles[0]).toMatchObject({open: "42.1"});
    lines[75] = [T0 + 74 * HOUR, "42,15", "42,3", "42", "42,2", "9"].join(";");
    const found = await one(lines, perp);
    expect(codes(found)).toEqual(["refused columns"]);
    expect(found.files[0]!.error).toContain("most of its rows are bad, the first at line 2: ");
    expect(found.files[0]!.fix).toContain("--decimal");
    expect(found.files[0]!.error).toContain("42.100");
  });
  it("a file that has both is refused, by name of two cells", async () => {
    const lines = bars(["42.5", "42.7", "42.1", "42,2", "9"], ";");
    const found = await one(lines, perp);
    expect(codes(found)).toEqual(["refused decimal"]);
    expect(found.files[0]!.error).toMatch(/42\.5.*42,2/);
  });
  it("an answer that the numbers contradict ends at the first of them", async () => {
    const found = await one(bars(["42.15", "42.3", "42.1", "42.2", "9"], ";"), {...perp, decimal: "comma"});
    expect(codes(found)).toEqual(["failed bad-row"]);
  });
  it("rates with a comma are read in any delimiter", async () => {
    const rates = Array.from({length: 9}, (_, i) => `${T0 + i * 8 * HOUR};0,000${i + 1}`);
    const found = await one(["ts;rate", ...rates], funding);
    expect(found.funding[0]!.rate).toBe("0.0001");
  });
});

const settlements = (cells: (i: number) => string, names: string, n = 12) => [
  `ts,rate,${names}`,
  ...Array.from({length: n}, (_, i) => `${T0 + i * 8 * HOUR},0.000${101 + i},${cells(i)}`)
];

describe("rows that say they are no settlements", () => {
  it.each([
    ["settled", "true", "false"],
    ["is_settled", "1", "0"],
    ["confirmed", "1", "0"],
    ["finalized", "yes", "no"],
    ["is_final", "True", "False"],
    ["realized", "Y", "N"],
    ["paid", "t", "f"],
    ["is_predicted", "false", "true"],
    ["predicted", "0", "1"],
    ["is_forecast", "no", "yes"],
    ["unsettled", "false", "true"],
    ["is_current", "false", "true"],
    ["provisional", "0", "1"],
    ["funding_settled", "true", "false"],
    ["settlement_status", "done", "pending"]
  ])("%s: %s is one, %s is none", async (name, yes, no) => {
    const found = await one(
      settlements((i) => (i >= 10 ? no : yes), name),
      funding
    );
    expect(codes(found)).toEqual(["stored null"]);
    expect(found.funding).toHaveLength(10);
    const {skipped, inProgress} = found.files[0]!;
    expect(Object.values(skipped).reduce((a, b) => a + b, 0) + inProgress).toBe(2);
  });
  it("a flag of another name that is not the same in every row is asked about", async () => {
    const lines = settlements((i) => String(i < 10), "interpolated_by_us");
    expect(codes(await one(lines, funding))).toEqual(["open forecast"]);
    const answered = await one(lines, {...funding, mapping: {rate: "rate"}});
    expect(answered.funding).toHaveLength(12);
  });
  it.each(["true", "0"])("a flag of another name that is %s in every row says nothing", async (cell) => {
    expect(
      (
        await one(
          settlements(() => cell, "is_linear"),
          funding
        )
      ).funding
    ).toHaveLength(12);
  });
  it("a flag that says of every row that it is none leaves nothing", async () => {
    const found = await one(
      settlements(() => "false", "settled"),
      funding
    );
    expect(codes(found)).toEqual(["refused forecast"]);
  });
  it("a column of rates by such a name is none", async () => {
    const found = await one(
      settlements((i) => `0.000${200 + i}`, "predicted"),
      funding
    );
    expect(found.funding).toHaveLength(12);
  });
});

describe("columns that name different markets", () => {
  const named = (names: string, cells: string) => settlements(() => cells, names);
  it.each([
    ["symbol,pair", "BTCUSDT,ETH/USDT"],
    ["symbol,base", "BTCUSDT,ETH"],
    ["symbol,instrument", "BTCUSDT,BTC-USDC-SWAP"],
    ["pair,asset", "BTC/USDT,ETH"],
    ["coin,symbol", "ETH,BTCUSDT"]
  ])("%s: %s is refused, naming both", async (names, cells) => {
    for (const given of [{series: "funding"}, funding]) {
      const found = await one(named(names, cells), given);
      expect(codes(found)).toEqual(["refused pair"]);
      for (const word of [...names.split(","), ...cells.split(",")]) expect(found.files[0]!.error).toContain(word);
    }
  });
  it.each([
    ["symbol,pair", "BTCUSDT,BTC/USDT:USDT"],
    ["symbol,base,quote", "BTCUSDT,BTC,USDT"],
    ["symbol,asset", "BTCUSDT,USDT"],
    ["symbol,feeCurrency", "BTCUSDT,BNB"],
    ["symbol,underlying", "BTCUSDT,BTC"],
    ["symbol,market", "BTCUSDT,linear"]
  ])("%s: %s agree", async (names, cells) => {
    const found = await one(named(names, cells), {series: "funding"});
    expect(codes(found)).toEqual(["stored null"]);
    expect(found.funding[0]!.pair).toBe("BTC/USDT");
  });
  it("a contradiction beyond the rows that a plan looks at is a bad row", async () => {
    const lines = Array.from(
      {length: 5_050},
      (_, i) => `${T0 - i * HOUR},1,2,0.5,1.5,BTCUSDT,${i < 5_040 ? "BTC/USDT" : "ETH/USDT"}`
    );
    const found = await one(["ts,open,high,low,close,symbol,pair", ...lines], {series: "perp"});
    expect(codes(found)).toEqual(["failed bad-row"]);
    expect(found.files[0]!.error).toContain("ETH/USDT");
  });
});

describe("borrow rates of several terms", () => {
  const hours = (cell: (i: number) => string, name: string, n = 8) => [
    `timestamp,asset,hourlyInterestRate,${name}`,
    ...Array.from({length: n}, (_, i) => `${T0 + i * HOUR},BTC,0.00000${11 + i},${cell(i)}`)
  ];
  it.each(["vipLevel", "vip_level", "level", "tier", "term", "Loan Term", "duration", "user_level", "days"])(
    "%s",
    async (name) => {
      const mixed = await one(
        hours((i) => String(i % 3), name),
        {pair: "BTC/USDT", series: "borrow"}
      );
      expect(codes(mixed)).toEqual(["refused columns"]);
      expect(mixed.files[0]!.error).toContain(name);
      const same = await one(
        hours(() => "0", name),
        {pair: "BTC/USDT", series: "borrow"}
      );
      expect(codes(same)).toEqual(["stored null"]);
    }
  );
  it("another level beyond the rows that a plan looks at is a bad row", async () => {
    const lines = hours((i) => (i < 5_040 ? "0" : "1"), "vipLevel", 5_050);
    expect(codes(await one(lines, {pair: "BTC/USDT", series: "borrow"}))).toEqual(["failed bad-row"]);
  });
});
