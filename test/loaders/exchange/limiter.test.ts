import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {Limiter} from "../../../loaders/exchange/limiter.js";
import {virtualClock} from "../../helpers/clock.js";

const limits = {address: {perWindow: 50, windowMs: 5_000}};
const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Returns the most arrivals in any window of the venue; windows are half open, as the venue counts. */
function fullestWindow(arrivals: readonly number[], windowMs: number): number {
  const sorted = [...arrivals].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (let i = 0; i < sorted.length; i++) {
    while (sorted[first]! <= sorted[i]! - windowMs) first++;
    most = Math.max(most, i - first + 1);
  }
  return most;
}

describe("limiter", () => {
  it("law: no rolling window at the venue exceeds 80 % of the limit, for any network delay", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({out: fc.integer({min: 0, max: 4_000}), back: fc.integer({min: 0, max: 4_000})}), {
          minLength: 120,
          maxLength: 250
        }),
        fc.integer({min: 4, max: 64}),
        async (delays, concurrency) => {
          const clock = virtualClock(0, 0);
          const limiter = new Limiter({clock, limits, concurrency});
          const arrivals: number[] = [];
          let inFlight = 0;
          let most = 0;
          await Promise.all(
            delays.map(async ({out, back}) => {
              const done = await limiter.acquire({address: 1});
              most = Math.max(most, ++inFlight);
              await clock.sleep(out);
              arrivals.push(clock.monotonic());
              await clock.sleep(back);
              inFlight--;
              done();
            })
          );
          expect(arrivals).toHaveLength(delays.length);
          expect(fullestWindow(arrivals, 5_000)).toBeLessThanOrEqual(40);
          expect(most).toBeLessThanOrEqual(concurrency);
        }
      ),
      {numRuns: 8, seed: 7}
    );
  });

  it("the full allowance is sent at once, and so is the next window's", async () => {
    const clock = virtualClock(0, 0);
    const limiter = new Limiter({clock, limits, concurrency: 100});
    const sent: number[] = [];
    await Promise.all(
      Array.from({length: 80}, async () => {
        const done = await limiter.acquire({address: 1});
        sent.push(clock.monotonic());
        done();
      })
    );
    expect(sent.filter((ms) => ms < 5_000)).toHaveLength(40);
    expect(sent.filter((ms) => ms >= 5_000 && ms < 5_100)).toHaveLength(40);
    expect(limiter.usage("address")).toMatchObject({inWindow: 40, perWindow: 40, published: 50, share: 0.8});
  });

  it("callers are served live, update, repair, backfill, and first come first served within one", async () => {
    const clock = virtualClock(0, 0);
    const limiter = new Limiter({clock, limits, concurrency: 1});
    const order: string[] = [];
    const first = await limiter.acquire({address: 1});
    const asked = (["backfill", "repair", "backfill", "update", "live", "live"] as const).map(async (priority, i) => {
      const done = await limiter.acquire({address: 1}, priority);
      order.push(`${priority} ${i}`);
      done();
    });
    first();
    await Promise.all(asked);
    expect(order).toEqual(["live 4", "live 5", "update 3", "repair 1", "backfill 0", "backfill 2"]);
  });

  it("an aborted caller leaves the queue, and callers behind it proceed", async () => {
    const clock = virtualClock(0, 0);
    const limiter = new Limiter({clock, limits, concurrency: 1});
    const first = await limiter.acquire({address: 1});
    const stop = new AbortController();
    const given = limiter.acquire({address: 1}, "live", stop.signal);
    const next = limiter.acquire({address: 1}, "backfill");
    stop.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    expect(limiter.waiting).toBe(1);
    first();
    (await next)();
    await expect(limiter.acquire({address: 1}, "live", stop.signal)).rejects.toThrow("enough");
  });

  it("no request is sent during a pause, and a shorter pause does not end it", async () => {
    const clock = virtualClock(0, 0);
    const limiter = new Limiter({clock, limits});
    limiter.pauseUntil(600_000);
    limiter.pauseUntil(1_000);
    const done = await limiter.acquire({address: 1}, "live");
    expect(clock.monotonic()).toBe(600_000);
    done();
  });

  it("an abandoned pause leaves no timer behind", async () => {
    const clock = virtualClock(0, 0);
    const limiter = new Limiter({clock, limits});
    limiter.pauseUntil(600_000);
    const stop = new AbortController();
    const given = limiter.acquire({address: 1}, "live", stop.signal);
    stop.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    for (let i = 0; i < 5; i++) await tick();
    expect(clock.monotonic()).toBe(0);
  });

  it.each([3_600_000, -3_600_000])("trap 17: callers do not stall when the wall clock steps by %d ms", async (step) => {
    const clock = virtualClock(Date.UTC(2026, 9, 1), 0);
    const limiter = new Limiter({clock, limits, concurrency: 8});
    const sent: number[] = [];
    await Promise.all(
      Array.from({length: 100}, async () => {
        const done = await limiter.acquire({address: 1});
        if (sent.push(clock.monotonic()) === 50) clock.step(step);
        await clock.sleep(20);
        done();
      })
    );
    expect(clock.monotonic()).toBeLessThan(11_000);
    expect(fullestWindow(sent, 5_000)).toBe(40);
    expect(clock.slept.longestMs).toBeLessThanOrEqual(5_000);
  });

  it("a full limit blocks only the requests that count against it", async () => {
    const clock = virtualClock(0, 0);
    const limiter = new Limiter({
      clock,
      limits: {weight: {perWindow: 100, windowMs: 60_000}, funding: {perWindow: 5, windowMs: 300_000}}
    });
    const order: string[] = [];
    const ask = async (name: string, costs: Record<string, number>) => {
      const done = await limiter.acquire(costs);
      order.push(name);
      done();
    };
    await Promise.all([
      ...Array.from({length: 5}, (_, i) => ask(`funding ${i}`, {weight: 1, funding: 1})),
      ask("klines", {weight: 10})
    ]);
    expect(order).toEqual(["funding 0", "funding 1", "funding 2", "funding 3", "klines", "funding 4"]);
    expect(clock.monotonic()).toBe(300_000);
    expect(() => limiter.acquire({weight: 81})).toThrow("invalid cost: 81 of weight");
  });
});
