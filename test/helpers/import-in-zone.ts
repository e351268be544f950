import {tablesOf} from "../../loaders/ingest/import/container.js";
import {planTable} from "../../loaders/ingest/import/plan.js";
import {rowReader} from "../../loaders/ingest/import/read.js";

/**
 * Prints the rows that files are read to, for a test that compares them between the zones of machines.
 * Arguments: a JSON list of `[path, given]`.
 */
const NOW = Date.UTC(2026, 10, 1);
const list = JSON.parse(process.argv[2]!) as [string, object][];
const read: unknown[] = [];
for (const [path, given] of list) {
  const {
    tables: [table]
  } = await tablesOf(path);
  const planned = await planTable(table!, {venue: "binance", ...given});
  if (planned.state !== "clear") {
    read.push(planned.code);
    continue;
  }
  const rowOf = rowReader(table!, planned.plan, NOW);
  const rows: unknown[] = [];
  for await (const record of table!.records()) rows.push(rowOf(record));
  read.push(rows);
}
process.stdout.write(JSON.stringify({zone: new Date(2024, 6, 1).getTimezoneOffset(), read}));
