import {describe, expect, it} from "vitest";
import {dayIn, getParam, numberIn, oneOf, setParam, type QueryEnvironment} from "../../../src/components/ui/query.js";

function environment(search = "", hash = ""): QueryEnvironment & {url: string} {
  const env = {
    url: `/explorer${search}${hash}`,
    location: {search, pathname: "/explorer", hash},
    history: {
      replaceState(_: unknown, __: string, url: string) {
        env.url = url;
        env.location.search = url.includes("?") ? url.slice(url.indexOf("?")).split("#")[0]! : "";
      }
    }
  };
  return env;
}

describe("state in the URL", () => {
  it("is read back as written", () => {
    const env = environment();
    setParam("q", "BTC/USDT & co", {env});
    expect(getParam("q", env)).toBe("BTC/USDT & co");
  });
  it("holds only what differs from the defaults, and keeps other parameters", () => {
    const env = environment("?range=1y&q=btc", "#all");
    setParam("range", "90d", {fallback: "90d", env});
    expect(env.url).toBe("/explorer?q=btc#all");
    setParam("q", "", {env});
    expect(env.url).toBe("/explorer#all");
  });
});

describe("an invalid query parameter", () => {
  it("falls back to the default for an unknown choice", () => {
    expect(oneOf("1y", ["7d", "1y"], "7d")).toBe("1y");
    expect(oneOf("<script>", ["7d", "1y"], "7d")).toBe("7d");
    expect(oneOf(null, ["7d", "1y"], "7d")).toBe("7d");
  });
  it("falls back to the default for a number out of bounds or no number", () => {
    expect(numberIn("40", 10, 100, 20)).toBe(40);
    for (const bad of ["", " ", "x", "1e400", "-5", "101", null]) expect(numberIn(bad, 10, 100, 20)).toBe(20);
  });
  it("is null for a day that does not exist", () => {
    expect(dayIn("2024-02-29")).toBe(Date.UTC(2024, 1, 29));
    for (const bad of ["2023-02-29", "2024-13-01", "2024-1-1", "today", null]) expect(dayIn(bad)).toBe(null);
  });
});
