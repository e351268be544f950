import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from "node:fs";
import {spawnSync} from "node:child_process";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {ROOT} from "../../engine/site/paths.js";
import {withLake} from "../../loaders/lake/reader.js";
import {openPage} from "../helpers/browser.js";
import {cli} from "../helpers/cli.js";
import {serveDist} from "../helpers/server.js";
import {canCutNetwork} from "../helpers/site.js";
import {useSite} from "../helpers/sites.js";

const site = useSite("data");

describe("SQL in a page", () => {
  it("answers from the published tables with the network cut", async () => {
    const {page, problems} = await openPage(`${site.url}notes/sql-over-the-tables`);
    const table = page.locator("table", {hasText: "received_percent"});
    await table.waitFor({timeout: 60_000});
    const shown = (await table.locator("tbody tr").allInnerTexts()).map((d) =>
      d
        .split("\t")
        .map((x) => x.trim())
        .filter(Boolean)
    );
    const expected = await withLake(site.data, async ({connection}) => {
      const reader = await connection.runAndReadAll(`
        select pair, strftime(make_timestamp((boundary_ts * 1000)::bigint), '%Y-%m') as month, count(*)::int as n, sum(rate) * 100 as received
        from funding group by all having n >= 60 order by received limit 10`);
      return reader.getRows();
    });
    expect(shown.length).toBe(expected.length);
    shown.forEach((row, i) => {
      const [pair, month, n, received] = expected[i]!;
      expect(row.slice(0, 3)).toEqual([pair, month, String(n)]);
      expect(Number(row[3]!.replaceAll(",", ""))).toBeCloseTo(Number(received), 2);
    });
    expect(await page.locator("figure svg, .observablehq svg").count()).toBeGreaterThan(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

it("the block of the guide works as it stands in a new note, and gives the command's numbers", async () => {
  const guide = readFileSync(join(ROOT, "src/notes/how-to-write-an-analysis.md"), "utf8");
  const block = /````md\n([\s\S]*?)````/.exec(guide)![1]!;
  const code = /```js\n([\s\S]*?)```/.exec(block)![1]!;
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(10);

  // a copy of the project, so that the note never stands in the reader's own
  const folder = mkdtempSync(join(tmpdir(), "carrybook-note-"));
  try {
    for (const name of ["src", "engine", "loaders", "package.json", "tsconfig.json", "observablehq.config.ts"]) {
      cpSync(join(ROOT, name), join(folder, name), {
        recursive: true,
        filter: (path) => !path.includes(".observablehq")
      });
    }
    mkdirSync(join(folder, "data"));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "src/notes/my-question.md"), block);
    cpSync(join(ROOT, "test/examples/note.md"), join(folder, "src/notes/example.md"));
    const dist = join(folder, "site");
    const args = ["--import", "tsx", "engine/site/build.ts", "--data", site.data, "--dist", dist];
    const [command, rest] = canCutNetwork()
      ? ["unshare", ["-rn", process.execPath, ...args]]
      : [process.execPath, args];
    const built = spawnSync(command as string, rest as string[], {cwd: folder, encoding: "utf8", maxBuffer: 1e8});
    expect(built.status, built.stderr.slice(-2000)).toBe(0);
    const served = await serveDist(dist);
    try {
      const {page, problems} = await openPage(`${served.url}notes/my-question`);
      await page.getByText(/^Net .* after \d+ trades?/).waitFor({timeout: 60_000});
      const said = await page.getByText(/^Net .* after/).innerText();
      const settings = ["--set", "minRate=0.0002", "exitRate=0"];
      const run = await cli([
        "backtest",
        "--pairs",
        "BTC/USDT",
        "--strategy",
        "simple",
        ...settings,
        "--timeframe",
        "8h",
        "--json",
        "--data",
        site.data
      ]);
      const {totals} = JSON.parse(run.stdout).portfolio;
      expect(said).toBe(`Net ${totals.net} after ${totals.trades} trades.`);
      expect(await page.locator("svg").count()).toBeGreaterThan(0);
      expect(await page.locator("table tbody tr").count()).toBeGreaterThan(0);
      expect(await page.locator(".observablehq--error").count()).toBe(0);
      expect(problems).toEqual([]);
      await page.context().close();

      const example = await openPage(`${served.url}notes/example`);
      await example.page.getByText(/^The conservative preset made \d+ trades/).waitFor({timeout: 60_000});
      expect(await example.page.getByText(/^Half of all \d+ periods left more than/).count()).toBe(1);
      expect(await example.page.locator(".observablehq--error").count()).toBe(0);
      expect(example.problems).toEqual([]);
      await example.page.context().close();
    } finally {
      await served.close();
    }
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
});
