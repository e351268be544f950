import {afterEach, describe, expect, it} from "vitest";
import type {EmergencyReport, Remainder} from "../../src/lib/wire/emergency.js";
import {BybitAccount} from "../../engine/execution/live/account.js";
import {pairMarkets} from "../../engine/execution/live/markets.js";
import {stopAtVenue} from "../../engine/execution/live/stop.js";
import {REAL_DISK} from "../../engine/journal/journal.js";
import {startSim, type SteeredSim} from "../../engine/simulator/api/server.js";
import {LoopControl} from "../../engine/loop/control.js";
import {heldByJournal} from "../../engine/loop/held.js";
import {Decimal} from "../../src/lib/money/decimal.js";
import {HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {cli} from "../helpers/cli.js";
import {silentClock} from "../helpers/silence.js";
import {startApi, TOKEN} from "../helpers/engine.js";
import {allLines} from "../helpers/journal.js";
import {LIVE_KEYS, LOOP_NOW, loopRig, type LoopRig, type LoopRigOptions} from "../helpers/loop.js";
import {tmp} from "../helpers/tmp.js";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
const SETTLEMENT = LOOP_NOW + 30 * MINUTE_MS;
const after = (hours: number) => SETTLEMENT + hours * HOUR_MS;

/** Starts a live loop; by default on a new venue whose account was funded before the start. */
async function rigOf(dir: string, given: LoopRigOptions = {}): Promise<LoopRig> {
  const silent = silentClock(LOOP_NOW);
  const {clock = silent.clock} = given;
  const sim = given.sim ?? (await startSim({nowMs: LOOP_NOW, clock: clock.monotonic, onSilence: silent.onSilence}));
  if (!given.sim) {
    closing.push(sim.close);
    sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}, ...given.live?.account});
    clock.advance(1_000);
  }
  const rig = await loopRig(dir, {live: {}, ...given, clock, sim});
  closing.push(rig.close);
  return rig;
}

/** Runs a live loop with a script one hour after its hedges opened; it ends two hours later. */
async function pressed(act: (rig: LoopRig) => Promise<unknown>, given: LoopRigOptions = {}): Promise<LoopRig> {
  let failed: unknown;
  const script: NonNullable<LoopRigOptions["script"]> = [
    {
      atTs: after(1),
      // an error thrown by a script would only end the loop's sleep
      act: (own) => done(own).catch((error: unknown) => void (failed = error))
    },
    {atTs: after(3), act: (own) => own.control.stop("keep")}
  ];
  const done = async (own: LoopRig) => {
    expect(own.loop.trader.open.length).toBeGreaterThan(1);
    expect(books(own).positions.length).toBe(own.loop.trader.open.length);
    await act(own);
  };
  const rig = await rigOf(tmp(), {...given, script});
  await rig.loop.run();
  if (failed !== undefined) throw failed;
  return rig;
}

const books = ({sim}: {sim: SteeredSim}) => sim.steer.ledger(LIVE_KEYS.apiKey);
const requests = async ({sim}: {sim: SteeredSim}) =>
  (await (await fetch(`${sim.url}/sim/requests`)).json()) as {signedByPath: Record<string, number>};
const cancels = async (rig: {sim: SteeredSim}) => (await requests(rig)).signedByPath["/v5/order/cancel-all"] ?? 0;

/** Expects nothing of the engine at the venue: no order, no short, no sellable coin. */
function expectFlat(rig: {sim: SteeredSim}, before: Record<string, string> = {}): void {
  const {positions, orders, balances} = books(rig);
  expect(positions).toEqual([]);
  expect(orders.filter(({orderStatus}) => orderStatus === "New" || orderStatus === "PartiallyFilled")).toEqual([]);
  // the most expensive coin's step is worth less than this
  const worth: Record<string, number> = {BTC: 43_000, ETH: 3_000, SOL: 200, DOGE: 1, PEPE: 0.0001};
  for (const [coin, price] of Object.entries(worth)) {
    const rest = new Decimal(balances[coin] ?? "0").minus(before[coin] ?? "0");
    expect([coin, rest.gte(0) && rest.times(price).lt(1)]).toEqual([coin, true]);
  }
}

/** Expects a ledger with nothing open that agrees with the venue and records the stop. */
function expectStopped({loop, control}: LoopRig): void {
  expect(control.positions()).toEqual([]);
  expect(loop.trader.mode).toBe("halted");
  expect(loop.reconciliation).toMatchObject({agrees: true, pending: []});
  expect(control.status().emergency).toMatchObject({done: true, left: []});
}

describe("emergency stop of a live engine", () => {
  it("emergency stop cancels foreign orders, closes every hedge, and reconciles", async () => {
    let report: EmergencyReport | undefined;
    const rig = await pressed(async (own) => {
      const {apiKey} = LIVE_KEYS;
      const order = {
        kind: "manual-order",
        apiKey,
        category: "linear",
        symbol: "ETHUSDT",
        side: "Buy",
        qty: "1"
      } as const;
      own.sim.steer.act({...order, price: "1500"});
      report = await own.control.emergencyStop("api");
    });
    expect(report).toMatchObject({done: true, left: []});
    expect(report!.closed.length).toBeGreaterThan(1);
    expectFlat(rig);
    expectStopped(rig);
    // by its own orders, not by a stop at the venue
    expect(books(rig).orders.filter(({orderLinkId}) => String(orderLinkId).startsWith("stop-"))).toEqual([]);
  });

  it("emergency stop works while a step waits for an order that neither fills nor cancels", async () => {
    const symbol = "BTCUSDT";
    const rig = await rigOf(tmp(), {
      script: [
        {
          atTs: SETTLEMENT - 20 * MINUTE_MS,
          act: (own) =>
            own.sim.steer.orderFaults([
              {kind: "late-fill", category: "spot", symbol, delayMs: 40 * HOUR_MS},
              {kind: "server-error", path: "/order/cancel", symbol, times: 1_000_000}
            ])
        },
        {atTs: after(3), act: (own) => own.control.stop("keep")}
      ]
    });
    const running = rig.loop.run();
    const waits = () =>
      books(rig).orders.some(
        (order) => order.symbol === symbol && order.category === "spot" && order.orderStatus === "New"
      );
    await expect.poll(waits, {timeout: 60_000}).toBe(true);
    expect(books(rig).positions.map((row) => row.symbol)).toContain(symbol);
    const report = await rig.control.emergencyStop("signal");
    expect(report).toMatchObject({done: true, left: []});
    expectFlat(rig);
    await running;
    expectStopped(rig);
  });

  it("emergency stop during 20 s of 500s flattens the account at the venue, and the ledger records it", async () => {
    let report: EmergencyReport | undefined;
    const rig = await pressed(async (own) => {
      own.sim.steer.orderFaults([{kind: "server-error", path: "/v5/", forMs: 20_000}]);
      report = await new LoopControl(own.loop, {orderlyMs: 30}).emergencyStop("api");
    });
    expect(report).toMatchObject({done: true, left: []});
    expectFlat(rig);
    expectStopped(rig);
  });

  it("emergency stop reports nothing as closed at a venue that does not answer", async () => {
    let report: EmergencyReport | undefined;
    let open: string[] = [];
    await pressed(async (own) => {
      open = own.loop.trader.open.map(({order}) => order.pair);
      own.sim.steer.orderFaults([{kind: "server-error", path: "/v5/", forMs: 10 * MINUTE_MS}]);
      report = await new LoopControl(own.loop, {orderlyMs: 30}).emergencyStop("api");
    });
    expect(open.length).toBeGreaterThan(1);
    expect(report).toMatchObject({
      done: false,
      closed: [],
      left: expect.arrayContaining(["the account could not be read"]) as string[],
      remaining: expect.arrayContaining([{code: "account-unread"}, {code: "orders-open"}]) as unknown[]
    });
  });

  it("emergency stop sells nothing twice when accepted orders return 500", async () => {
    const account = {balances: {USDT: "100000", BTC: "0.5", ETH: "3"}};
    let report: EmergencyReport | undefined;
    const rig = await pressed(
      async (own) => {
        own.sim.steer.orderFaults([{kind: "server-error", path: "/order/create", accept: true, times: 3}]);
        report = await new LoopControl(own.loop, {orderlyMs: 30}).emergencyStop("api");
      },
      {live: {account}}
    );
    expect(report).toMatchObject({done: true, left: []});
    expectFlat(rig, account.balances);
    expectStopped(rig);
  });

  it("emergency stop's cancels bypass a full rate-limit queue", async () => {
    const lines: BybitAccount[] = [];
    let early: [cancels: number, waiting: boolean] | undefined;
    const rig = await pressed(
      async (own) => {
        let waiting = 400;
        // requests that wait until their signature expires are rejected, which is not under test here
        const flood = Array.from({length: waiting}, () =>
          lines[0]!
            .balances()
            .catch(() => undefined)
            .finally(() => waiting--)
        );
        const stopped = own.control.emergencyStop("api");
        await expect.poll(() => cancels(own), {interval: 5}).toBe(2);
        early = [await cancels(own), waiting > 0];
        expect(await stopped).toMatchObject({done: true});
        await Promise.all(flood);
      },
      {live: {lines}}
    );
    expect(early).toEqual([2, true]);
    expectFlat(rig);
    expectStopped(rig);
  });

  it.each([HOUR_MS, -HOUR_MS])("emergency stop works with the clock off by %i ms", async (ms) => {
    let report: EmergencyReport | undefined;
    const rig = await pressed(async (own) => {
      own.clock.step(ms);
      report = await own.control.emergencyStop("api");
      own.clock.step(-ms);
    });
    expect(report).toMatchObject({done: true});
    expectFlat(rig);
    expectStopped(rig);
  });

  it("emergency stop works with a full disk; events are written once there is space", async () => {
    let full = false;
    const disk = {
      ...REAL_DISK,
      write: (fd: number, line: string) => {
        if (full) throw Object.assign(new Error("no space left on device"), {code: "ENOSPC"});
        REAL_DISK.write(fd, line);
      }
    };
    const rig = await pressed(
      async (own) => {
        full = true;
        expect(await own.control.emergencyStop("api")).toMatchObject({done: true});
        expectFlat(own);
        full = false;
      },
      {options: {disk}}
    );
    expectStopped(rig);
    const again = await rigOf(rig.loop.options.dataDir, {clock: rig.clock, sim: rig.sim});
    expect(again.control.trades({limit: 9}).map(({id}) => id)).toEqual(
      rig.control.trades({limit: 9}).map(({id}) => id)
    );
    expect(again.loop.trader.open).toEqual([]);
  });

  it("emergency stop works through the API while ten pages hold a stream each", async () => {
    const rig = await pressed(async (own) => {
      const api = await startApi({control: own.control, emergency: () => own.control.emergencyStop("api")});
      const held = await Promise.all(
        Array.from({length: 10}, () => fetch(`${api.url}/events`, {headers: {authorization: `Bearer ${TOKEN}`}}))
      );
      expect(held.map(({status}) => status)).toEqual(Array.from({length: 10}, () => 200));
      await api.call("POST", "/engine/emergency-stop", {});
      await expect.poll(() => cancels(own)).toBe(2);
      await expect.poll(() => own.loop.trader.open.length, {timeout: 30_000}).toBe(0);
      for (const {body} of held) await body!.cancel();
    });
    expectFlat(rig);
    expectStopped(rig);
  });

  it("emergency stop resends rejected cancels until the venue accepts them", async () => {
    let report: EmergencyReport | undefined;
    const rig = await pressed(async (own) => {
      const order = {category: "linear", symbol: "ETHUSDT", side: "Buy", qty: "1", price: "1500"} as const;
      own.sim.steer.act({kind: "manual-order", apiKey: LIVE_KEYS.apiKey, ...order});
      own.sim.steer.orderFaults([{kind: "server-error", path: "/order/cancel-all", times: 5}]);
      report = await own.control.emergencyStop("api");
    });
    expect(report).toMatchObject({done: true, left: []});
    expectFlat(rig);
    expectStopped(rig);
  });
});

/** Ends a live loop with open hedges, on a venue whose URL its journal holds. */
async function leftOpen(account: object = {}): Promise<LoopRig & {root: string}> {
  const {clock, onSilence} = silentClock(LOOP_NOW);
  const sim = await startSim({nowMs: LOOP_NOW, clock: clock.monotonic, onSilence});
  closing.push(sim.close);
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
