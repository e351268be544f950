import {readFileSync, writeFileSync} from "node:fs";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {afterEach, describe, expect, it} from "vitest";
import {BybitAccount, type KeyFacts} from "../../../engine/execution/live/account.js";
import {connectLive, type ConnectOptions} from "../../../engine/execution/live/connect.js";
import {feeRows} from "../../../engine/execution/live/fees.js";
import {judgeKey} from "../../../engine/execution/live/rights.js";
import {journalFiles} from "../../../engine/journal/journal.js";
import type {AccountInput} from "../../../engine/simulator/account/accounts.js";
import {startSim, type SteeredSim} from "../../../engine/simulator/api/server.js";
import {heldByJournal} from "../../../engine/loop/held.js";
import {createExchange, type Exchange} from "../../../loaders/exchange/index.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {virtualClock, type VirtualClock} from "../../helpers/clock.js";
import {silentClock} from "../../helpers/silence.js";
import {LIVE_KEYS, LOOP_NOW, loopRig, TRADED, type LoopRigOptions} from "../../helpers/loop.js";
import {tmp} from "../../helpers/tmp.js";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Place {
  clock: VirtualClock;
  sim: SteeredSim;
  exchange: Exchange;
}

async function place(account: Partial<AccountInput> = {}): Promise<Place> {
  const {clock, onSilence} = silentClock(LOOP_NOW);
  const sim = await startSim({nowMs: LOOP_NOW, clock: clock.monotonic, onSilence, coins: TRADED});
  closing.push(sim.close);
  sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}, ...account});
  clock.advance(1_000);
  const exchange = await createExchange({url: sim.url, simulated: true, clock, random: () => 0.5});
  return {clock, sim, exchange};
}

describe("account keys", () => {
  const good: KeyFacts = {
    account: "7",
    readOnly: false,
    permissions: {Spot: ["SpotTrade"], ContractTrade: ["Order", "Position"], Wallet: ["AccountTransfer"]},
    expiresTs: LOOP_NOW + 90 * DAY_MS
  };
  const judge = (change: Partial<KeyFacts>, dryRun = false) =>
    judgeKey({...good, ...change}, {venueMs: LOOP_NOW, dryRun}).map(({level, message}) => `${level}: ${message}`);

  it("trade-only keys cause no warning", () => {
    expect(judge({})).toEqual([]);
    expect(judge({expiresTs: undefined})).toEqual([]);
    expect(judge({expiresTs: LOOP_NOW + 14 * DAY_MS})).toEqual([]);
  });

  it("keys that may withdraw, expire soon, or have unknown permissions cause a warning", () => {
    const withdraw = {...good.permissions, Wallet: ["AccountTransfer", "Withdraw"]};
    expect(judge({permissions: withdraw})).toEqual([expect.stringMatching(/^critical: the keys may WITHDRAW/)]);
    const soon = judge({expiresTs: LOOP_NOW + 13.5 * DAY_MS});
    expect(soon).toEqual([expect.stringMatching(/^warn: the keys expire in 13 days, on 2026-03-16T03:30/)]);
    expect(judge({permissions: undefined})).toEqual([expect.stringMatching(/^warn: the venue does not tell/)]);
  });

  it("keys that cannot trade both legs are rejected, but suffice for a dry run", () => {
    const cases: [Partial<KeyFacts>, string][] = [
      [{readOnly: true}, "they are read-only"],
      [{permissions: {...good.permissions, Spot: []}}, "no right to trade spot"],
      [{permissions: {Spot: ["SpotTrade"]}}, "no right to contract orders and positions"],
      [{permissions: {...good.permissions, ContractTrade: ["Order"]}}, "no right to contract orders and positions"]
    ];
    for (const [change, says] of cases) {
      expect(() => judge(change)).toThrow(says);
      expect(judge(change, true)).toEqual([expect.stringContaining(says)]);
    }
  });
});

describe("connecting to an account", () => {
  const options = ({clock, exchange}: Place, change: Partial<ConnectOptions> = {}): ConnectOptions => ({
    live: {keys: LIVE_KEYS, dryRun: false},
    exchange,
    strategy: parseConfig({}),
    clock,
    signal: new AbortController().signal,
    log: {info: () => undefined, warn: () => undefined},
    warn: () => undefined,
    alarm: () => undefined,
    shown: () => undefined,
    deadlineMs: 400,
    ...change
  });

  it("connection waits for an unresponsive venue, reports it, and continues", async () => {
    const own = await place();
    const said: string[] = [];
    const note = (text: string) => void said.push(text);
    own.sim.steer.orderFaults([{kind: "server-error", path: "/user/query-api", times: 14}]);
    await connectLive(options(own, {log: {info: note, warn: note}}));
    expect(said.length).toBeGreaterThan(2);
    expect(said[0]).toMatch(/^the account at http:\/\/127\.0\.0\.1:\d+ cannot be reached .*; retrying/);
    expect(said.at(-1)).toMatch(/^the account at .* answers$/);
    for (const text of said) expect(text).not.toContain(LIVE_KEYS.apiKey);
  });

  it("connection stops waiting when the process is stopped", async () => {
    const own = await place();
    own.sim.steer.orderFaults([{kind: "server-error", path: "/user/query-api", times: 1_000_000}]);
    const stop = new AbortController();
    const log = {info: () => undefined, warn: () => stop.abort(new Error("interrupted"))};
    await expect(connectLive(options(own, {log, signal: stop.signal}))).rejects.toThrow("interrupted");
  });

  it("connection warns of keys that may withdraw", async () => {
    const own = await place({permissions: {Wallet: ["Withdraw"]}});
    const warned: string[] = [];
    await connectLive(options(own, {warn: ({level, message}) => void warned.push(`${level}: ${message}`)}));
    expect(warned).toEqual([expect.stringMatching(/^critical: the keys may WITHDRAW/)]);
  });

  it("dry-run connection cannot change anything, whatever is sent", async () => {
    const {clock, sim} = await place();
    const account = await BybitAccount.open({clock, random: () => 0.5, url: sim.url, keys: LIVE_KEYS, reads: true});
    await account.syncClock();
    expect((await account.balances()).get("USDT")).toBe("100000");
    await expect(account.cancelAll()).rejects.toThrow("invalid request: v5/order/cancel-all in a dry run");
    await expect(account.setMarginMode("ISOLATED_MARGIN")).rejects.toThrow("in a dry run");
    await expect(account.create({category: "spot"})).rejects.toThrow("in a dry run");
    expect(sim.steer.ledger(LIVE_KEYS.apiKey)).toMatchObject({orders: [], marginMode: "REGULAR_MARGIN"});
  });
});

it("error omits the key even when the venue quotes the signed text", async () => {
  const message = `error sign! origin_string[1772465400245${LIVE_KEYS.apiKey}5000accountType=UNIFIED]`;
  const server = createServer((_, reply) => {
    reply.setHeader("content-type", "application/json");
    reply.end(JSON.stringify({retCode: 10004, retMsg: message, result: {}, time: LOOP_NOW}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = virtualClock(LOOP_NOW);
  const account = await BybitAccount.open({clock, random: () => 0.5, url, keys: LIVE_KEYS});
  for (const asked of [account.balances(), account.create({category: "spot"})]) {
    const error = (await asked.catch((thrown: unknown) => thrown)) as Error;
    const told = [error.message, (error.cause as Error | undefined)?.message ?? ""].join();
    expect(told).toContain("error sign! origin_string[1772465400245[redacted]5000");
    expect(told).not.toContain(LIVE_KEYS.apiKey);
  }
});

describe("account fees", () => {
  const spot = {maker: "0.001", taker: "0.0018"};
  const configured = parseConfig({spotFee: "0.001", perpFee: "0.00055"});

  it("fees above the configured ones are reported with both numbers; lower ones are accepted", async () => {
    const {clock, sim, exchange} = await place({feeRates: {spot, linear: {maker: "0.0001", taker: "0.0002"}}});
    const account = await BybitAccount.open({clock, random: () => 0.5, url: sim.url, keys: LIVE_KEYS});
    const rows = await feeRows(["BTC/USDT", "1000PEPE/USDT"], configured, {account, exchange});
    expect(rows).toEqual([
      {
        component: "fees",
        pair: "BTC/USDT",
        ledger: "0.001",
        venue: "0.0018",
        residual: "0.0008",
        agrees: false,
        says: expect.stringMatching(
          /^spot fee: the account pays 0\.18 % for BTC\/USDT, more than the 0\.1 % of costs\.spotFee/
        )
      },
      expect.objectContaining({
        component: "fees",
        ledger: "0.00055",
        venue: "0.0002",
        residual: "-0.00035",
        agrees: true
      })
    ]);
  });

  it("fee mismatch is listed with the reconciliation, reported once, and halts nothing", async () => {
    const own = await place({feeRates: {spot}});
    const account = await BybitAccount.open({clock: own.clock, random: () => 0.5, url: own.sim.url, keys: LIVE_KEYS});
    const {exchange} = own;
    const fees = (pairs: readonly string[]) => feeRows(pairs, configured, {account, exchange});
    const script: LoopRigOptions["script"] = [{atTs: LOOP_NOW + 1_200_000, act: (rig) => rig.control.stop("keep")}];
    const rig = await loopRig(tmp(), {...own, live: {}, options: {fees}, script});
    await rig.loop.run();
    const found = rig.control.reconciliation()!;
    expect(found.agrees).toBe(true);
    expect(found.rows.filter(({component}) => component === "fees").map(({agrees}) => agrees)).toEqual([false, true]);
    expect(rig.loop.trader.mode).toBe("running");
    const told = rig.emitted.filter(
      ({type, data}) => type === "notification" && (data as {event: string}).event === "keys"
    );
    expect(told).toHaveLength(1);
    await rig.close();
  });
});

describe("live journal", () => {
  async function ended(dir: string, own: Place) {
    const script: LoopRigOptions["script"] = [{atTs: LOOP_NOW + 60_000, act: (rig) => rig.control.stop("keep")}];
    const rig = await loopRig(dir, {...own, live: {}, options: {origin: own.sim.url}, script});
    await rig.loop.run();
    await rig.close();
  }

  it("journal of another venue is rejected, without a signed request", async () => {
    const [own, other] = [await place(), await place()];
    const dir = tmp();
    await ended(dir, own);
    const signed = other.sim.steer.signedRequests();
    await expect(loopRig(dir, {...other, live: {}, options: {origin: other.sim.url}})).rejects.toThrow(
      `invalid url: ${other.sim.url}, the journal in ${dir}/journal/live was begun at ${own.sim.url}`
    );
    // the helper's own connection reads the venue's time, which is not signed
    expect(other.sim.steer.signedRequests()).toBe(signed);
    await ended(dir, own);
  });

  it("damaged journal still yields venue and account, but no coins", async () => {
    const own = await place();
    const dir = tmp();
    await ended(dir, own);
    const journal = `${dir}/journal/live`;
    const account = String(own.sim.steer.ledger(LIVE_KEYS.apiKey).uid);
    expect(heldByJournal(journal)).toMatchObject({origin: own.sim.url, venue: "sim", account, damage: undefined});
    const file = journalFiles(journal).at(-1)!;
    writeFileSync(file, `${readFileSync(file, "utf8")}{"seq":9,"crc":"00000000","event":{"type":"filled","ts":1}}\n`);
    const held = heldByJournal(journal);
    expect(held).toMatchObject({origin: own.sim.url, account, before: {USDT: "100000"}});
    expect(held.damage).toMatch(/^invalid journal: /);
    expect(held.coins.size).toBe(0);
  });
});
