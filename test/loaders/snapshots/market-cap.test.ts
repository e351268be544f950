import {createServer, type Server} from "node:http";
import type {AddressInfo} from "node:net";
import {afterEach, describe, expect, it} from "vitest";
import {marketCaps} from "../../../loaders/snapshots/market-cap.js";

let server: Server | undefined;
afterEach(() => server?.close());

/** A server in CoinGecko's place; the bodies are constructed after its documented shape. */
async function answering(status: number, body: string): Promise<string> {
  server = createServer((_, reply) => reply.writeHead(status, {"content-type": "application/json"}).end(body));
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("market capitalisation, optional", () => {
  it("is read by coin; the larger of two coins with one symbol counts; an unknown one stays unknown", async () => {
    const url = await answering(
      200,
      JSON.stringify([
        {symbol: "btc", market_cap: 2e12},
        {symbol: "uni", market_cap: 5e9},
        {symbol: "uni", market_cap: 1e6},
        {symbol: "x", market_cap: null}
      ])
    );
    const {byCoin, problem} = await marketCaps({url});
    expect([...byCoin]).toEqual([
      ["BTC", 2e12],
      ["UNI", 5e9]
    ]);
    expect(problem).toBeUndefined();
  });

  it.each([
    [429, "{}", /HTTP 429/],
    [200, "<html>", /is missing/],
    [200, `{"error": "no"}`, /is missing/]
  ])("is empty with a reason after HTTP %i with %j", async (status, body, message) => {
    const {byCoin, problem} = await marketCaps({url: await answering(status, body)});
    expect(byCoin.size).toBe(0);
    expect(problem).toMatch(message);
  });

  it("is empty with a reason when the address does not answer", async () => {
    expect((await marketCaps({url: "http://127.0.0.1:9", timeoutMs: 500})).problem).toContain("market cap is missing");
  });
});
