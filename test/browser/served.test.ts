import {describe, expect, it} from "vitest";
import {openSite} from "../../engine/api/static.js";
import {openPage} from "../helpers/browser.js";
import {startApi} from "../helpers/engine.js";
import {pagesOf} from "../helpers/site.js";
import {siteOf} from "../helpers/sites.js";

describe("the site as the engine serves it", () => {
  it("every page works under its content security policy", async () => {
    const {dist} = siteOf("data");
    const {url} = await startApi({}, {site: openSite(dist)});
    const failed: Record<string, string[]> = {};
    for (const path of pagesOf(dist).filter((page) => page !== "404")) {
      const {page, problems} = await openPage(`${url}/${path}`);
      const broken = await page.locator(".observablehq--error").count();
      if (problems.length + broken > 0) failed[path] = [...problems, ...(broken > 0 ? [`${broken} broken cells`] : [])];
      await page.context().close();
    }
    expect(failed).toEqual({});
  });

  it("what is not the page's own does not run", async () => {
    const {dist} = siteOf("data");
    const {url} = await startApi({}, {site: openSite(dist)});
    const {page} = await openPage(`${url}/`);
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "window.injected = true";
      document.body.append(script);
      const image = document.createElement("img");
      image.setAttribute("onerror", "window.injected = true");
      image.src = "data:,";
      document.body.append(image);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return (window as {injected?: boolean}).injected ?? false;
    });
    expect(ran).toBe(false);
    await page.context().close();
  });
});
