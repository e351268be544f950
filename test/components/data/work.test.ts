// @vitest-environment jsdom
import fc from "fast-check";
import {afterEach, describe, expect, it, vi} from "vitest";
import {hasEnded, newJob, type Job} from "../../../src/lib/wire/job.js";
import {readInput, SCHEMAS} from "../../../engine/api/schemas.js";
import {KeyedTable} from "../../../src/components/ui/keyedTable.js";
import {Toasts} from "../../../src/components/ui/toasts.js";
import {madeClient} from "../../helpers/fake/client.js";
import {madeHealth} from "../../helpers/made/health.js";
import {followWork, type WorkData} from "../../../src/components/data/workFollow.js";
import {HealthLine} from "../../../src/components/data/workBoard.js";
import {
  attemptWords,
  errorWords,
  etaWords,
  mergeJobs,
  isBatch,
  jobName,
  listsOf,
  plannedWords,
  retriedWords,
  retryLabel,
  rowsWords,
  statusWords,
  stepWords,
  trackedPairs,
  withJob,
  workSummary,
  type Jobs
} from "../../../src/components/ingest/workModel.js";
import {readPairs, readRequest, startLabel, type TypedRequest} from "../../../src/components/ingest/workRequest.js";
import type {TrackedReport} from "../../../src/lib/wire/data.js";
import {madeWork} from "../../helpers/fake/work.js";

const NOW = Date.UTC(2026, 2, 14, 12);
const job = (id: string, change: Partial<Job> = {}): Job => newJob(id, "backfill", NOW, change);
const work = madeWork(NOW);
const jobs = mergeJobs([work.jobs], []);
const child = (change: Partial<Job> = {}) =>
  job("c", {parentId: "b", pair: "BTC/USDT", series: "perp", timeframe: "1h", ...change});

afterEach(() => document.body.replaceChildren());

describe("the texts of a job", () => {
  it("name a batch by its task and a history by its series", () => {
    expect(jobName(job("b", {venue: "bybit"}))).toBe("Fetch history: bybit");
    expect(jobName(child())).toBe("BTC/USDT perp 1h");
    expect(jobName({...job("b"), kind: "something" as Job["kind"]})).toBe("something");
  });
  it("show fetched rows of expected rows, never more than 100 %", () => {
    expect(rowsWords(child({rowsFetched: 1_200}))).toBe("1,200 rows");
    expect(rowsWords(child({rowsFetched: 1_200, rowsExpected: 8_760}))).toBe("1,200 of 8,760 rows");
    expect(rowsWords(child({rowsFetched: 9_000, rowsExpected: 8_760}))).toBe("9,000 of 9,000 rows");
  });
  it("show state, step, attempt and time left only where they apply", () => {
    expect(statusWords(child({status: "queued", notBefore: NOW + 12_000}), NOW)).toBe("retry in 12 seconds");
    expect(statusWords(child({status: "queued", notBefore: NOW - 1}), NOW)).toBe("waiting");
    expect(stepWords(child({status: "in_progress", step: "fetch"}))).toBe("fetching");
    expect(stepWords(child({status: "in_progress"}))).toBe("starting");
    expect(stepWords(child({status: "failed", step: "fetch"}))).toBe("–");
    expect(attemptWords(child({attempts: 2}))).toBe("2 of 3");
    expect(attemptWords(job("b", {attempts: 2}))).toBe("–");
    expect(etaWords(child({status: "in_progress", etaMs: 125_000}))).toBe("about 2 minutes");
    expect(etaWords(child({status: "completed", etaMs: 125_000}))).toBe("–");
  });
});

describe("the lists of jobs", () => {
  it("place running histories below their batch, and count waiting and failed ones", () => {
    const lists = listsOf(jobs);
    expect(lists.now.map(({id}) => id)).toEqual(["b-2", "b-2.1"]);
    expect(lists.failed.map(({id}) => id)).toEqual(["b-2.3"]);
    expect(lists.past.map(({id}) => id)).toEqual(["b-1"]);
    expect(workSummary(lists)).toEqual({
      progress: 0.42,
      text: "42 %: 1 batch, 1 running, 1 waiting, 1 failed, 12,000 rows fetched"
    });
    expect(workSummary(lists, {cut: true}).text).toContain("at least 1 waiting");
    expect(workSummary(listsOf(new Map()))).toEqual({progress: null, text: "No job is running"});
  });
  it("keep updates that are newer than a pending reply", () => {
    const state = fc.constantFrom("queued", "in_progress", "completed", "failed", "cancelled");
    fc.assert(
      fc.property(state, state, (before, after) => {
        const old = child({status: before as Job["status"]});
        const news = child({status: after as Job["status"]});
        expect(mergeJobs([[old]], [news])).toEqual(withJob(new Map([[old.id, old]]), news));
      })
    );
  });
  it("keep exactly the histories that are open or have failed", () => {
    const state = fc.constantFrom<Job["status"]>("queued", "in_progress", "completed", "failed", "cancelled");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), state)), (news) => {
        let now: Jobs = new Map();
        const last = new Map<string, Job>();
        for (const [n, status] of news) {
          const one = {...child({status}), id: `c-${n}`};
          now = withJob(now, one);
          last.set(one.id, one);
        }
        const kept = [...last.values()].filter((d) => !hasEnded(d) || d.status === "failed");
        expect(new Map(kept.map((d) => [d.id, d]))).toEqual(now);
        const lists = listsOf(now);
        expect(lists.running.length + lists.waiting + lists.failed.length).toBe(kept.length);
      })
    );
    expect(isBatch(job("b"))).toBe(true);
  });
});

describe("following the jobs", () => {
  /** A client that answers when it is told to. */
  function slowClient(answers: Record<string, unknown>) {
    let listener: (event: any) => void = () => {};
    const asked: string[] = [];
    const held: (() => void)[] = [];
    const client = {
      onEvent: (d: typeof listener) => ((listener = d), () => (listener = () => {})),
      get: (path: string) =>
        new Promise((resolve, reject) => {
          asked.push(path);
          held.push(() => {
            const answer = answers[path.split("?")[0]!];
            if (answer instanceof Error) reject(answer);
            else resolve(answer);
          });
        })
    };
    const release = async () => {
      for (const go of held.splice(0)) go();
      await vi.advanceTimersByTimeAsync(500);
    };
    return {client: madeClient(client), asked, release, emit: (d: unknown) => listener(d)};
  }
  const good = {
    "/jobs": [child({status: "in_progress", rowsFetched: 1})],
    "/tracked": [],
    "/schedule": [],
    "/health": null
  };

  it("keeps updates that arrive during a read, and reads again on a reset and on return to the page", async () => {
    vi.useFakeTimers();
    const {client, asked, release, emit} = slowClient(good);
    const seen: WorkData[] = [];
    const follow = followWork(client, {onData: (d) => seen.push(d), onNotification: vi.fn(), onError: vi.fn()});
    emit({type: "job", data: child({status: "in_progress", rowsFetched: 9})});
    await release();
    expect(seen.at(-1)!.jobs.get("c")!.rowsFetched).toBe(9);
    const once = asked.length;
    emit({type: "reset", data: {}});
    await release();
    expect(seen.at(-1)!.jobs.get("c")!.rowsFetched).toBe(1);
    document.dispatchEvent(new Event("visibilitychange"));
    await release();
    expect(asked.length).toBe(3 * once);
    follow.close();
    emit({type: "reset", data: {}});
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length).toBe(3 * once);
    vi.useRealTimers();
  });

  it("retries after a failure, but not when the engine has no store", async () => {
    vi.useFakeTimers();
    for (const [status, times] of [
      [500, 2],
      [409, 1]
    ] as const) {
      const {client, asked, release} = slowClient({...good, "/tracked": Object.assign(new Error("no"), {status})});
      const onError = vi.fn();
      const follow = followWork(client, {onData: vi.fn(), onNotification: vi.fn(), onError});
      await release();
      await vi.advanceTimersByTimeAsync(4_000);
      expect(onError).toHaveBeenCalledWith(expect.objectContaining({message: "no"}));
      expect(asked.filter((path) => path === "/tracked").length).toBe(times);
      follow.close();
    }
    vi.useRealTimers();
  });

  it("works without a schedule", async () => {
    vi.useFakeTimers();
    const {client, release} = slowClient({...good, "/schedule": new Error("missing route")});
    const onData = vi.fn();
    const follow = followWork(client, {onData, onNotification: vi.fn(), onError: vi.fn()});
    await release();
    expect(onData.mock.calls[0]![0]).toMatchObject({schedule: null, cut: false});
    follow.close();
    vi.useRealTimers();
  });
});

describe("the texts of a command", () => {
  const failed = (n: number, retries = 0) =>
    Array.from({length: n}, (_, i) => ({...child({status: "failed", retries}), id: `f-${i}`}));
  it("count what a bulk retry puts back, and say what it leaves out and why", () => {
    expect(retryLabel([...failed(3), ...failed(2, 3)])).toBe("Retry 3 failed");
    expect(retriedWords({queued: failed(3), batches: []})).toBe("3 histories queued again.");
    expect(retriedWords({queued: failed(1), skipped: failed(1, 3), batches: []})).toBe(
      "1 history queued again. Skipped 1: BTC/USDT perp 1h, because it failed again after 3 bulk retries. You can still retry it with its own button."
    );
    expect(retriedWords({queued: [], skipped: failed(5, 3), batches: []})).toMatch(/Nothing.*Skipped 5: .* and 2 more/);
  });
  it("repeat the engine's notes", () => {
    expect(plannedWords({batches: [job("b", {venue: "okx"})], notes: work.notes})).toEqual([
      "Queued: Fetch history: okx.",
      "Warning: 2 pairs have no spot market at bybit: left out"
    ]);
    expect(plannedWords({batches: [], notes: []})).toEqual(["There was nothing to do."]);
    expect(errorWords(Object.assign(new Error("missing url"), {fix: "pass one"}))).toBe("missing url: pass one");
  });
  it("group histories by venue and pair", () => {
    const tracked: TrackedReport[] = work.tracked;
    expect(trackedPairs(tracked).map(({pair, histories, chosenBy}) => [pair, histories, chosenBy])).toEqual([
      ["BTC/USDT", ["funding", "perp 1h"], "person"],
      ["ETH/USDT", ["funding"], "top"]
    ]);
    expect(work.schedule[0]!.name).toBe("update");
  });
});

describe("the request of an ingestion", () => {
  const typed: TypedRequest = {
    venue: "bybit",
    url: "",
    choose: "top",
    top: "20",
    pairs: "",
    days: "365",
    series: ["funding", "perp"],
    timeframes: ["1h"]
  };
  it("is accepted by the engine's schema whenever the form has no problem", () => {
    const text = fc.constantFrom("", "0", "1", "20", "1,000", "1001", "3650", "x", "1.5", "-3");
    fc.assert(
      fc.property(
        fc.record({
          venue: fc.constantFrom("bybit", " OKX ", "sim", "", "a b"),
          url: fc.constantFrom("", "http://127.0.0.1:9000", "nothing"),
          choose: fc.constantFrom<"top" | "pairs">("top", "pairs"),
          top: text,
          pairs: fc.constantFrom("", "btc-usdt", "BTC/USDT, ETH/USDT", "?"),
          days: text,
          series: fc.subarray(["funding", "spot", "perp", "mark", "index"]),
          timeframes: fc.subarray(["1m", "1h", "1d"])
        }),
        (form) => {
          const {body, problems} = readRequest(form);
          expect(body === null).toBe(Object.keys(problems).length > 0);
          if (body) expect(readInput(SCHEMAS.jobs, body)).toMatchObject(body);
        }
      )
    );
  });
  it("labels the button with its action, and names the invalid field", () => {
    expect(startLabel(readRequest(typed))).toBe("Fetch 365 days of the top 20");
    expect(startLabel(readRequest({...typed, choose: "pairs", pairs: "btc-usdt"}))).toBe("Fetch 365 days of 1 pair");
    expect(readRequest({...typed, choose: "pairs", pairs: "?"}).problems.pairs).toContain("invalid pair: ?");
    expect(startLabel(readRequest({...typed, days: "0"}))).toBe("Start fetching");
    expect(readPairs("BTC/USDT btc-usdt;eth/usdt")).toEqual(["BTC/USDT", "ETH/USDT"]);
  });
});

describe("a keyed table", () => {
  const table = () =>
    KeyedTable<{id: string; n: number}>({
      caption: "Rows",
      key: (d) => d.id,
      nothing: "No row.",
      most: 3,
      columns: [
        {label: "Name", text: (d) => d.id},
        {label: "N", text: (d) => String(d.n)},
        {
          label: "Do",
          text: () => "Cancel",
          cell: (d) => Object.assign(document.createElement("button"), {textContent: `Cancel ${d.id}`})
        }
      ]
    });
  const texts = (element: HTMLElement) =>
    [...element.querySelectorAll("tbody tr:not([hidden])")].map((d) => d.textContent);
  it("keeps a row's button and its focus while other rows are added, changed and removed", () => {
    const live = table();
    document.body.append(live.element);
    live.update([
      {id: "a", n: 1},
      {id: "b", n: 1}
    ]);
    const button = live.element.querySelectorAll("button")[1]!;
    button.focus();
    live.update([
      {id: "z", n: 0},
      {id: "b", n: 2}
    ]);
    expect(document.activeElement).toBe(button);
    expect(texts(live.element)).toEqual(["z0Cancel z", "b2Cancel b"]);
    live.update([]);
    expect(texts(live.element)).toEqual(["No row."]);
    expect(document.activeElement).toBe(live.element);
  });
  it("counts rows that are not drawn", () => {
    const live = table();
    live.update(["a", "b", "c", "d", "e"].map((id) => ({id, n: 1})));
    expect(texts(live.element).at(-1)).toBe("and 2 more");
  });
});

describe("notifications and health of the engine", () => {
  it("toasts disappear after a while, critical ones only when dismissed", () => {
    vi.useFakeTimers();
    const {element, show} = Toasts({stayMs: 1_000});
    document.body.append(element);
    show({id: 1, level: "info", text: "a batch ended"});
    show({id: 1, level: "info", text: "a batch ended"});
    show({id: 2, level: "critical", text: "<b>the disk is full</b>"});
    expect(element.children.length).toBe(2);
    vi.advanceTimersByTime(1_500);
    expect(element.textContent).toBe("critical<b>the disk is full</b>Dismiss");
    element.querySelector("button")!.click();
    expect(element.children.length).toBe(0);
    vi.useRealTimers();
  });
  it("health line shows the status and each issue", () => {
    const health = madeHealth({
      status: "degraded",
      issues: ["bybit has banned us", "one stuck"],
      components: {
        store: {status: "ok", error: null},
        exchange: {status: "failing", bannedUntilTs: null, errors1h: 1}
      }
    });
    const line = HealthLine(health);
    expect(line.textContent).toBe("degradedstore ok, venue failing! bybit has banned us; one stuck");
    expect(HealthLine(null).textContent).toBe("health unknown");
  });
});
