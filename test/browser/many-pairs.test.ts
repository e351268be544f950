import type {Page} from "playwright-core";
import {describe, expect, it} from "vitest";
import {openPage} from "../helpers/browser.js";
import {useSite} from "../helpers/sites.js";
import type {Catalogue} from "../../src/lib/market/catalogue.js";

const site = useSite("data");

/**
 * Opens a page of a site whose catalogue has `n` pairs: every pair's files are those of the first, under a name of its
 * own, so that what is fetched can be told apart.
 */
async function visit(n: number, path: string): Promise<{page: Page; problems: string[]; fetched: string[]}> {
  const {page, problems} = await openPage(`${site.url}404`);
  const fetched: string[] = [];
  const body = async (url: string) => (await fetch(url)).json();
  await page.route("**/catalogue*.json", async (route) => {
    const real = (await body(route.request().url())) as Catalogue;
    const model = real.entries.find((d) => d.pair === "BTC/USDT")!;
    const rename = <T>(value: T, slug: string): T =>
      JSON.parse(JSON.stringify(value).replaceAll("BTC-USDT/", `${slug}/`)) as T;
    const entries = Array.from({length: n}, (_, i) => {
      const base = `P${String(i).padStart(3, "0")}`;
      return {...rename(model, `${base}-USDT`), pair: `${base}/USDT`, slug: `${base}-USDT`};
    });
    await route.fulfill({json: {...real, entries}});
  });
  await page.route("**/decision*.json", async (route) => {
    const real = await body(route.request().url());
    const rows = Array.from({length: n}, (_, i) => ({
      ...real.rows[0],
      pair: `P${String(i).padStart(3, "0")}/USDT`,
      slug: "BTC-USDT"
    }));
    await route.fulfill({json: {...real, rows}});
  });
  await page.route("**/series/*/P*/**", async (route) => {
    const url = route.request().url();
    fetched.push(new URL(url).pathname.split("/").slice(-2).join("/"));
    const real = await fetch(url.replace(/P\d{3}-USDT/, "BTC-USDT"));
    await route.fulfill({body: Buffer.from(await real.arrayBuffer())});
  });
  await page.goto(`${site.url}${path}`);
  return {page, problems, fetched};
}

describe.each([1, 200])("over %d pairs", (n) => {
  it("builder fetches only the selected pair, and offers the others", async () => {
    const {page, problems, fetched} = await visit(n, "builder");
    await page.getByText(/1 pair run in [\d,]+ ms/).waitFor({timeout: 60_000});
    expect(new Set(fetched.map((d) => d.split("/")[0]))).toEqual(new Set(["P000-USDT"]));
    expect(await page.locator("datalist option").count()).toBe(n - 1);
    if (n > 1) {
      await page.getByLabel("Pairs", {exact: true}).fill("P137");
      await page.getByLabel("Pairs", {exact: true}).press("Enter");
      await page.getByText(/2 pairs run in [\d,]+ ms/).waitFor({timeout: 60_000});
      expect(new Set(fetched.map((d) => d.split("/")[0]))).toEqual(new Set(["P000-USDT", "P137-USDT"]));
      expect(await page.getByRole("button", {name: `First 40 of ${n}`}).count()).toBe(1);
    }
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("distributions fetch only the selected pairs", async () => {
    const {page, problems, fetched} = await visit(n, "distributions");
    await page
      .getByText(/settlements of \d+ histor/)
      .first()
      .waitFor();
    expect(fetched.length).toBe(Math.min(3, n));
    expect(fetched.every((d) => d.endsWith("funding.arrow"))).toBe(true);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("decision grades all pairs and tests a few", async () => {
    const {page, problems, fetched} = await visit(n, "decision");
    await expect.poll(() => page.locator("progress:visible").count(), {timeout: 120_000}).toBe(0);
    await expect.poll(() => page.locator(".keys").first().innerText()).toContain(`of ${n}`);
    expect(new Set(fetched.map((d) => d.split("/")[0])).size).toBeLessThanOrEqual(8);
    expect(await page.locator("table tbody tr").count()).toBeLessThanOrEqual(60);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
