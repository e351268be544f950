import {backfillBench} from "./backfill.js";
import {backtestBench} from "./backtest.js";
import {machine, markdown, type BenchRow} from "./harness.js";
import {ledgerBench} from "./ledger.js";
import {emergencyBench} from "./emergency.js";
import {engineBench} from "./engine.js";
import {importBench} from "./import.js";
import {siteBench} from "./site.js";
import {storeBench} from "./store.js";
import {sweepBench} from "./sweep.js";

/** `npm run bench [name…]`: the rows of the table in src/reference/measured.md, one suite after another. */
const SUITES: Readonly<Record<string, () => Promise<BenchRow[]> | BenchRow[]>> = {
  store: storeBench,
  import: importBench,
  backfill: backfillBench,
  sweep: sweepBench,
  ledger: ledgerBench,
  backtest: backtestBench,
  engine: engineBench,
  emergency: emergencyBench,
  site: siteBench
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(SUITES, name));
if (unknown) {
  console.error(`invalid suite: ${unknown}; there are ${Object.keys(SUITES).join(", ")}`);
  process.exit(2);
}
const rows: BenchRow[] = [];
for (const name of asked.length > 0 ? asked : Object.keys(SUITES)) {
  console.error(`measuring ${name}`);
  rows.push(...(await SUITES[name]!()));
}
console.log(`${machine()}\n\n${markdown(rows)}`);
