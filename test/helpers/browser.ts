import {createServer, type AddressInfo} from "node:net";
import {chromium, type Browser, type Page} from "playwright-core";
import {afterAll, inject} from "vitest";

let connected: Promise<Browser> | undefined;
afterAll(async () => (await connected)?.close());

/** The browser of this run, to which each file connects once. Closing it closes what this file has opened, and no more. */
const browserOfRun = (): Promise<Browser> => (connected ??= chromium.connect(inject("browser")));

/** Returns a loopback port without a listener. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const {port} = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Options for opening a page. */
export interface OpenOptions {
  theme?: "light" | "dark";
  width?: number;
  height?: number;
  /** weighs what is fetched, for `bytes` */
  weigh?: boolean;
}

/** A page with its errors: console errors, exceptions, requests to other origins and failed requests. */
export async function openPage(
  url: string,
  {theme = "light", width = 1280, height = 900, weigh = false}: OpenOptions = {}
): Promise<{page: Page; problems: string[]; bytes: () => Promise<number>}> {
  const browser = await browserOfRun();
  const context = await browser.newContext({
    viewport: {width, height},
    colorScheme: theme,
    acceptDownloads: true,
    permissions: ["clipboard-write"],
    reducedMotion: "reduce"
  });
  await context.addInitScript(() => {
    (window as any).layoutShift = 0;
    new PerformanceObserver((list) => {
      for (const e of list.getEntries() as any[]) if (!e.hadRecentInput) (window as any).layoutShift += e.value;
    }).observe({type: "layout-shift", buffered: true});
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const bodies: Promise<number>[] = [];
  await page.route("**", (route) => {
    const address = new URL(route.request().url());
    if (["127.0.0.1", "localhost"].includes(address.hostname) || ["data:", "blob:"].includes(address.protocol)) {
      return route.continue();
    }
    problems.push(`network: ${address.href}`);
    return route.abort();
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
    // Every body crosses to the test to be compressed there, which costs more than the page itself.
    if (weigh) bodies.push(response.body().then(compressedSize, () => 0));
  });
  await page.goto(url, {waitUntil: "load"});
  await drawn(page);
  return {page, problems, bytes: async () => (await Promise.all(bodies)).reduce((a, b) => a + b, 0)};
}

async function compressedSize(body: Buffer): Promise<number> {
  const {gzipSync} = await import("node:zlib");
  return gzipSync(body).length;
}

/** Waits until no cell is loading and the drawing of two frames is done. */
export async function drawn(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector("observablehq-loading"), undefined, {timeout: 30_000});
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))
  );
}
