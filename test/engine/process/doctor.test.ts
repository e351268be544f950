import {execFileSync} from "node:child_process";
import {existsSync, readdirSync, readFileSync, statSync, truncateSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {publish} from "../../../loaders/lake/publish.js";
import {databasePath} from "../../../loaders/store/database.js";
import {cli} from "../../helpers/cli.js";
import {candle, open, perp, write} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

interface Found {
  name: string;
  state: string;
  text: string;
  fix?: string;
}

/** Runs `doctor` and returns its exit code and what it says of the store. */
async function storeCheck(data: string, ...flags: string[]) {
  const {code, stdout} = await cli(["doctor", "--data", data, "--json", ...flags]);
  return {code, store: (JSON.parse(stdout) as Found[]).find(({name}) => name === "store")};
}

/** A published store of rows in a folder whose name a shell would part. */
async function published(): Promise<string> {
  const data = join(tmp(), "my data");
  const db = await open(data);
  await write(db, perp, [candle(0), candle(1)]);
  await publish(db);
  await db.close();
  return data;
}

describe("doctor and the store", () => {
  it("opens it, and leaves every file as it was", async () => {
    const data = await published();
    const before = [readdirSync(data), readFileSync(databasePath(data))];
    expect(await storeCheck(data)).toEqual({
      code: 0,
      store: {name: "store", state: "ok", text: `${databasePath(data)} opens`}
    });
    expect([readdirSync(data), readFileSync(databasePath(data))]).toEqual(before);
  });

  it("reports one that is cut short, and the fix that it and restore give brings every row back", async () => {
    const data = await published();
    const path = databasePath(data);
    truncateSync(path, Math.floor(statSync(path).size / 3));
    const {code, store} = await storeCheck(data, "--mend");
    expect(code).toBe(4);
    expect(store).toMatchObject({
      state: "failed",
      text: expect.stringContaining(`invalid store: ${path} cannot be opened`)
    });
    expect(existsSync(path)).toBe(true);
    const refused = await cli(["restore", "--data", data]);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(store!.fix!);

    const [move, restore] = store!.fix!.replace(/^[^:]*: /, "").split(" && ");
    execFileSync("sh", ["-c", move!]);
    expect(existsSync(`${path}.damaged`)).toBe(true);
    expect(restore).toBe(`npx carrybook restore --data '${data}'`);
    expect((await cli(["restore", "--data", data])).code).toBe(0);
    expect(await storeCheck(data)).toMatchObject({code: 0, store: {state: "ok"}});
    const db = await open(data);
    const rows = await db.connection.runAndReadAll("select count(*) from candles");
    expect(rows.getRows()).toEqual([[2n]]);
    await db.close();
  });

  it("leaves one that a process holds alone, and misses none where there is none yet", async () => {
    const data = join(tmp(), "data");
    expect((await storeCheck(data)).store).toBeUndefined();
    const db = await open(data);
    expect((await storeCheck(data)).store).toBeUndefined();
    await db.close();
    expect((await storeCheck(data)).store).toMatchObject({state: "ok"});
  });
});
