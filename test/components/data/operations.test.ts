// @vitest-environment jsdom
import {afterEach, beforeEach, describe, expect, it, vi} from "vitest";
import {readInput, QUERIES, SCHEMAS} from "../../../engine/api/schemas.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";
import {LiveDataTable} from "../../../src/components/ui/dataTable.js";
import {madeClient} from "../../helpers/fake/client.js";
import type {EngineState} from "../../../src/components/engine/engineClient.js";
import {errorAdvice} from "../../../src/components/data/errorAdvice.js";
import {factsOf} from "../../../src/components/data/jobDetail.js";
import {KINDS, STATES, filterLines, jobQuery, matchesWords} from "../../../src/components/data/jobFilter.js";
import {inUse, limitWords, readShare} from "../../../src/components/data/limitModel.js";
import {LiveStatus, Living} from "../../../src/components/data/liveStatus.js";
import {channelWords} from "../../../src/components/data/notificationsPanel.js";
import {Selection} from "../../../src/components/ui/selection.js";
import {checkedWords, historyOf} from "../../../src/components/data/seriesBoard.js";
import {bulkWords} from "../../../src/components/ingest/workModel.js";
import type {ErrorCode} from "../../../src/lib/wire/error.js";
import {LIMIT_SHARE, type BulkReport, type BulkResult, type JobDetailReport, type LimitReport} from "../../../src/lib/wire/data.js";
import {madeStatus} from "../../helpers/made/status.js";

const NOW = Date.UTC(2026, 2, 14, 12);
const asBulk = (results: BulkResult[]): BulkReport => ({results});
const job = (id: string, change: Partial<Job> = {}) => newJob(id, "backfill", NOW, change);

afterEach(() => document.body.replaceChildren());

describe("the text of a bulk command", () => {
  it("counts each history once and groups skipped ones by reason", () => {
    const report = asBulk([
      {id: "a", done: true, jobs: ["a"], why: null, skipped: []},
      {id: "b", done: true, jobs: ["a", "b.1"], why: "1 of 3 left: it is complete", skipped: ["completed"]},
      ...["c", "d", "e", "f"].map((id): BulkResult => ({
        id,
        done: false,
        jobs: [],
        why: "retried 3 times in bulk already; retry it by itself",
        skipped: ["retried-out"]
      }))
    ]);
    expect(bulkWords("queued again", report, (id) => id.toUpperCase())).toEqual({
      done: "2 histories queued again.",
      left: [
        "Skipped 1: B. Reason: 1 of 3 left: it is complete.",
        "Skipped 4: C, D, E and 1 more. Reason: retried 3 times in bulk already; retry it by itself."
      ]
    });
    expect(bulkWords("cancelled", asBulk([]), String)).toEqual({done: "Nothing was cancelled.", left: []});
  });
});

describe("the advice on an error", () => {
  const KNOWN: [ErrorCode, RegExp][] = [
    ["venue-down", /is down/],
    ["banned", /ban passes in about ten minutes/],
    ["region", /does not serve this address/],
    ["rate-limited", /smaller share/],
    ["network", /could not be reached/],
    ["clock-skew", /Set the clock right/],
    ["bad-response", /could not be read/],
    ["missing-market", /does not trade this pair/]
  ];
  it.each(KNOWN)("%s decides, whatever fix came with it", (errorCode, advice) => {
    for (const errorFix of [null, "check the network"]) expect(errorAdvice({errorCode, errorFix})).toMatch(advice);
  });
  it.each([
    ["venue-refused", "type this", "Type this."],
    ["invalid-data", null, "Look at the log below, then retry."],
    // a job of a version that kept no code
    [null, "check the network", "Check the network."],
    [null, null, "Look at the log below, then retry."]
  ] as const)("%s with the fix %s: %s", (errorCode, errorFix, advice) => {
    expect(errorAdvice({errorCode, errorFix})).toBe(advice);
  });
});

describe("the filter of the history", () => {
  const any = {status: "", kind: "", pair: "", text: ""};
  it("makes queries that the engine's schema accepts", () => {
    expect(jobQuery(any)).toBe("");
    for (const {value: status} of STATES)
      for (const {value: kind} of KINDS) {
        const query = jobQuery({...any, status, kind, pair: "btc-usdt"}, {limit: 500});
        const read = readInput(QUERIES.jobs, Object.fromEntries(new URLSearchParams(query)));
        expect(read).toMatchObject({limit: 500, pair: "BTC/USDT"});
        readInput(QUERIES.export, Object.fromEntries(new URLSearchParams(jobQuery({...any, status, kind}))));
      }
    expect(() => jobQuery({...any, pair: "?"})).toThrow("invalid pair: ?");
  });
  it("finds words in name, state, id and error, and keeps the matching lines of an export", () => {
    const failed = job("b-1.1", {
      parentId: "b-1",
      pair: "BTC/USDT",
      series: "perp",
      status: "failed",
      error: "Status 403"
    });
    expect(["", "btc 403", "failed perp", "b-1.1"].map((words) => matchesWords(failed, words))).toEqual([
      true,
      true,
      true,
      true
    ]);
    expect(matchesWords(failed, "btc 404")).toBe(false);
    const lines = `${JSON.stringify(failed)}\n${JSON.stringify(job("b-2"))}\n`;
    expect(filterLines(lines, "403")).toEqual({ndjson: `${JSON.stringify(failed)}\n`, lines: 1});
    expect(filterLines(lines, " ")).toEqual({ndjson: lines, lines: 2});
  });
});

describe("the detail of a job", () => {
  it("lists facts and data-quality counts", () => {
    const detail: JobDetailReport = {
      ...job("b-1", {rowsFetched: 10, startedAt: NOW, finishedAt: NOW + 4_000, quality: {rejected: 2, repeats: 0}}),
      children: [job("b-1.1", {parentId: "b-1", status: "failed"}), job("b-1.2", {parentId: "b-1"})],
      log: []
    };
    const facts = factsOf(detail);
    expect(facts).toEqual(
      expect.arrayContaining([
        "b-1",
        "10 rows",
        "2 histories, 1 failed",
        "took 4 seconds",
        "invalid rows rejected: 2"
      ])
    );
    expect(facts.join()).not.toContain("duplicate");
  });
});

describe("a venue's limit", () => {
  const limit: LimitReport = {
    venue: "bybit",
    origin: "https://api.bybit.com",
    requests: 1_204,
    retries: 3,
    inWindow: 120,
    perWindow: 480,
    windowMs: 5_000,
    published: 600,
    share: 0.8,
    bannedUntilMs: NOW + 60_000
  };
  it("is described with the ban while it lasts", () => {
    expect(limitWords(limit, NOW)).toEqual([
      "120 of 480 requests in 5 seconds",
      "the venue publishes 600",
      "1,204 requests in total, 3 of them retries",
      "banned until 2026-03-14 12:01 UTC"
    ]);
    expect(limitWords(limit, NOW + 60_000)).toHaveLength(3);
    expect(inUse(limit)).toBe(0.25);
    expect(inUse({...limit, perWindow: 0})).toBe(0);
  });
  it("share is parsed only when the engine accepts it", () => {
    for (const text of ["5", "80", "42 %", "12.5"])
      expect(readInput(SCHEMAS.limits, {venue: "bybit", share: readShare(text)}).share).toBeCloseTo(
        parseFloat(text) / 100
      );
    for (const text of ["", "4", "81", "x", "-5"]) expect(() => readShare(text)).toThrow(/^invalid share/);
    expect([LIMIT_SHARE.least, LIMIT_SHARE.most]).toEqual([0.05, 0.8]);
  });
});

it("channels of notifications are named, a failing one with its reason", () => {
  expect(channelWords({channels: [], perHour: 20})).toContain("on these pages only");
  expect(
    channelWords({
      channels: [
        {name: "webhook", failing: null},
        {name: "email", failing: "email: no answer"}
      ],
      perHour: 5
    })
  ).toBe("Notifications are also sent to webhook; email (failing: email: no answer), at most 5 messages an hour each.");
});

describe("selected rows", () => {
  it("have the same state in all their boxes, also after a redraw", () => {
    const counts: number[] = [];
    const selection = Selection((n) => counts.push(n));
    const boxes = [selection.box("a", "BTC perp"), selection.box("a", "BTC perp"), selection.box("b", "ETH perp")];
    document.body.append(...boxes);
    boxes[0]!.click();
    expect(boxes.map(({checked}) => checked)).toEqual([true, true, false]);
    expect(selection.box("a", "BTC perp").checked || selection.ids().includes("a")).toBe(true);
    selection.choose([["c", "SOL perp"]]);
    expect(selection.ids()).toEqual(["a", "c"]);
    expect([selection.nameOf("c"), selection.nameOf("z")]).toEqual(["SOL perp", "z"]);
    selection.clear();
    expect([counts.at(-1), boxes[0]!.checked]).toEqual([0, false]);
  });
});

describe("a live table that sorts", () => {
  it("keeps a row's button and its focus while other rows are added and changed", () => {
    const {element, update} = LiveDataTable<{id: string; n: number}>({
      caption: "Rows",
      key: (d) => d.id,
      sort: "id",
      columns: [
        {key: "id", label: "Name", value: (d) => d.id},
        {key: "n", label: "N", value: (d) => d.n},
        {
          key: "do",
          label: "Do",
          value: (d) => d.id,
          cell: (d) => Object.assign(document.createElement("button"), {textContent: `Check ${d.id}`})
        }
      ]
    });
    document.body.append(element);
    update([
      {id: "b", n: 1},
      {id: "d", n: 1}
    ]);
    const button = [...element.querySelectorAll<HTMLElement>("tbody button")].at(-1)!;
    button.focus();
    update(["a", "b", "c", "d"].map((id, n) => ({id, n})));
    expect(document.activeElement).toBe(button);
    expect([...element.querySelectorAll("tbody tr")].map((d) => d.textContent)).toEqual([
      "a0Check a",
      "b1Check b",
      "c2Check c",
      "d3Check d"
    ]);
    update([]);
    expect(element.querySelector("tbody")!.textContent).toBe("Nothing to show.");
  });
});

describe("the state of the data while an engine is up", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function made() {
    const status = madeStatus(NOW);
    let watcher: (state: EngineState) => void = () => undefined;
    let listener: (event: any) => void = () => undefined;
    const get = vi.fn(async () => structuredClone(status));
    const client = madeClient({
      base: "http://127.0.0.1:1",
      expected: true,
      get,
      watch: (d: typeof watcher) => ((watcher = d), d({link: "unknown"} as EngineState), () => undefined),
      onEvent: (d: typeof listener) => ((listener = d), () => undefined)
    });
    const link = (to: EngineState["link"]) => watcher({link: to} as EngineState);
    return {status, client, get, link, emit: (type: string, data: unknown = {}) => listener({type, data})};
  }

  it("comes from the engine while it is up, else from the build, and is read again when the lake changes", async () => {
    const {status, client, get, link, emit} = made();
    const built = {...madeStatus(NOW), series: []};
    const live = LiveStatus(built, client);
    const drawn: number[] = [];
    const element = Living(live, (d) => {
      drawn.push(d!.series.length);
      return document.createElement("p");
    });
    document.body.append(element);
    expect([live.live, drawn]).toEqual([false, [0]]);
    link("up");
    await live.ready;
    expect([live.live, live.status!.series.length, drawn.at(-1)]).toEqual([true, 3, 3]);
    status.series.pop();
    emit("published");
    emit("published");
    await vi.advanceTimersByTimeAsync(2_000);
    expect([get.mock.calls.length, drawn.at(-1)]).toEqual([2, 2]);
    emit("batch", job("b", {status: "in_progress"}));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(get).toHaveBeenCalledTimes(2);
    emit("batch", job("b", {status: "completed"}));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(get).toHaveBeenCalledTimes(3);
    link("down");
    expect([live.live, drawn.at(-1)]).toEqual([false, 0]);
    const times = drawn.length;
    element.remove();
    link("up");
    await vi.advanceTimersByTimeAsync(100);
    link("down");
    await vi.advanceTimersByTimeAsync(100);
    link("up");
    await vi.advanceTimersByTimeAsync(100);
    // What has left the page is drawn no more.
    expect(drawn.length).toBe(times);
  });

  it("is ready at once without an engine, and not delayed by one that does not answer", async () => {
    const {client, link, get} = made();
    await LiveStatus(null, madeClient({...client, base: null})).ready;
    get.mockImplementation(() => new Promise(() => undefined));
    const live = LiveStatus(null, client);
    link("up");
    const ready = live.ready.then(() => "ready");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await ready).toBe("ready");
  });
});

describe("one history", () => {
  it("has the key that the engine's routes expect, and a text for its check", () => {
    const [funding, perp] = madeStatus(NOW).series;
    for (const series of [funding!, perp!])
      expect(readInput(SCHEMAS.check, historyOf(series))).toMatchObject({pair: "BTC/USDT", series: series.series});
    expect(checkedWords({rows: 1_000, holes: [], changed: false}, "BTC/USDT perp 1h")).toBe(
      "BTC/USDT perp 1h: 1,000 rows checked, no hole, as recorded."
    );
    const hole = {from: 0, to: 1, rows: 3, state: "open", tries: 0};
    expect(checkedWords({rows: 997, holes: [hole, hole], changed: true}, "X")).toBe(
      "X: 997 rows checked, 2 holes of 6 rows; the recorded holes were wrong and are corrected."
    );
  });
});
