import {describe, expect, it} from "vitest";
import type {Remainder} from "../../src/lib/wire/emergency.js";
import {BybitAccount} from "../../engine/execution/live/account.js";
import {pairMarkets} from "../../engine/execution/live/markets.js";
import {stopAtVenue} from "../../engine/execution/live/stop.js";
import {startSim} from "../../engine/simulator/api/server.js";
import {heldByJournal} from "../../engine/loop/held.js";
import {Decimal} from "../../src/lib/money/decimal.js";
import {afterTest} from "../helpers/cleanup.js";
import {cli} from "../helpers/cli.js";
import {silentClock} from "../helpers/silence.js";
import {allLines} from "../helpers/journal.js";
import {LIVE_KEYS, LOOP_NOW, TRADED, type LoopRig} from "../helpers/loop.js";
import {tmp} from "../helpers/tmp.js";
import {after, books, expectFlat, expectStopped, rigOf} from "../helpers/emergency.js";

/** Ends a live loop with open hedges, on a venue whose URL its journal holds. */
async function leftOpen(account: object = {}): Promise<LoopRig & {root: string}> {
  const {clock, onSilence} = silentClock(LOOP_NOW);
  const sim = await startSim({nowMs: LOOP_NOW, clock: clock.monotonic, onSilence, coins: TRADED});
  afterTest(sim.close);
  sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}, ...account});
  clock.advance(1_000);
  const root = tmp();
  const rig = await rigOf(`${root}/demo`, {
    clock,
    sim,
    options: {origin: sim.url},
    script: [{atTs: after(1), act: (own) => own.control.stop("keep")}]
  });
  await rig.loop.run();
  expect(rig.loop.trader.open.length).toBeGreaterThan(1);
  return Object.assign(rig, {root});
}

const KEYS = {CARRYBOOK_API_KEY: LIVE_KEYS.apiKey, CARRYBOOK_API_SECRET: LIVE_KEYS.secret};

describe("emergency stop without the engine", () => {
  it("command closes everything at the venue; the next engine books it and halts", async () => {
    const account = {balances: {USDT: "100000", BTC: "0.5", SOL: "10"}};
    const rig = await leftOpen(account);
    const pairs = rig.loop.trader.open.map(({order}) => order.pair).sort();
    const stop = await cli(["stop", "--emergency", "--data", rig.root, "--json"], KEYS);
    expect(stop.code, stop.stderr).toBe(0);
    const told = JSON.parse(stop.stdout) as {done: boolean; closed: string[]; left: string[]; venue: unknown[]};
    expect(told).toMatchObject({done: true, left: [], closed: pairs});
    expect(told.venue[0]).toMatchObject({closed: [expect.stringMatching(/bought back|sold/), expect.any(String)]});
    expectFlat(rig, account.balances);
    for (const text of [stop.stdout, stop.stderr]) {
      expect(text).not.toContain(LIVE_KEYS.apiKey);
      expect(text).not.toContain(LIVE_KEYS.secret);
    }
    const sent = books(rig).orders.length;
    const again = await rigOf(`${rig.root}/demo`, {
      clock: rig.clock,
      sim: rig.sim,
      options: {origin: rig.sim.url},
      script: [
        // as the process does on finding the flag
        {atTs: after(1.2), act: async (own) => void (await own.control.emergencyStop("file"))},
        {atTs: after(2), act: (own) => own.control.stop("keep")}
      ]
    });
    await again.loop.run();
    expectStopped(again);
    expect(books(again).orders.length).toBe(sent);
    expect(
      again.control
        .trades({limit: 9})
        .map(({pair}) => pair)
        .sort()
    ).toEqual(expect.arrayContaining(pairs));
  });

  it("command without keys, or with another account's, changes nothing and reports it", async () => {
    const rig = await leftOpen();
    const {positions} = books(rig);
    const other = {apiKey: "other-key", secret: "other-secret"};
    rig.sim.steer.openAccount({...other, balances: {USDT: "1", BTC: "1"}});
    const [none, wrong] = await Promise.all([
      cli(["stop", "--emergency", "--data", rig.root], {CARRYBOOK_API_KEY: "", CARRYBOOK_API_SECRET: ""}),
      cli(["stop", "--emergency", "--data", rig.root], {
        CARRYBOOK_API_KEY: other.apiKey,
        CARRYBOOK_API_SECRET: other.secret
      })
    ]);
    expect([none.code, none.stdout]).toEqual([1, expect.stringContaining("missing CARRYBOOK_API_KEY")]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("nothing was bought or sold")]);
    expect(books(rig).positions).toEqual(positions);
    expect(rig.sim.steer.ledger(other.apiKey).balances).toEqual({USDT: "1", BTC: "1"});
  });

  it("command persists through 20 s of 500s and of orders accepted with a 500, and never sells the prior balance", async () => {
    const account = {balances: {USDT: "100000", ETH: "2"}};
    const rig = await leftOpen(account);
    rig.sim.steer.orderFaults([
      {kind: "server-error", path: "/v5/", forMs: 20_000},
      {kind: "server-error", path: "/order/create", accept: true, times: 4}
    ]);
    const {coins, before, account: id, origin} = heldByJournal(`${rig.root}/demo/journal/live`);
    expect(origin).toBe(rig.sim.url);
    const line = {clock: rig.clock, random: () => 0.5, url: origin, keys: LIVE_KEYS, deadlineMs: 400, atOnce: true};
    const signal = new AbortController().signal;
    const report = await stopAtVenue(
      {held: coins, before, account: id},
      {
        account: await BybitAccount.open(line),
        markets: async () => pairMarkets(await rig.exchange.instruments()),
        clock: rig.clock,
        signal,
        stamp: "test"
      }
    );
    expect(report).toMatchObject({flat: true, remaining: []});
    expectFlat(rig, account.balances);
    const sold = books(rig).executions.filter(({orderLinkId}) => String(orderLinkId).startsWith("stop-test"));
    expect(sold.map(({execId}) => execId).sort()).toEqual([...report.fills].sort());
  });

  it("command reports a venue rejection with its text, and exits nonzero", async () => {
    const rig = await leftOpen();
    rig.sim.steer.orderFaults([
      {kind: "reject", category: "linear", symbol: "BTCUSDT", times: 1_000, message: "no way"}
    ]);
    const stop = await cli(["stop", "--emergency", "--data", rig.root, "--json"], KEYS);
    expect(stop.code).toBe(1);
    expect(stop.stderr).toMatch(/NOT closed: BTC\/USDT: a short of .* BTCUSDT left \(no way/);
    const failure = {code: "refused", message: expect.stringContaining("no way") as string};
    const told = JSON.parse(stop.stdout) as {closed: string[]; remaining: Remainder[]};
    expect(told).toMatchObject({
      done: false,
      remaining: [{code: "short", pair: "BTC/USDT", symbol: "BTCUSDT", quantity: expect.any(String) as string, failure}]
    });
    expect(told.closed).not.toContain("BTC/USDT");
    expect(told.closed.length).toBeGreaterThan(0);
    expect(books(rig).positions.map(({symbol}) => symbol)).toEqual(["BTCUSDT"]);
  });
});

it("journal's holdings equal the venue's balance above the start, to the last digit", async () => {
  const rig = await leftOpen({balances: {USDT: "100000", BTC: "0.5"}});
  const {coins} = heldByJournal(`${rig.root}/demo/journal/live`);
  const {balances} = books(rig);
  expect(allLines(`${rig.root}/demo/journal/live`).length).toBeGreaterThan(10);
  for (const [pair, held] of coins) {
    const coin = pair.split("/")[0]!.replace(/^1000/, "");
    expect([pair, held.toFixed()]).toEqual([
      pair,
      new Decimal(balances[coin]!).minus(coin === "BTC" ? "0.5" : 0).toFixed()
    ]);
  }
});
