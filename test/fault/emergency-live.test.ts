import {describe, expect, it} from "vitest";
import type {EmergencyReport} from "../../src/lib/wire/emergency.js";
import {BybitAccount} from "../../engine/execution/live/account.js";
import {REAL_DISK} from "../../engine/journal/journal.js";
import type {SteeredSim} from "../../engine/simulator/api/server.js";
import {LoopControl} from "../../engine/loop/control.js";
import {HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {startApi, TOKEN} from "../helpers/engine.js";
import {LIVE_KEYS, type LoopRig, type LoopRigOptions} from "../helpers/loop.js";
import {tmp} from "../helpers/tmp.js";
import {SETTLEMENT, after, books, expectFlat, expectStopped, rigOf} from "../helpers/emergency.js";

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

const requests = async ({sim}: {sim: SteeredSim}) =>
  (await (await fetch(`${sim.url}/sim/requests`)).json()) as {signedByPath: Record<string, number>};
const cancels = async (rig: {sim: SteeredSim}) => (await requests(rig)).signedByPath["/v5/order/cancel-all"] ?? 0;

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
