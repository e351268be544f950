import {appendFileSync} from "node:fs";
import {startSim, type SteeredSim} from "../../engine/simulator/api/server.js";
import {executionConfig, type ExecutionConfig} from "../../engine/config/execution.js";
import {BybitAccount} from "../../engine/execution/live/account.js";
import {LiveVenue} from "../../engine/execution/live/live.js";
import {LiveFeed} from "../../engine/loop/feed.js";
import {Journal, journalFiles, REAL_DISK, type JournalDisk} from "../../engine/journal/journal.js";
import {Recorder} from "../../engine/journal/recorder.js";
import type {AccountInput} from "../../engine/simulator/account/accounts.js";
import type {Ledger} from "../../engine/simulator/api/ledger.js";
import type {BaselineEvent, SettlementInput} from "../../engine/journal/events.js";
import {disagreement, reconcile} from "../../engine/loop/reconcile.js";
import {Trader} from "../../engine/trader/trader.js";
import {createExchange, type Exchange} from "../../loaders/exchange/index.js";
import {Decimal, ZERO} from "../../src/lib/money/decimal.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import type {VirtualClock} from "./clock.js";
import {Crash, type CrashAt} from "./journal.js";
import {silentClock} from "./silence.js";
import {LIVE_KEYS, LOOP_NOW, TRADED} from "./loop.js";

/** Point at which a process crashes while it sends a round of orders. */
export type CrashPoint = "none" | "before journal" | "after send" | "after ack";

export interface DeskOptions {
  pair?: string;
  account?: Partial<AccountInput>;
  config?: Record<string, string>;
  nowMs?: number;
  deadlineMs?: number;
  /** settings of order execution */
  execution?: Partial<ExecutionConfig>;
  /** shows orders instead of sending them */
  dryRun?: (order: string) => void;
}

/**
 * Trades one pair on an account of the simulated venue, step by step, with the real trader and journal. The venue is
 * reached over HTTP, and the process may crash at any point of an order.
 */
export class LiveDesk {
  readonly alarms: string[] = [];
  trader!: Trader;
  venue!: LiveVenue;
  /** stops the running process cleanly */
  stop!: AbortController;
  #journal!: Journal;
  #disk: JournalDisk | undefined;
  /** the partial line left by a crash */
  #partial = "";

  private constructor(
    readonly dir: string,
    readonly sim: SteeredSim,
    readonly clock: VirtualClock,
    readonly exchange: Exchange,
    readonly account: BybitAccount,
    readonly feed: LiveFeed,
    readonly pair: string,
    readonly config: ReturnType<typeof parseConfig>,
    public execution: ExecutionConfig,
    readonly dryRun: DeskOptions["dryRun"]
  ) {}

  static async open(dir: string, options: DeskOptions = {}): Promise<LiveDesk> {
    const {pair = "SOL/USDT", nowMs = LOOP_NOW, deadlineMs = 120} = options;
    const {clock, onSilence} = silentClock(nowMs);
    const coins = [...new Set([...TRADED, pair.split("/")[0]!.replace(/^1000/, "")])];
    const sim = await startSim({nowMs, clock: clock.monotonic, onSilence, coins});
    sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}, ...options.account});
    const exchange = await createExchange({url: sim.url, simulated: true, clock, random: () => 0.5, deadlineMs: 2_000});
    const account = await BybitAccount.open({
      clock,
      random: () => 0.5,
      url: sim.url,
      keys: LIVE_KEYS,
      deadlineMs,
      market: exchange
    });
    await account.syncClock();
    const config = parseConfig({
      minRate: "0.0001",
      exitRate: "0",
      expectedHoldPeriods: "1000",
      spotFeeIn: "base",
      slippageBps: "0",
      maxPositionUsd: "1000",
      ...options.config
    });
    const feed = new LiveFeed(exchange);
    await feed.list();
    const desk = new LiveDesk(
      dir,
      sim,
      clock,
      exchange,
      account,
      feed,
      pair,
      config,
      executionConfig.parse(options.execution ?? {}),
      options.dryRun
    );
    desk.#start();
    const {trader} = desk;
    const baseline: BaselineEvent = {type: "baseline", ...(await desk.venue.readBaseline())};
    trader.baseline(baseline);
    trader.list({type: "listed", ts: nowMs, pair, instrument: feed.markets.get(pair)!.instrument ?? null});
    const rows = [24, 16, 8].map((hours): [number, string, number] => [nowMs - hours * HOUR_MS, "0.001", 8]);
    trader.warm({type: "warmed", ts: nowMs, pair, rows});
    return desk;
  }

  #start(): void {
    const {clock, exchange, account, config, alarms} = this;
    this.stop = new AbortController();
    this.venue = new LiveVenue({
      account,
      exchange,
      clock,
      signal: this.stop.signal,
      config,
      execution: this.execution,
      alarm: (text) => void alarms.push(text),
      dryRun: this.dryRun
    });
    this.#journal = new Journal(this.dir, {
      disk: {...REAL_DISK, write: (fd, text) => (this.#disk ?? REAL_DISK).write(fd, text)}
    });
    this.trader = new Trader({
      recorder: new Recorder(this.#journal, this.#journal.opened.recent),
      venue: this.venue,
      config,
      venueName: "sim",
      barMs: HOUR_MS
    });
  }

  /** Makes the process crash at its `n`-th journal line from now. */
  dieAtLine(n: number, at: CrashAt): void {
    let lines = 0;
    this.#disk = {
      ...REAL_DISK,
      write: (fd, text) => {
        if (++lines !== n) return REAL_DISK.write(fd, text);
        this.#partial = at === "before" ? "" : at === "within" ? text.slice(0, Math.floor(text.length / 2)) : text;
        throw new Crash(`line ${n}`);
      }
    };
  }

  /** Starts a new process, which knows only the journal. */
  async restart(): Promise<void> {
    this.#journal.close();
    this.#disk = undefined;
    // a crashed process does not clean up, as the journal does after an error
    const newest = journalFiles(this.dir).at(-1);
    if (newest !== undefined) appendFileSync(newest, this.#partial);
    this.#partial = "";
    this.#start();
    await this.trader.recover();
  }

  /** Observes the market and the account, a minute after the last time, and runs the step that follows. */
  async step(rate?: string): Promise<void> {
    this.clock.advance(MINUTE_MS);
    const {venueMs} = await this.feed.time();
    const ts = Math.max(venueMs, this.trader.lastTs + 1);
    const quote = (await this.feed.scan(ts)).get(this.pair);
    const news = await this.venue.news(ts, this.trader.lastTs);
    const settlements: SettlementInput[] = news.payments
      .filter(({tsMs}) => tsMs > this.trader.pair(this.pair).rates.newestTs)
      .sort((a, b) => a.tsMs - b.tsMs)
      .map(({tsMs, amount: paid}) => {
        const mark = {price: quote!.perp!.last, source: "perp-close" as const};
        return {tsMs, rate: "0.0001", reportedHours: 8, mark, paid};
      });
    // without a mark: the settlement decided here is not one of the venue's, which therefore pays nothing
    if (rate !== undefined) settlements.push({tsMs: ts, rate, reportedHours: 8});
    await this.trader.step({
      ts,
      pairs: [
        {
          pair: this.pair,
          ...(settlements.length > 0 && {settlements}),
          foreign: news.foreign.map(({record}) => record),
          ...(quote?.spot && {spot: quote.spot}),
          ...(quote?.perp && {perp: quote.perp})
        }
      ],
      account: news.account
    });
  }

  /**
   * Runs a step in which the process crashes, and the new process that resumes.
   * @param last index of the order after whose sending it crashes; earlier ones are acknowledged when `answered` is set
   */
  async stepInto(crash: CrashPoint, rate: string, {last = 2, answered = false} = {}): Promise<void> {
    if (crash === "none") return this.step(rate);
    const {account} = this;
    const [create, createSpread] = [account.create.bind(account), account.createSpread.bind(account)];
    if (crash === "after send") {
      let sent = 0;
      const dying =
        (send: typeof create): typeof create =>
        async (...order) => {
          const dies = ++sent === last;
          const reply = send(...order);
          if (answered && !dies) return reply;
          await reply.catch(() => undefined);
          if (dies) throw new Crash("sent");
          return new Promise(() => undefined);
        };
      account.create = dying(create);
      account.createSpread = dying(createSpread);
    } else {
      const type = crash === "before journal" ? "ordered" : "filled";
      this.#disk = {
        ...REAL_DISK,
        write: (fd, text) => {
          if (text.includes(`"type":"${type}"`)) throw new Crash(type);
          REAL_DISK.write(fd, text);
        }
      };
    }
    let died = false;
    try {
      await this.step(rate);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      died = true;
    }
    Object.assign(account, {create, createSpread});
    if (!died) throw new Error("the process did not die");
    await this.restart();
  }

  get ledger(): Ledger {
    return this.sim.steer.ledger(LIVE_KEYS.apiKey);
  }

  /** Returns the net position by the venue's own books, in coins: spot coins less the short. */
  get naked(): Decimal {
    const {coins, short} = exposureOf(this.ledger, this.pair);
    return coins.minus(short);
  }

  /** Returns the mismatch between venue and ledger; undefined when they agree. */
  async disagreement(): Promise<string | undefined> {
    return disagreement(
      await reconcile(this.trader, {venueMs: this.trader.lastTs, pause: () => this.clock.sleep(500)})
    );
  }

  async close(): Promise<void> {
    this.#journal.close();
    await this.sim.close();
  }
}

/** Returns an account's balances and position of a pair whose perp counts single coins. */
export function exposureOf(ledger: Ledger, pair: string): {coins: Decimal; short: Decimal} {
  const [coin] = pair.split("/") as [string];
  const position = ledger.positions.find(({symbol}) => symbol === pair.replace("/", ""));
  const size = new Decimal((position?.["size"] as string | undefined) ?? "0");
  return {
    coins: new Decimal(ledger.balances[coin] ?? "0"),
    short: position?.["side"] === "Sell" ? size : size.neg()
  };
}

/** Returns the change of the venue's cash since `start`, with open shorts at their entry value. */
export function venueFlow(ledger: Ledger, start: Decimal): Decimal {
  return ledger.positions.reduce(
    (sum, row) => {
      const size = new Decimal(row["size"] as string).times(row["side"] === "Sell" ? 1 : -1);
      return sum.plus(size.times(row["avgPrice"] as string));
    },
    new Decimal(ledger.balances["USDT"] ?? "0").minus(start)
  );
}

/** Returns the cash flow by the trader's own ledger. */
export const bookedFlow = (trader: Trader): Decimal =>
  trader.open.reduce((sum, hedge) => sum.plus(hedge.flow), trader.account.closedNet.plus(trader.outside).plus(ZERO));

/** Returns the longest time in ms for which an account's legs differed by more than `step`, by its executions. */
export function longestNaked(ledger: Ledger, step: Decimal): number {
  let naked = ZERO;
  let since: number | undefined;
  let longest = 0;
  const rows = [...ledger.executions].sort((a, b) => Number(a["execTime"]) - Number(b["execTime"]));
  for (const [i, row] of rows.entries()) {
    const ts = Number(row["execTime"]);
    const quantity = new Decimal(row["execQty"] as string).times(row["side"] === "Buy" ? 1 : -1);
    const inCoin = row["category"] === "spot" && row["side"] === "Buy";
    naked = naked.plus(quantity).minus(inCoin ? (row["execFee"] as string) : 0);
    // executions at one instant are one exposure
    if (rows[i + 1] !== undefined && Number(rows[i + 1]!["execTime"]) === ts) continue;
    const even = naked.abs().lte(step);
    if (!even) since ??= ts;
    else if (since !== undefined) {
      longest = Math.max(longest, ts - since);
      since = undefined;
    }
  }
  return since === undefined ? longest : Math.max(longest, ledger.now - since);
}
