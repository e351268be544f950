import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {configJsonSchema, loadConfig} from "../../../engine/config/config.js";
import {tmp} from "../../helpers/tmp.js";

const root = join(import.meta.dirname, "../../..");
const load = (file: unknown, more: Parameters<typeof loadConfig>[0] = {}) => {
  const cwd = tmp();
  if (file !== undefined)
    writeFileSync(join(cwd, "carrybook.config.json"), typeof file === "string" ? file : JSON.stringify(file));
  return loadConfig({cwd, env: {}, ...more});
};

describe("configuration", () => {
  it("default costs are those of §4", () => {
    expect(load(undefined)).toMatchObject({
      data: "data",
      costs: {spotFee: "0.001", perpFee: "0.00055", slippageBps: "5"}
    });
    expect(load(undefined).marketCap.enabled).toBe(false);
  });

  it("order style is two-orders unless the file sets another", () => {
    const execution = {style: "two-orders", makerLeg: "perp", makerDeadlineMs: 10_000};
    expect(load(undefined).engine.execution).toEqual(execution);
    expect(load({engine: {execution: {style: "spread"}}}).engine.execution).toEqual({...execution, style: "spread"});
  });

  it("precedence is file < .env < environment < flag", () => {
    const cwd = tmp();
    const now = (env = {}, flags = {}) => loadConfig({cwd, env, flags}).data;
    expect(now()).toBe("data");
    writeFileSync(join(cwd, "carrybook.config.json"), `{"data": "file"}`);
    expect(now()).toBe("file");
    writeFileSync(join(cwd, ".env"), "CARRYBOOK_DATA=dotenv\n");
    expect(now()).toBe("dotenv");
    expect(now({CARRYBOOK_DATA: "env"})).toBe("env");
    expect(now({CARRYBOOK_DATA: "env"}, {data: "flag"})).toBe("flag");
    expect(now({}, {data: undefined})).toBe("dotenv");
  });

  it.each([
    ["{", /is not JSON/],
    ["[]", /is not a JSON object/],
    [{vneue: "okx"}, /unknown key vneue/],
    [{costs: {spotfee: 1}}, /unknown key costs\.spotfee/],
    [{costs: {spotFee: -1}}, /invalid costs\.spotFee: -1/],
    [{costs: {slippageBps: "five"}}, /invalid costs\.slippageBps: "five"/],
    [{engine: {execution: {style: "slow"}}}, /invalid engine\.execution\.style: "slow"/],
    [{engine: {execution: {makerDeadlineMs: 10}}}, /invalid engine\.execution\.makerDeadlineMs: 10/],
    [{engine: {execution: {makerleg: "spot"}}}, /unknown key engine\.execution\.makerleg/],
    [{logLevel: "loud"}, /invalid logLevel: "loud"/],
    [{data: ""}, /invalid data: ""/]
  ])("file %j is rejected with its key and value", (file, message) => {
    expect(() => load(file)).toThrow(message);
  });

  it("invalid environment values and missing files are named", () => {
    expect(() => load(undefined, {env: {CARRYBOOK_MARKET_CAP_ENABLED: "maybe"}})).toThrow(
      "invalid CARRYBOOK_MARKET_CAP_ENABLED: maybe"
    );
    expect(() => loadConfig({cwd: tmp(), file: "/nowhere.json"})).toThrow("missing config: /nowhere.json");
  });

  it("committed example and schema match the code", () => {
    const example = readFileSync(join(root, "carrybook.config.example.json"), "utf8");
    expect(load(example)).toEqual({...load(undefined), $schema: "./carrybook.config.schema.json"});
    expect(JSON.parse(readFileSync(join(root, "carrybook.config.schema.json"), "utf8"))).toEqual(configJsonSchema());
  });
});
