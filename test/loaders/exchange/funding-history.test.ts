import ccxt from "ccxt";
import {describe, expect, it} from "vitest";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import type {Exchange, Page} from "../../../loaders/exchange/index.js";
import type {FundingRow} from "../../../loaders/rows.js";
import {lengthMs, normalise, type Span} from "../../../src/lib/market/coverage.js";
import {bybitReply, type MadeSettlement, type MadeVenue} from "../../helpers/bybit-venue.js";
import {clientOf, collect, madeExchange} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const END = Date.UTC(2026, 9, 1);
const START = END - 365 * DAY;
const PAIR = "BTC/USDT";

/**
 * Returns a constructed history that settles every `before` hours until `switchTs`, and every `after` hours from then.
 */
function switching(before: number, after: number, switchTs: number): MadeSettlement[] {
  const rows: MadeSettlement[] = [];
  for (let ts = START; ts <= END; ts += (ts < switchTs ? before : after) * HOUR) {
    rows.push({ts, rate: (0.0001 + (rows.length % 97) * 1e-6).toFixed(8)});
  }
  return rows;
}

const HISTORIES = [
  {name: "1 h → 8 h", rows: switching(1, 8, START + 180 * DAY), today: 480, total: 4_876, since: 1_095},
  {name: "8 h → 1 h", rows: switching(8, 1, START + 180 * DAY), today: 60, total: 4_981, since: 26}
];

const madeVenue = (rows: MadeSettlement[], today = 480): MadeVenue => ({
  now: () => END + 60_000,
  settlements: rows,
  fundingIntervalMinutes: () => today
});

/** Runs the usual loop over ccxt: from `since` on, until a page is short. */
async function sinceLoop(url: string, limit: number): Promise<number> {
  const client = new ccxt.bybit({enableRateLimit: false});
  client.urls["api"] = {public: url, private: url};
  client.has["fetchCurrencies"] = false;
  client.options["fetchMarkets"] = {types: ["linear"]};
  const seen = new Set<number>();
  for (let since = START; ;) {
    const page = await client.fetchFundingRateHistory("BTC/USDT:USDT", since, limit);
    for (const row of page) seen.add(row.timestamp!);
    if (page.length < limit) return seen.size;
    since = page.at(-1)!.timestamp! + 1;
  }
}

const span: Span = {from: START, to: END + 1};
const rowsOf = async (walk: AsyncIterable<{rows: FundingRow[]}>) =>
  (await collect(walk)).flatMap(({rows}) => rows).sort((a, b) => a.tsMs - b.tsMs);

describe("funding history", () => {
  it.each(HISTORIES)("trap 1: $name, ccxt queried with `since` loses rows silently", async (history) => {
    expect(history.rows).toHaveLength(history.total);
    const {url} = await serve((request, reply) =>
      answer(reply, bybitReply(madeVenue(history.rows, history.today), request))
    );
    const found = await sinceLoop(url, 200);
    expect(found).toBeLessThan(history.total / 2);
    expect(Math.abs(found - history.since)).toBeLessThanOrEqual(1);
  });

  const spoilers: Record<string, (body: string) => string> = {
    cut: (body) => body.slice(0, Math.floor(body.length * 0.7)),
    empty: () => "",
    html: () => "<html><body>bad gateway</body></html>",
    "without a list": (body) => body.replace(`"list"`, `"lost"`),
    shuffled: (body) => {
      const parsed = JSON.parse(body) as {result: {list: unknown[]}};
      parsed.result.list.reverse().sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length);
      return JSON.stringify(parsed);
    }
  };
  it.each(HISTORIES.flatMap((history) => Object.keys(spoilers).map((kind) => ({...history, kind}))))(
    "trap 1: $name arrives complete while one reply in twenty is $kind",
    async ({rows, today, kind}) => {
      let n = 0;
      const {url, seen} = await serve((request, reply) => {
        const body = JSON.stringify(bybitReply(madeVenue(rows, today), request));
        answer(reply, n++ % 20 === 3 ? spoilers[kind]!(body) : body);
      });
      const {exchange} = await clientOf(url, END);
      const arrived = await rowsOf(fundingHistory(exchange, PAIR, span));
      expect(arrived.map(({tsMs, rate}) => `${tsMs} ${Number(rate)}`)).toEqual(
        rows.map(({ts, rate}) => `${ts} ${Number(rate)}`)
      );
      const pages = Math.ceil(rows.length / 200);
      expect(seen.length).toBe(kind === "shuffled" ? pages : pages + 2);
      expect(seen.every(({searchParams}) => !searchParams.has("startTime"))).toBe(true);
    }
  );

  it("trap 2: ccxt's paginate stops silently after ten calls; the walk reaches the end", async () => {
    const {rows, today, total} = HISTORIES[1]!;
    const {url} = await serve((request, reply) => answer(reply, bybitReply(madeVenue(rows, today), request)));
    const client = new ccxt.bybit({enableRateLimit: false});
    client.urls["api"] = {public: url, private: url};
    client.has["fetchCurrencies"] = false;
    client.options["fetchMarkets"] = {types: ["linear"]};
    const paginated = await client.fetchFundingRateHistory("BTC/USDT:USDT", undefined, undefined, {
      paginate: true,
      until: END
    });
    expect(paginated.length).toBeLessThanOrEqual(2_000);
    const {exchange} = await clientOf(url, END);
    expect(await rowsOf(fundingHistory(exchange, PAIR, span))).toHaveLength(total);
  });

  it("law: the proven spans tile the requested span, newest first, and each contains its rows", async () => {
    const {rows} = HISTORIES[0]!;
    const {url} = await serve((request, reply) => answer(reply, bybitReply(madeVenue(rows), request)));
    const {exchange} = await clientOf(url, END);
    for (const asked of [
      span,
      {from: START + 33.3 * DAY, to: START + 190.7 * DAY},
      {from: START - DAY, to: END - DAY}
    ]) {
      const stretches = await collect(fundingHistory(exchange, PAIR, asked, {launchTs: START - 2 * DAY}));
      expect(stretches[0]!.proven.to).toBe(asked.to);
      expect(stretches.at(-1)!.proven.from).toBe(asked.from);
      for (const [i, {proven, rows: own}] of stretches.entries()) {
        if (i > 0) expect(proven.to).toBe(stretches[i - 1]!.proven.from);
        expect(own.every(({tsMs}) => tsMs >= proven.from && tsMs < proven.to)).toBe(true);
      }
      const inside = rows.filter(({ts}) => ts >= asked.from && ts < asked.to).length;
      expect(stretches.reduce((sum, stretch) => sum + stretch.rows.length, 0)).toBe(inside);
    }
  });

  it("trap 13: a short page is not the last page", async () => {
    const rows = HISTORIES[0]!.rows;
    const {url} = await serve((request, reply) => {
      request.searchParams.set("limit", "37");
      answer(reply, bybitReply(madeVenue(rows), request));
    });
    const {exchange} = await clientOf(url, END);
    expect(await rowsOf(fundingHistory(exchange, PAIR, span))).toHaveLength(rows.length);
  });

  it("an empty page that should have rows is requested once more, and accepted when it is empty twice", async () => {
    const rows = switching(8, 8, END);
    let empties = 1;
    const {url, seen} = await serve((request, reply) => {
      const venue = madeVenue(rows);
      const end = Number(request.searchParams.get("endTime"));
      const lie = end < END - 100 * DAY && empties-- > 0;
      answer(reply, bybitReply(lie ? {...venue, settlements: []} : venue, request));
    });
    const {exchange} = await clientOf(url, END);
    expect(await rowsOf(fundingHistory(exchange, PAIR, span, {launchTs: START - DAY}))).toHaveLength(rows.length);
    empties = 0;
    seen.length = 0;
    const older = await collect(fundingHistory(exchange, PAIR, {from: START - 100 * DAY, to: START}, {}));
    expect(older).toMatchObject([{proven: {from: START - 100 * DAY, to: START}, rows: []}]);
    expect(seen).toHaveLength(2);
  });

  it("no page before the listing is requested", async () => {
    const {url, seen} = await serve((request, reply) => answer(reply, bybitReply(madeVenue([]), request)));
    const {exchange} = await clientOf(url, END);
    const asked = {from: START - 50 * DAY, to: START - DAY};
    expect(await collect(fundingHistory(exchange, PAIR, asked, {launchTs: START}))).toMatchObject([{proven: asked}]);
    expect(seen).toHaveLength(0);
  });

  it("the walk does not skip the rows before a stray old one", async () => {
    const rows = switching(8, 8, END);
    let n = 0;
    const {url} = await serve((request, reply) => {
      const body = bybitReply(madeVenue(rows), request) as {result: {list: object[]}};
      if (n++ === 1) {
        body.result.list.push({
          symbol: "BTCUSDT",
          fundingRate: "0.0009",
          fundingRateTimestamp: String(START + 8 * HOUR)
        });
      }
      answer(reply, body);
    });
    const {exchange} = await clientOf(url, END);
    expect((await rowsOf(fundingHistory(exchange, PAIR, span))).map(({tsMs}) => tsMs)).toEqual(rows.map(({ts}) => ts));
  });

  it("trap 15: an outage of days between settlements is requested twice, then accepted", async () => {
    const rows = switching(8, 8, END).filter(({ts}) => ts < START + 100 * DAY || ts > START + 104 * DAY);
    const {url, seen} = await serve((request, reply) => answer(reply, bybitReply(madeVenue(rows), request)));
    const {exchange} = await clientOf(url, END);
    const stretches = await collect(fundingHistory(exchange, PAIR, span));
    expect(stretches.flatMap((s) => s.rows)).toHaveLength(rows.length);
    expect(normalise(stretches.map(({proven}) => proven))).toEqual([span]);
    expect(seen.length).toBeLessThanOrEqual(Math.ceil(rows.length / 200) + 1);
  });

  it("trap 18: a rate of exactly zero is a rate", async () => {
    const rows = [
      {ts: START, rate: "0"},
      {ts: START + 8 * HOUR, rate: "0.00000000"},
      {ts: START + 16 * HOUR, rate: "-0.0"}
    ];
    const {url} = await serve((request, reply) => answer(reply, bybitReply(madeVenue(rows), request)));
    const {exchange} = await clientOf(url, END);
    const arrived = await rowsOf(fundingHistory(exchange, PAIR, {from: START, to: START + DAY}));
    expect(arrived.map(({rate}) => rate)).toEqual(["0", "0", "0"]);
  });

  it("a settlement whose stamp jitters between pages is one row", async () => {
    const rows = switching(8, 8, END).map((row, i) => ({...row, ts: row.ts + (i % 7)}));
    const exchange = fakeVenue(rows, {jitterMs: 3});
    const arrived = await rowsOf(fundingHistory(exchange, PAIR, span));
    expect(arrived).toHaveLength(rows.length);
  });

  it("the newest minutes are never proven empty, since a settlement may be published late", async () => {
    const rows = switching(8, 8, END);
    const now = END + 4 * HOUR;
    const exchange = fakeVenue(rows, {now});
    const late = await collect(fundingHistory(exchange, PAIR, {from: END - DAY, to: now + DAY}));
    expect(late[0]!.proven.to).toBe(now - 300_000);
    const justNow = await collect(
      fundingHistory(fakeVenue(rows, {now: END + 1}), PAIR, {from: END - DAY, to: END + DAY})
    );
    expect(justNow[0]!.proven.to).toBe(END + 1);
  });

  it("a venue with a depth of three months proves no more, unless the market is younger", async () => {
    const rows = switching(8, 8, END).filter(({ts}) => ts > END - 90 * DAY);
    const exchange = fakeVenue(rows, {now: END, fundingDepthMs: 90 * DAY});
    const proven = normalise((await collect(fundingHistory(exchange, PAIR, span))).map((s) => s.proven));
    expect(proven).toEqual([{from: END - 90 * DAY, to: END + 1}]);
    const young = await collect(fundingHistory(exchange, PAIR, span, {launchTs: END - 90 * DAY}));
    expect(lengthMs(young.map((s) => s.proven))).toBe(span.to - span.from);
  });

  it("the walk steps over a page of only invalid rows and still finds the older ones", async () => {
    const rows = switching(8, 8, END);
    const exchange = fakeVenue(rows, {});
    const plain = exchange.settlements.bind(exchange);
    const unsound = {tsMs: END, reason: "missing rate"};
    const stray = {tsMs: START - 4_000 * DAY, reason: "invalid ts"};
    exchange.settlements = async (pair, until) =>
      until >= END ? page([], END + 600_000, {rejected: [stray, unsound]}) : plain(pair, until);
    const stretches = await collect(fundingHistory(exchange, PAIR, span));
    expect(stretches.flatMap((stretch) => stretch.rows)).toHaveLength(rows.length - 1);
    expect(stretches.flatMap((stretch) => stretch.rejected)).toContainEqual(unsound);
    expect(normalise(stretches.map(({proven}) => proven))).toEqual([span]);
  });

  it("a page without one readable row is an error, never the end of history", async () => {
    const exchange = fakeVenue([], {});
    exchange.settlements = async () => page([], END, {rejected: [{tsMs: undefined, reason: "missing ts"}]});
    await expect(collect(fundingHistory(exchange, PAIR, span))).rejects.toThrow("no readable row");
    const late = [{tsMs: END + DAY, reason: "missing rate"}];
    exchange.settlements = async () => page([], END, {rejected: late});
    await expect(collect(fundingHistory(exchange, PAIR, span))).rejects.toThrow("no readable row (missing rate)");
    exchange.settlements = async () => page([], END, {outside: 200});
    await expect(collect(fundingHistory(exchange, PAIR, span))).rejects.toThrow("all lie outside the request");
  });
});

const page = (rows: FundingRow[], asOfMs: number, rest: Partial<Page<FundingRow>> = {}): Page<FundingRow> => ({
  rows,
  rejected: [],
  repeats: 0,
  outside: 0,
  asOfMs,
  ...rest
});

/** Returns a venue without a network; stamps of repeated rows may differ by some milliseconds. */
function fakeVenue(
  rows: MadeSettlement[],
  {now = END + 60_000, jitterMs = 0, fundingDepthMs}: {now?: number; jitterMs?: number; fundingDepthMs?: number}
): Exchange {
  return madeExchange({
    fundingDepthMs,
    settlements: async (_: string, untilMs: number) => {
      const until = Math.min(untilMs, now) + jitterMs;
      const upTo = rows.filter(({ts}) => ts <= until).slice(-100);
      return page(
        upTo.map(({ts, rate}) => ({tsMs: Math.min(ts, until - jitterMs), rate})),
        now
      );
    }
  });
}
