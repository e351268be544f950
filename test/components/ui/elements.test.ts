// @vitest-environment jsdom
import {beforeEach, describe, expect, it, vi} from "vitest";
import {checkbox, searchBox, segmented, select, slider} from "../../../src/components/ui/controls.js";
import {DataTable} from "../../../src/components/ui/dataTable.js";
import {EmptyState, IMPORT_EXAMPLE} from "../../../src/components/ui/emptyState.js";
import {IssueList} from "../../../src/components/ui/issueList.js";
import {Banner} from "../../../src/components/pageBar.js";
import {UnknownPair} from "../../../src/components/pair/pairWords.js";
import {filterSeries, SeriesTable} from "../../../src/components/data/dataPage.js";
import {h} from "../../../src/components/ui/dom.js";
import {madeSeries, madeStatus} from "../../helpers/made/rows.js";

beforeEach(() => history.replaceState(null, "", "/"));

describe("text from the data", () => {
  it("is never markup", () => {
    const list = IssueList([{level: "critical", text: "<img src=x onerror=alert(1)>", fix: "<b>"}]);
    expect(list.querySelector("img, b")).toBe(null);
    expect(list.textContent).toContain("<img src=x");
  });
});

describe("controls", () => {
  it("read their state from the URL, fire input once per change, write the URL, and have a name", () => {
    history.replaceState(null, "", "/?range=1y");
    const control = segmented(
      [
        {value: "90d", label: "90 d"},
        {value: "1y", label: "1 y"},
        {value: "all", label: "all"}
      ],
      {label: "History", param: "range"}
    );
    document.body.replaceChildren(control);
    expect(control.value).toBe("1y");
    const listener = vi.fn();
    control.addEventListener("input", listener);
    control.querySelectorAll("input")[2]!.click();
    expect(control.value).toBe("all");
    expect(listener).toHaveBeenCalledTimes(1);
    expect(location.search).toBe("?range=all");
    control.querySelectorAll("input")[0]!.click();
    expect(location.search).toBe("");
    expect(control.querySelector("legend")!.textContent).toBe("History");
  });
  it("ignore an invalid value in the URL", () => {
    history.replaceState(null, "", "/?tier=%3Cscript%3E&bins=9999&open=yes");
    expect(select([{value: "all", label: "all"}], {label: "Tier", param: "tier"}).value).toBe("all");
    expect(slider({label: "Bins", param: "bins", min: 10, max: 100, value: 40}).value).toBe(40);
    expect(checkbox({label: "open", param: "open"}).value).toBe(false);
  });
  it("are labelled", () => {
    document.body.replaceChildren(
      searchBox({label: "Search"}),
      slider({label: "Bins", min: 1, max: 9, value: 3}),
      checkbox({label: "open"})
    );
    for (const input of document.querySelectorAll("input")) expect(input.labels!.length).toBe(1);
  });
});

describe("tables", () => {
  const rows = Array.from({length: 130}, (_, i) => ({id: i, v: (i * 37) % 130}));
  const make = (param?: string) =>
    DataTable(rows, {
      caption: "rows",
      param,
      pageSize: 50,
      columns: [
        {key: "id", label: "Id", align: "left", value: (d) => d.id},
        {key: "v", label: "V", value: (d) => d.v, first: "descending"}
      ]
    });
  const firsts = (table: Element) => [...table.querySelectorAll("tbody tr")].map((tr) => tr.children[1]!.textContent);
  it("sort by their headers, set aria-sort, and keep the sorting in the URL", () => {
    const table = make("sort");
    const button = [...table.querySelectorAll("th button")][1] as HTMLButtonElement;
    button.click();
    expect(firsts(table).slice(0, 3)).toEqual(["129", "128", "127"]);
    expect(button.parentElement!.getAttribute("aria-sort")).toBe("descending");
    expect(location.search).toBe("?sort=-v");
    button.click();
    expect(firsts(table).slice(0, 3)).toEqual(["0", "1", "2"]);
    expect(firsts(make("sort")).slice(0, 3)).toEqual(["0", "1", "2"]);
  });
  it("turn pages and restore the page from the URL", () => {
    const table = make("sort");
    const [previous, next] = [...table.querySelectorAll<HTMLButtonElement>(".pager button")];
    expect(previous!.disabled).toBe(true);
    next!.click();
    next!.click();
    expect(table.querySelectorAll("tbody tr")).toHaveLength(30);
    expect(table.querySelector(".pager")!.textContent).toContain("101 to 130 of 130");
    expect(next!.disabled).toBe(true);
    expect(location.search).toBe("?sort-page=3");
    expect(make("sort").querySelectorAll("tbody tr")).toHaveLength(30);
  });
  it("survive a page and a column that do not exist", () => {
    history.replaceState(null, "", "/?sort=nope&sort-page=99");
    expect(make("sort").querySelectorAll("tbody tr")).toHaveLength(30);
  });
});

describe("states", () => {
  it("show the command to run when there is no data", () => {
    expect(EmptyState().textContent).toContain(IMPORT_EXAMPLE);
    expect(Banner(madeStatus({empty: true})).textContent).toContain("npx carrybook import");
    expect(UnknownPair("NOPE-USDT").textContent).toContain("--pair NOPE/USDT --series funding");
    expect(Banner(null).textContent).toContain("npx carrybook doctor");
  });
  it("name the day of stale data", () => {
    const status = madeStatus();
    expect(Banner(status, {now: status.last! + 3 * 864e5}).textContent).toContain(
      "The newest row is from 2024-03-30, 3 days ago"
    );
    expect(Banner(status, {now: status.last! + 36e5}).textContent).not.toContain("stale");
  });
  it("mark simulated data on every page", () => {
    expect(Banner({...madeStatus(), simulated: true, source: "demo"}).textContent).toContain("Simulated data");
  });
});

it("series table links only to pairs that have a page", () => {
  const series = [...madeSeries(), {...madeSeries()[1]!, pair: "MATIC/USDT"}];
  const table = SeriesTable(series);
  table.update(series);
  const links = [...table.element.querySelectorAll("a")].map((a) => a.getAttribute("href"));
  expect(new Set(links)).toEqual(new Set(["./pairs/SOL-USDT"]));
});

it("series of single values are a kind of their own; those that files alone bring offer no fetch", () => {
  const [made] = madeSeries();
  const series = (["perp", "open-interest", "borrow", "own:fear"] as const).map((name) => ({
    ...made!,
    series: name,
    timeframe: name === "own:fear" ? "" : "1h",
    coverage: name === "own:fear" ? null : 1
  }));
  const kind = (kind: "candles" | "other") => filterSeries(series, {kind, search: ""}).map((d) => d.series);
  expect(kind("candles")).toEqual(["perp"]);
  expect(kind("other")).toEqual(["borrow", "open-interest", "own:fear"]);
  const doNothing = () => undefined;
  const table = SeriesTable(series, {refresh: doNothing, check: doNothing, fill: doNothing});
  table.update(series);
  const rows = [...table.element.querySelectorAll("tbody tr")].map((row) => ({
    name: row.textContent,
    buttons: [...row.querySelectorAll("button")].map((button) => button.textContent)
  }));
  const buttonsOf = (name: string) => rows.find((row) => row.name.includes(name))!.buttons;
  expect(["perp", "open-interest", "borrow", "own:fear"].map(buttonsOf)).toEqual([
    ["Refresh", "Check"],
    ["Refresh", "Check"],
    ["Check"],
    ["Check"]
  ]);
});

it("h omits attributes that are null or false", () => {
  expect(h("p", {title: null, hidden: false, id: "x"}, "a", null, ["b", 1]).outerHTML).toBe('<p id="x">ab1</p>');
});
