import {readdirSync, readFileSync, statSync} from "node:fs";
import {join} from "node:path";
import {expect, it} from "vitest";
import {importFiles, planImport} from "../../../loaders/ingest/import/index.js";
import {readJobs} from "../../../loaders/store/jobs.js";
import {tree} from "../../helpers/imports.js";
import {open} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const SECRET = "s3cr3t-of-a-person";

/** Every file under a folder. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, {recursive: true, encoding: "utf8"})
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

it("no path and no content of a file that was left out gets into the lake, its manifest or the jobs", async () => {
  const dir = tree({
    "private/BTCUSDT-funding.csv": `ts,rate\n1704067200000,0.0001\n1704096000000,${SECRET}\n`,
    "private/ETHUSDT-funding.csv": `ts,rate\n${SECRET},0.0001\n`,
    "private/API_KEY.txt": `API_KEY=${SECRET}\nAPI_SECRET=${SECRET}\n`,
    "private/keys.json": JSON.stringify({key: SECRET}),
    "private/broken.json": `{"key":"${SECRET}`,
    "private/SOLUSDT-1h.csv": `open_time,open,high,low,close\n1704067200000,1,2,0.5,1\n${SECRET},1,2,0.5,1\n`,
    "private/XRPUSDT-funding.csv": "ts,rate\n1704067200000,0.0001\n1704096000000,0.0002\n",
    ".env": `KEY=${SECRET}\n`
  });
  const data = join(tmp(), "data");
  const db = await open(data);
  const options = {venue: "binance"};
  const planned = await planImport([join(dir, "private"), join(dir, ".env")], options);
  const {files, failed} = await importFiles(db, planned, options);
  expect(failed).toBe(files.length - 1);
  expect(files.length).toBe(8);
  const jobs = JSON.stringify(await readJobs(db));
  expect(jobs).toContain("left out");
  await db.connection.run("checkpoint");
  await db.close();
  expect(jobs).not.toContain(SECRET);
  expect(jobs).not.toContain(dir);
  const left = filesIn(data);
  expect(left.some((path) => path.endsWith("manifest.json"))).toBe(true);
  for (const path of left) {
    const bytes = readFileSync(path);
    expect([path, bytes.includes(SECRET), bytes.includes(dir), bytes.includes("API_KEY")]).toEqual([
      path,
      false,
      false,
      false
    ]);
  }
});
