import {tableFromArrays, tableToIPC} from "@uwdata/flechette";
import {describe, expect, it} from "vitest";
import {loadJson, loadRows, rowsFromArrow} from "../../src/components/arrow.js";
import {explorerSnapshot, statusSnapshot} from "../../loaders/snapshots/index.js";
import type {ExplorerRow, Status} from "../../src/components/feed/types.js";
import {mkdtempSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";

const bytes = tableToIPC(tableFromArrays({pair: ["BTC/USDT", "ETH/USDT"], rate: [0.0001, null]}), {format: "stream"})!;
const attachment = (read: () => Promise<unknown>) => ({arrayBuffer: read as () => Promise<ArrayBuffer>, json: read});
const missing = () => Promise.reject(new Error("Unable to load file: x.arrow"));

describe("reading attachments", () => {
  it("returns plain rows with null for missing values", () => {
    expect(rowsFromArrow(bytes).map((d) => ({...(d as object)}))).toEqual([
      {pair: "BTC/USDT", rate: 0.0001},
      {pair: "ETH/USDT", rate: null}
    ]);
    expect(rowsFromArrow(new Uint8Array())).toEqual([]);
  });
  it("returns null for a missing file, and throws on a corrupt one", async () => {
    expect(await loadRows(attachment(missing))).toBe(null);
    expect(await loadJson(attachment(missing))).toBe(null);
    await expect(loadRows(attachment(async () => new TextEncoder().encode("no arrow").buffer))).rejects.toThrow();
    await expect(loadJson(attachment(() => Promise.reject(new SyntaxError("x"))))).rejects.toThrow("x");
  });
});

it("readers accept the snapshots of an empty data directory", async () => {
  process.env.CARRYBOOK_DATA = mkdtempSync(join(tmpdir(), "carrybook-empty-"));
  expect(rowsFromArrow<ExplorerRow>(await explorerSnapshot())).toEqual([]);
  const status: Status = JSON.parse(JSON.stringify(statusSnapshot()));
  expect([status.state, status.series]).toEqual(["empty", []]);
});
