import {chmodSync, mkdirSync, statSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {Journal} from "../../../engine/journal/journal.js";
import {databasePath} from "../../../loaders/store/database.js";
import {cli} from "../../helpers/cli.js";
import {open, perp, candle, write} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe.skipIf(process.platform === "win32")("access to a data directory", () => {
  it("a new one, its store and its journals are closed to others", async () => {
    const data = join(tmp(), "data");
    const db = await open(data);
    await write(db, perp, [candle(0)]);
    await db.close();
    const journal = new Journal(join(data, "journal", "paper"));
    journal.append({type: "started", ts: 0});
    journal.close();
    expect([data, databasePath(data), join(data, "journal"), join(data, "journal/paper")].map(modeOf)).toEqual([
      "700",
      "600",
      "700",
      "700"
    ]);
    expect(modeOf(join(data, "journal/paper/000001.ndjson"))).toBe("600");
  });

  it("doctor reports wider modes, and doctor --mend closes them", async () => {
    const data = join(tmp(), "data");
    await (await open(data)).close();
    mkdirSync(join(data, "journal/live"), {recursive: true});
    writeFileSync(join(data, "journal/live/000001.ndjson"), "");
    const paths = [data, databasePath(data), join(data, "journal/live/000001.ndjson")];
    chmodSync(paths[0]!, 0o755);
    chmodSync(paths[1]!, 0o644);
    chmodSync(paths[2]!, 0o640);
    type Found = {name: string; state: string; text: string; fix?: string};
    const access = async (...flags: string[]) => {
      const {stdout} = await cli(["doctor", "--data", data, "--json", ...flags]);
      return (JSON.parse(stdout) as Found[]).find(({name}) => name === "access")!;
    };
    expect(await access()).toMatchObject({state: "warning", fix: expect.stringContaining("--mend")});
    expect(paths.map(modeOf)).toEqual(["755", "644", "640"]);
    expect(await access("--mend")).toMatchObject({state: "ok"});
    expect(paths.map(modeOf)).toEqual(["700", "600", "600"]);
    expect(await access()).toMatchObject({state: "ok"});
  }, 30_000);
});
