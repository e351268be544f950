// @vitest-environment jsdom
import {afterEach, describe, expect, it} from "vitest";
import {ImportTable} from "../../../src/components/ingest/importTable.js";
import {DropForm} from "../../../src/components/ingest/dropForm.js";
import {sortDropped} from "../../../src/components/ingest/droppedFiles.js";
import {
  answersOf,
  importCommands,
  importLabel,
  questionsOf,
  rangeWords,
  readingWords,
  summaryOf,
  troubleWords
} from "../../../src/components/ingest/importModel.js";
import {StartWays} from "../../../src/components/ingest/startPage.js";
import {madeClient} from "../../helpers/fake/client.js";
import {EngineError, type EngineState} from "../../../src/components/engine/engineClient.js";
import {emptyReport} from "../../../loaders/ingest/import/report.js";
import type {FileReport, ImportRequest} from "../../../src/lib/wire/imports.js";

const report = (file: string, change: Partial<FileReport> = {}): FileReport => ({...emptyReport(file), ...change});
const ready = (file: string, change: Partial<FileReport> = {}): FileReport =>
  report(file, {
    state: "planned",
    history: "binance BTC/USDT funding",
    taken: {
      venue: "binance",
      pair: "BTC/USDT",
      series: "funding",
      timeframe: null,
      source: "binance",
      zone: null,
      zoneFrom: "stamps",
      rateUnit: "share",
      carriedHours: null
    },
    columns: {ts: "calc_time", rate: "last_funding_rate"},
    rows: 90,
    new: 90,
    from: Date.UTC(2026, 0, 1),
    to: Date.UTC(2026, 0, 31),
    sample: [["1767225600000", "8", "0.0001"]],
    ...change
  });
const asks = (file: string, code: string, reason: string): FileReport =>
  report(file, {state: "open", code, error: `${file}: ${reason}`, fix: "pass --x"});

describe("the first rows of a file", () => {
  const heads = (header: string[] | null) => {
    const {element, show} = ImportTable();
    show([ready("a.csv", {header})]);
    return [...element.querySelectorAll(".drop-sample th")].map(({textContent}) => textContent);
  };

  it("stand under the names that the file has for its columns, and under numbers where it has none", () => {
    expect(heads(["calc_time", " ", "last_funding_rate"])).toEqual(["calc_time", "2", "last_funding_rate"]);
    expect(heads(null)).toEqual(["1", "2", "3"]);
  });
});

describe("questions about files", () => {
  it("are asked once for all files where one answer fits, else for each, and stay once answered", () => {
    const names = ["a.csv", "b.csv", "c.zip"];
    const reports = [
      asks("a.csv", "tz", "its stamps name no zone"),
      asks("b.csv", "tz", "its stamps name no zone"),
      asks("c.zip/one.csv", "pair", "nothing in it tells its pair"),
      report("d.csv", {state: "refused", code: "contract", error: "d.csv: no"})
    ];
    const first = questionsOf(reports, names);
    expect(first.map(({id, names: about}) => [id, about])).toEqual([
      ["tz", ["a.csv", "b.csv"]],
      ["pair c.zip", ["c.zip"]]
    ]);
    expect(first[0]!.message).toBe("its stamps name no zone");
    const later = questionsOf([ready("a.csv"), asks("b.csv", "local-clock", "misses the hours")], names, first);
    expect(later.map(({id}) => id)).toEqual(["tz", "pair c.zip"]);
    const values = new Map([
      ["tz", "UTC"],
      ["pair c.zip", " BTC/USDT "]
    ]);
    expect(answersOf(later, values)).toEqual({
      "a.csv": {tz: "UTC"},
      "b.csv": {tz: "UTC"},
      "c.zip": {pair: "BTC/USDT"}
    });
    const hours = questionsOf([asks("a.csv", "carried-rates", "?")], names);
    expect(answersOf(hours, new Map([["intervalHours", "8"]]))).toEqual({"a.csv": {intervalHours: 8}});
    expect(answersOf(hours, new Map([["intervalHours", ""]]))).toEqual({});
  });

  it("become the flags of the command: one for all, or one for each set of answers", () => {
    const options = {venue: "okx", badRows: "refuse" as const, replace: false};
    expect(importCommands(["dump/a.csv", "dump/b/c.csv", "d e.csv"], options, {})).toEqual([
      "npx carrybook import dump 'd e.csv' --venue okx"
    ]);
    expect(
      importCommands(
        ["dump/a.csv", "dump/b.csv"],
        {...options, badRows: "skip", replace: true},
        {
          "dump/b.csv": {tz: "Europe/Berlin", rateUnit: "bps", intervalHours: 8, dateOrder: "dmy"}
        }
      )
    ).toEqual([
      "npx carrybook import dump/a.csv --venue okx --bad-rows skip --replace",
      "npx carrybook import dump/b.csv --venue okx --tz Europe/Berlin --rate-unit bps --interval-hours 8 --date-order dmy --bad-rows skip --replace"
    ]);
  });
});

describe("a plan in words", () => {
  it("counts what is imported, asked and left out", () => {
    const reports = [ready("a"), ready("b"), asks("c", "tz", "?"), report("d", {state: "failed", code: "bad-row"})];
    expect(importLabel(reports)).toBe("Import 2 of 4 files");
    expect(importLabel([ready("a")])).toBe("Import 1 file");
    expect(importLabel([asks("c", "tz", "?")])).toBe("Nothing to import yet");
    expect(summaryOf(reports)).toBe(
      "2 files can be imported with 180 new rows; 1 file needs an answer; 1 file is left out."
    );
    expect(summaryOf([ready("a", {state: "stored", changed: 7})])).toBe("1 file imported, 7 rows written.");
    expect(summaryOf([])).toBe("There is no data file in it.");
  });

  it("names columns, zone, unit, first conflict and last day", () => {
    const conflict = {ts: Date.UTC(2026, 0, 2), field: "rate", stored: "0.0001", file: "0.0002"};
    expect(readingWords(ready("a", {ignored: ["x"], different: 1, conflicts: [conflict]}))).toEqual([
      "Columns: ts from calc_time, rate from last_funding_rate; not read: x.",
      "Stamps: instants in UTC.",
      "Rates: shares.",
      "1 row differs from stored ones, e.g. rate on 2026-01-02: stored 0.0001, file 0.0002."
    ]);
    expect(rangeWords(ready("a"))).toBe("2026-01-01 – 2026-01-30");
    expect(troubleWords(report("a.csv", {code: "bad-row", error: "a.csv:7: invalid close: x"}))).toEqual({
      what: "line 7: invalid close: x",
      fix: "Correct the row in the file, or leave bad rows out."
    });
  });
});

describe("dropped files", () => {
  it("leave out what is no data, what is hidden, twice, or too large", () => {
    const file = (size: number) => ({size}) as Blob;
    const {files, skipped} = sortDropped(
      [
        {name: "x/a.csv", file: file(5)},
        {name: "x/a.csv", file: file(5)},
        {name: "x/README.md", file: file(5)},
        {name: "x/a.csv.CHECKSUM", file: file(5)},
        {name: "x/.git/b.csv", file: file(5)},
        {name: "x/big.csv", file: file(11)},
        {name: "x/c.zip", file: file(10)},
        {name: "x/d.parquet", file: file(4)}
      ],
      {fileBytes: 10, totalBytes: 15, files: 9}
    );
    expect(files.map(({name}) => name)).toEqual(["x/a.csv", "x/c.zip"]);
    expect(skipped).toHaveLength(5);
  });
});

/** An engine that plans by a function and records its calls. */
function fakeClient(plan: (body: ImportRequest) => FileReport[]) {
  const calls: string[] = [];
  const client = {
    calls,
    broken: false,
    busyOnce: false,
    /** holds a file up on its way */
    onTheWay: async (_file: Blob, _onProgress?: (bytes: number) => void): Promise<void> => undefined,
    upload: async (path: string, file: Blob, options?: {onProgress?: (bytes: number) => void}) => {
      calls.push(`upload ${decodeURIComponent(path.split("?")[1]!)}`);
      await client.onTheWay(file, options?.onProgress);
      if (client.busyOnce) {
        client.busyOnce = false;
        throw new EngineError("too many requests", 429);
      }
      if (client.broken) throw new EngineError("invalid body: cut short", 422, "upload it again");
      return {upload: "f".repeat(32), name: "", bytes: file.size};
    },
    post: async (path: string, body: unknown) => {
      calls.push(path);
      const files = plan(body as ImportRequest);
      const stored = files.map((one) =>
        one.state === "planned" ? {...one, state: "stored" as const, changed: one.new} : one
      );
      return {files: path === "/imports" ? stored : files, failed: 0, changed: 0};
    },
    delete: async (path: string) => void calls.push(`delete ${path}`)
  };
  return client;
}

const textOf = (element: Element, selector: string): string => element.querySelector(selector)?.textContent ?? "";
const button = (element: Element, words: string): HTMLButtonElement =>
  [...element.querySelectorAll("button")].find((one) => one.textContent === words && !one.hidden)!;

function choose(element: Element, files: Record<string, string>): void {
  const input = element.querySelector<HTMLInputElement>("#drop-files")!;
  Object.defineProperty(input, "files", {
    configurable: true,
    value: Object.entries(files).map(([name, text]) => new File([text], name))
  });
  Object.defineProperty(input, "value", {configurable: true, writable: true, value: ""});
  input.dispatchEvent(new Event("change"));
}

describe("the drop form", () => {
  afterEach(() => document.body.replaceChildren());
  const start = (plan: (body: ImportRequest) => FileReport[]) => {
    const client = fakeClient(plan);
    const form = DropForm(madeClient(client), {waitMs: 1});
    document.body.append(form.element);
    return {client, form, element: form.element};
  };
  const twoFiles = ({answers}: ImportRequest): FileReport[] => [
    ready("a.csv"),
    answers?.["b.csv"]?.tz
      ? ready("b.csv", {history: "binance ETH/USDT funding"})
      : asks("b.csv", "tz", "its stamps name no zone")
  ];

  it("uploads, plans, asks, plans again, and stores", async () => {
    const {client, element, form} = start(twoFiles);
    expect(form.busy).toBe(false);
    choose(element, {"a.csv": "x", "b.csv": "y", "notes.md": "z"});
    await expect.poll(() => button(element, "Import 1 of 2 files")).toBeDefined();
    expect(client.calls).toEqual(["upload name=a.csv", `upload name=b.csv&upload=${"f".repeat(32)}`, "/imports/plan"]);
    expect(textOf(element, ".drop-said")).toContain("1 file needs an answer");
    expect(textOf(element, ".drop-questions")).toContain("b.csv: its stamps name no zone");
    expect(textOf(element, ".same code")).toBe("npx carrybook import a.csv b.csv --venue binance");
    const more = element.querySelector<HTMLElement>(".drop-more")!;
    expect(more.hidden).toBe(true);
    element.querySelector<HTMLButtonElement>("[aria-expanded]")!.click();
    expect(more.hidden).toBe(false);
    expect(more.textContent).toContain("1767225600000");
    const zone = element.querySelector<HTMLInputElement>(".drop-questions input")!;
    zone.value = "Europe/Berlin";
    zone.dispatchEvent(new Event("input", {bubbles: true}));
    await expect.poll(() => button(element, "Import 2 files")).toBeDefined();
    expect(element.querySelector(".drop-questions input")).toBe(zone);
    expect(element.querySelector<HTMLElement>(".drop-more")!.hidden).toBe(false);
    button(element, "Import 2 files").click();
    await expect.poll(() => textOf(element, ".drop-said")).toBe("2 files imported, 180 rows written.");
    expect(element.querySelector<HTMLAnchorElement>('a[href="./data"]')!.hidden).toBe(false);
    expect(client.calls.at(-1)).toBe("/imports");
    button(element, "Import other files").click();
    expect(form.busy).toBe(false);
    expect(element.querySelector<HTMLElement>(".drop-result")!.hidden).toBe(true);
  });

  it("shows how far an upload is, file by file", async () => {
    const {client, element} = start(twoFiles);
    let arrive = (): void => undefined;
    client.onTheWay = (file, onProgress) => {
      onProgress?.(file.size / 2);
      return new Promise((resolve) => (arrive = resolve));
    };
    const bar = element.querySelector<HTMLProgressElement>("progress")!;
    expect(bar.hidden).toBe(true);
    choose(element, {"a.csv": "x".repeat(3_000_000), "b.csv": "y".repeat(1_000_000)});
    await expect.poll(() => textOf(element, ".drop-said")).toBe("Uploading 1 of 2 files, 1.5 MB of 4.0 MB");
    expect([bar.hidden, bar.value]).toEqual([false, 0.375]);
    arrive();
    await expect.poll(() => textOf(element, ".drop-said")).toBe("Uploading 2 of 2 files, 3.5 MB of 4.0 MB");
    expect(bar.value).toBe(0.875);
    arrive();
    await expect.poll(() => bar.hidden).toBe(true);
  });

  it("waits where the engine is busy, and says what to do where an upload fails", async () => {
    const {client, element, form} = start(twoFiles);
    client.busyOnce = true;
    choose(element, {"a.csv": "x"});
    await expect.poll(() => button(element, "Import 1 of 2 files"), {timeout: 4_000}).toBeDefined();
    button(element, "Discard").click();
    await expect.poll(() => client.calls.at(-1)).toBe(`delete /imports/files/${"f".repeat(32)}`);
    client.broken = true;
    choose(element, {"a.csv": "x"});
    await expect
      .poll(() => textOf(element, ".drop-said"))
      .toBe("Not uploaded: invalid body: cut short: upload it again");
    expect(form.busy).toBe(false);
    choose(element, {"notes.md": "x"});
    expect(textOf(element, ".drop-said")).toBe("No file to import: notes.md: not a data file.");
  });

  it("plans nothing for a venue that is none", async () => {
    const {client, element} = start(twoFiles);
    choose(element, {"a.csv": "x"});
    await expect.poll(() => button(element, "Import 1 of 2 files")).toBeDefined();
    const venue = element.querySelector<HTMLInputElement>("#drop-venue")!;
    venue.value = "sim";
    const before = client.calls.length;
    venue.dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.calls).toHaveLength(before);
    expect(venue.getAttribute("aria-invalid")).toBe("true");
    element.querySelector<HTMLButtonElement>(".button--primary")!.click();
    expect(client.calls).toHaveLength(before);
  });
});

describe("Get started from files", () => {
  it("offers the drop where an engine of a venue answers, the command elsewhere", () => {
    let tell: (state: EngineState) => void = () => undefined;
    const watchers: ((state: EngineState) => void)[] = [];
    const off: EngineState = {link: "down", health: null, status: null, heardTs: null};
    const client = madeClient({
      state: off,
      watch: (listener: (state: EngineState) => void) => (watchers.push(listener), listener(off), () => undefined),
      onEvent: () => () => undefined
    });
    tell = (state) => watchers.forEach((listener) => listener(state));
    history.replaceState(null, "", "?from=files");
    const element = StartWays(null, {client});
    const status = (simulated: boolean) => ({simulated, venue: "bybit", origin: ""}) as EngineState["status"];
    expect(element.textContent).toContain("npx carrybook import");
    expect(element.querySelector(".drop-zone")).toBeNull();
    tell({...off, link: "up", status: status(false)});
    expect(element.querySelector(".drop-zone")).not.toBeNull();
    tell({...off, link: "up", status: status(true)});
    expect(element.querySelector(".drop-zone")).toBeNull();
    tell({...off, link: "no token"});
    expect(element.textContent).toContain("npx carrybook engine --ticket");
    history.replaceState(null, "", "?");
  });
});
