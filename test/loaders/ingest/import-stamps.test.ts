import {describe, expect, it} from "vitest";
import {readStamp} from "../../../loaders/ingest/import/stamp.js";
import {imported, tree, type Imported} from "../../helpers/imports.js";
import {HOUR, T0} from "../../helpers/store.js";

const DAY = 24 * HOUR;
const START = Date.UTC(2024, 0, 27);
/** Settlements over the end of a month, so that day and month cannot be exchanged. */
const SETTLED = Array.from({length: 18}, (_, i) => START + i * 8 * HOUR);
const rateAt = (i: number) => `0.000${101 + 2 * i}`;
const funding = {pair: "BTC/USDT", series: "funding", tz: "UTC"};

const two = (n: number) => String(n).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** The face of a clock in UTC. */
const face = (ts: number) => {
  const date = new Date(ts);
  const h = date.getUTCHours();
  return {
    y: date.getUTCFullYear(),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    name: MONTHS[date.getUTCMonth()]!,
    h: two(h),
    h12: two(h % 12 === 0 ? 12 : h % 12),
    half: h < 12 ? "AM" : "PM"
  };
};
type Face = ReturnType<typeof face>;
const written = (stamp: (at: Face, ts: number) => string, title = "time", stamps = SETTLED) =>
  [`${title}\trate`, ...stamps.map((ts, i) => `${stamp(face(ts), ts)}\t${rateAt(i)}`)].join("\n") + "\n";
const boundaries = ({funding: rows}: Imported) => rows.map(({boundary}) => boundary);
const codes = ({files}: Imported) => files.map(({state, code}) => `${state} ${code}`);
const one = (content: string, given: object = funding, name = "a.csv") => imported(tree({[name]: content}), given);

describe("stamps as people's programs write them are read to the same instants", () => {
  const IDIOMS: readonly (readonly [string, (at: Face, ts: number) => string])[] = [
    ["month first with a half of the day", (f) => `${f.m}/${f.d}/${f.y} ${f.h12}:00 ${f.half}`],
    ["month first with seconds and a half of the day", (f) => `${f.m}/${f.d}/${f.y} ${f.h12}:00:00 ${f.half}`],
    ["day first with a half of the day", (f) => `${f.d}/${f.m}/${f.y} ${f.h12}:00 ${f.half.toLowerCase()}`],
    ["day first with points", (f) => `${f.d}.${f.m}.${f.y} ${f.h}:00`],
    ["day first with a comma before the time", (f) => `${f.d}.${f.m}.${f.y}, ${f.h}:00:00`],
    ["digits alone", (f) => `${f.y}${f.m}${f.d}${f.h}0000`],
    ["digits alone without seconds", (f) => `${f.y}${f.m}${f.d}${f.h}00`],
    ["digits alone with milliseconds", (f) => `${f.y}${f.m}${f.d}${f.h}0000000`],
    ["a date of digits and a time", (f) => `${f.y}${f.m}${f.d} ${f.h}:00`],
    ["a date and a time of digits", (f) => `${f.y}${f.m}${f.d} ${f.h}0000`],
    ["ISO's basic form", (f) => `${f.y}${f.m}${f.d}T${f.h}0000Z`],
    ["points between year, month and day", (f) => `${f.y}.${f.m}.${f.d} ${f.h}:00`],
    ["the month's name first", (f) => `${f.name} ${Number(f.d)}, ${f.y}, ${f.h}:00`],
    ["the month's name in the middle", (f) => `${f.d}-${f.name}-${f.y} ${f.h}:00:00`],
    ["the month's name and half of the day", (f) => `${f.name} ${Number(f.d)}, ${f.y} ${f.h12}:00 ${f.half}`],
    ["the hour and half of the day", (f) => `${f.y}-${f.m}-${f.d} ${f.h12}-${f.half}`],
    ["an offset without a colon", (_, ts) => `${new Date(ts + 5.5 * HOUR).toISOString().slice(0, 19)}+0530`],
    ["an offset behind a blank", (_, ts) => `${new Date(ts + 5.5 * HOUR).toISOString().slice(0, 19)} +0530`],
    ["UTC behind the time", (f) => `${f.y}-${f.m}-${f.d} ${f.h}:00 UTC`],
    ["GMT behind the time", (f) => `${f.d} ${f.name} ${f.y} ${f.h}:00:00 GMT`],
    [
      "UTC+8 behind the time",
      (_, ts) => `${new Date(ts + 8 * HOUR).toISOString().slice(0, 16).replace("T", " ")} UTC+8`
    ],
    ["as JavaScript prints a date", (_, ts) => new Date(ts).toString()],
    ["as the web prints a date", (_, ts) => new Date(ts).toUTCString()]
  ];
  it.each(IDIOMS)("%s", async (_, stamp) => {
    const found = await one(written(stamp));
    expect(codes(found)).toEqual(["stored null"]);
    expect(boundaries(found)).toEqual(SETTLED);
    expect(found.funding.map(({rate}) => rate)).toEqual(SETTLED.map((_, i) => rateAt(i)));
  });

  it.each(IDIOMS.filter(([, stamp]) => !/(Z|UTC.*|GMT.*|[+-]\d{4})$/.test(stamp(face(T0), T0))))(
    "%s: without a zone it is asked about",
    async (_, stamp) => {
      expect(codes(await one(written(stamp), {...funding, tz: undefined}))).toEqual(["open tz"]);
      const berlin = await one(
        written((_, ts) => stamp(face(ts + HOUR), ts)),
        {...funding, tz: "Europe/Berlin"}
      );
      expect(boundaries(berlin)).toEqual(SETTLED);
    }
  );

  it.each([
    "13/13/2024 08:00",
    "01/05/24 08:00",
    "2024-01-05 13:00 PM",
    "2024-01-05 00:30 AM",
    "2024-02-30 08:00",
    "20240230080000",
    "20241301 08:00",
    "Foo 5, 2024 08:00",
    "2024-01-05 08:00 EST",
    "2024-01-05 08:00+15:00",
    "2024-01-05 08",
    "2024-01-05-08",
    "08:00",
    "45292.33",
    "20240105 0860"
  ])("%s is no stamp", (text) => {
    expect(() => readStamp(text)).toThrow("invalid ts");
  });

  it("a file whose stamps are in no known form says so and shows one, and how to go on", async () => {
    const found = await one(written((f) => `${f.m}/${f.d}/${f.y % 100} ${f.h}:00`));
    expect(codes(found)).toEqual(["refused stamps"]);
    expect(found.files[0]!.error).toContain("01/27/24 00:00");
    expect(found.files[0]!.fix).toContain("--columns");
  });
});

describe("day and month", () => {
  const early = Array.from({length: 12 * 3}, (_, i) => Date.UTC(2024, 0, 1) + i * 8 * HOUR);
  it.each([
    ["month first", (f: Face) => `${f.m}/${f.d}/${f.y} ${f.h}:00`],
    ["day first", (f: Face) => `${f.d}/${f.m}/${f.y} ${f.h}:00`]
  ])("%s: told by days that follow each other where no day is beyond the twelfth", async (_, stamp) => {
    const found = await one(written(stamp, "time", early));
    expect(codes(found)).toEqual(["stored null"]);
    expect(boundaries(found)).toEqual(early);
  });
  it("whatever the order of the rows", async () => {
    const stamps = [...early].reverse();
    const found = await one(written((f) => `${f.m}/${f.d}/${f.y} ${f.h}:00`, "time", stamps));
    expect(boundaries(found)).toEqual(early);
  });
  it.each([
    ["a day alone", early.slice(3, 6)],
    ["days that lie apart", [0, 2, 4].flatMap((d) => early.slice(d * 3, d * 3 + 3))],
    ["days of a diagonal", [Date.UTC(2024, 0, 1), Date.UTC(2024, 1, 2), Date.UTC(2024, 2, 3), Date.UTC(2024, 3, 4)]]
  ])("%s: asked", async (_, stamps) => {
    const text = written((f) => `${f.m}/${f.d}/${f.y} ${f.h}:00`, "time", stamps);
    expect(codes(await one(text))).toEqual(["open date-order"]);
  });
  it("a series of a person's own may be monthly: asked", async () => {
    const days = Array.from({length: 12}, (_, i) => Date.UTC(2024, 0, 1 + i));
    const text = written((f) => `${f.m}/${f.d}/${f.y}`, "time", days).replace("rate", "value");
    const given = {pair: "BTC/USDT", series: "own:x", tz: "UTC", knownLag: "0"};
    expect(codes(await one(text, given))).toEqual(["open date-order"]);
  });
  it("the order is in the report", async () => {
    const {files} = await one(written((f) => `${f.m}/${f.d}/${f.y} ${f.h}:00`));
    expect(files[0]!.taken).toMatchObject({dateOrder: "mdy"});
  });
});

describe("a day and a time of the day in columns of their own", () => {
  const bars = Array.from({length: 30}, (_, i) => START + i * HOUR);
  const perp = {pair: "BTC/USDT", series: "perp", tz: "UTC"};
  const rows = (day: (f: Face) => string, time: (f: Face) => string, delimiter = ",") =>
    bars.map((ts) => [day(face(ts)), time(face(ts)), "1.5", "3.25", "0.5", "2.75", "10"].join(delimiter));
  const names = (dayName: string, timeName: string) => `${dayName},${timeName},open,high,low,close,volume`;
  it.each([
    ["Date,Time", names("Date", "Time"), (f: Face) => `${f.y}-${f.m}-${f.d}`, (f: Face) => `${f.h}:00`],
    ["time before date", names("time", "date"), (f: Face) => `${f.h}:00:00`, (f: Face) => `${f.y}-${f.m}-${f.d}`],
    ["digits", names("DATE", "TIME"), (f: Face) => `${f.y}${f.m}${f.d}`, (f: Face) => `${f.h}0000`],
    [
      "halves of the day",
      names("Date", "Time"),
      (f: Face) => `${f.d}/${f.m}/${f.y}`,
      (f: Face) => `${f.h12}:00 ${f.half}`
    ],
    ["German", names("Datum", "Uhrzeit"), (f: Face) => `${f.d}.${f.m}.${f.y}`, (f: Face) => `${f.h}:00`]
  ])("%s", async (_, header, day, time) => {
    const found = await one([header, ...rows(day, time)].join("\n") + "\n", perp);
    expect(codes(found)).toEqual(["stored null"]);
    expect(found.candles.map(({ts}) => ts)).toEqual(bars);
    expect(found.candles[0]).toMatchObject({open: "1.5", close: "2.75", volume: "10", timeframe: "1h"});
  });
  it("MetaTrader's export, asked about its zone", async () => {
    const header = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>";
    const lines = rows(
      (f) => `${f.y}.${f.m}.${f.d}`,
      (f) => `${f.h}:00:00`,
      "\t"
    ).map((line) => `${line}\t7\t1`);
    const text = [header, ...lines].join("\n") + "\n";
    expect(codes(await one(text, {...perp, tz: undefined}))).toEqual(["open tz"]);
    const found = await one(text, perp);
    expect(found.candles.map(({ts}) => ts)).toEqual(bars);
    expect(found.candles[0]).toMatchObject({open: "1.5", close: "2.75", volume: "7"});
  });
  it("without a header", async () => {
    const lines = rows(
      (f) => `${f.y}.${f.m}.${f.d}`,
      (f) => `${f.h}:00`
    );
    const found = await one(lines.join("\n") + "\n", perp);
    expect(found.candles.map(({ts}) => ts)).toEqual(bars);
    expect(found.candles[0]).toMatchObject({open: "1.5", close: "2.75", volume: "10"});
  });
  it("columns of any name, named by `ts=DAY+TIME`", async () => {
    const text = [
      "tag,stunde,open,high,low,close,volume",
      ...rows(
        (f) => `${f.y}-${f.m}-${f.d}`,
        (f) => `${f.h}:00`
      )
    ];
    const found = await one(text.join("\n") + "\n", {...perp, mapping: {ts: "tag+stunde"}});
    expect(found.candles.map(({ts}) => ts)).toEqual(bars);
  });
  it("a row without its time of the day is bad, not midnight", async () => {
    const lines = rows(
      (f) => `${f.y}-${f.m}-${f.d}`,
      (f) => `${f.h}:00`
    ).map((line, i) => (i === 7 ? line.replace("07:00", "") : line));
    const found = await one([names("Date", "Time"), ...lines].join("\n") + "\n", perp);
    expect(codes(found)).toEqual(["failed bad-row"]);
  });
  it("a row a day keeps its day beside the time of something else", async () => {
    const days = Array.from({length: 8}, (_, i) => START + i * DAY);
    const lines = days.map((ts) => `${new Date(ts).toISOString().slice(0, 10)},1.5,3.25,0.5,2.75,10,21:17:03`);
    const found = await one(["Date,open,high,low,close,volume,last trade", ...lines].join("\n") + "\n", perp);
    expect(found.candles.map(({ts}) => ts)).toEqual(days);
  });
  it("days that several rows share, without a time, are refused and not merged", async () => {
    const found = await one(written((f) => `${f.y}-${f.m}-${f.d}`).replace(/0\.0000\d\d/g, "0.0001"));
    expect(codes(found)).toEqual(["refused stamps"]);
  });
});

describe("days as spreadsheets count them", () => {
  const serial = (ts: number) => ts / DAY + 25_569;
  it.each([
    ["to the last digit", (ts: number) => String(serial(ts))],
    ["to the fourth digit", (ts: number) => serial(ts).toFixed(4)],
    ["to the eighth digit", (ts: number) => serial(ts).toFixed(8)]
  ])("%s", async (_, stamp) => {
    const text = written((_, ts) => stamp(ts));
    expect(codes(await one(text, {...funding, tz: undefined}))).toEqual(["open tz"]);
    const found = await one(text);
    expect(boundaries(found)).toEqual(SETTLED);
    expect(found.files[0]!.taken).toMatchObject({daysSince: 1900});
  });
  it("digits that name no minute are refused", async () => {
    const found = await one(written((_, ts) => serial(ts).toFixed(2)));
    expect(found.files[0]!.state).not.toBe("stored");
  });
  it("whole days", async () => {
    const days = Array.from({length: 8}, (_, i) => START + i * DAY);
    const text = ["date,open,high,low,close,volume", ...days.map((ts) => `${serial(ts)},1.5,3,0.5,2.5,9`)].join("\n");
    const found = await one(`${text}\n`, {pair: "BTC/USDT", series: "spot", tz: "UTC"});
    expect(found.candles.map(({ts}) => ts)).toEqual(days);
  });
  it("a count of rows under `index` is none", async () => {
    const text = [
      "index,open,high,low,close,volume",
      ...[1, 2, 3, 4, 5].map((i) => `${45_000 + i},1,2,0.5,1.5,9`)
    ].join("\n");
    const found = await one(`${text}\n`, {pair: "BTC/USDT", series: "spot", tz: "UTC"});
    expect(found.files[0]!.state).not.toBe("stored");
  });
});

describe("headers in other languages", () => {
  const bars = Array.from({length: 12}, (_, i) => START + i * HOUR);
  it.each([
    ["German", "Datum,Eröffnung,Hoch,Tief,Schluss,Volumen"],
    ["German", "Zeit,Eröffnungskurs,Höchstkurs,Tiefstkurs,Schlusskurs,Volumen"],
    ["Spanish", "Fecha,Apertura,Máximo,Mínimo,Cierre,Volumen"],
    ["French", "Date,Ouverture,Plus haut,Plus bas,Clôture,Volume"],
    ["Chinese", "时间,开盘价,最高价,最低价,收盘价,成交量"]
  ])("%s: %s", async (_, header) => {
    const text = [header, ...bars.map((ts) => `${ts},1.5,3.25,0.5,2.75,10`)].join("\n") + "\n";
    const found = await one(text, {pair: "BTC/USDT", series: "perp"});
    expect(codes(found)).toEqual(["stored null"]);
    expect(found.candles[0]).toMatchObject({open: "1.5", close: "2.75", volume: "10"});
  });
  it("an unknown one is refused with its words and the flag that maps columns", async () => {
    const text = ["kl,otw,maks,min,zamk", ...bars.map((ts) => `${ts},1.5,3.25,0.5,2.75`)].join("\n") + "\n";
    const {files} = await one(text, {pair: "BTC/USDT", series: "perp"});
    expect(files[0]).toMatchObject({state: "refused", code: "columns"});
    expect(files[0]!.error).toContain("kl, otw, maks, min, zamk");
    expect(files[0]!.fix).toContain("--columns");
  });
});

describe("funding as venues' web pages export it", () => {
  const binance = [
    '"Time","Contracts","Funding Interval","Funding Rate"',
    ...SETTLED.map(
      (ts, i) =>
        `"${new Date(ts).toISOString().slice(0, 19).replace("T", " ")}","BTCUSDT Perpetual","8h","0.00${11 + i}00%"`
    )
  ];
  it("Binance: `Funding Rate History_BTCUSDT Perpetual_2024-02-05.csv`", async () => {
    const name = "Funding Rate History_BTCUSDT Perpetual_2024-02-05.csv";
    const text = "\uFEFF" + binance.join("\n") + "\n";
    expect(codes(await one(text, {}, name))).toEqual(["open tz"]);
    const found = await one(text, {tz: "UTC"}, name);
    expect(found.files[0]).toMatchObject({history: "binance BTC/USDT funding", state: "stored"});
    expect(boundaries(found)).toEqual(SETTLED);
    expect(found.funding[0]).toMatchObject({rate: "0.000011", hours: 8});
  });
  it("whose contracts are others than its name says, or several: left out or asked about", async () => {
    const name = "Funding Rate History_BTCUSDT Perpetual_2024-02-05.csv";
    const other = binance.join("\n").replaceAll("BTCUSDT", "ETHUSDT");
    expect(codes(await one(`${other}\n`, {tz: "UTC"}, name))).toEqual(["refused other-pair"]);
    const both = [...binance, ...other.split("\n").slice(1)].join("\n");
    expect(codes(await one(`${both}\n`, {tz: "UTC"}, name))).toEqual(["open several-pairs"]);
  });
  it("Bybit: `Funding Rate History_BTCUSDT_2024-02-05.csv`", async () => {
    const text = [
      "Time(UTC),Symbol,Funding Rate",
      ...SETTLED.map((ts, i) => `${new Date(ts).toISOString().slice(0, 16).replace("T", " ")},BTCUSDT,0.00${11 + i}%`)
    ];
    const found = await one(text.join("\n") + "\n", {venue: "bybit"}, "Funding Rate History_BTCUSDT_2024-02-05.csv");
    expect(found.files[0]).toMatchObject({history: "bybit BTC/USDT funding", state: "stored"});
    expect(boundaries(found)).toEqual(SETTLED);
  });
  it("of a contract margined in its coin: left out", async () => {
    const text = binance.join("\n").replaceAll("BTCUSDT", "BTCUSD");
    const found = await one(`${text}\n`, {tz: "UTC"}, "Funding Rate History_BTCUSD Perpetual_2024-02-05.csv");
    expect(found.files[0]!.state).not.toBe("stored");
  });
});
