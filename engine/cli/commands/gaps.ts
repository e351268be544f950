import {requireManifest} from "../../../loaders/snapshots/status.js";
import {planRepairs} from "../../data/plan.js";
import {count} from "../output.js";
import {followSubmitted} from "../follow.js";
import {ingestWork, runBatches} from "../ingest.js";
import type {Context} from "../context.js";
import type {Define} from "../define.js";
import type {Job} from "../../../src/lib/wire/job.js";
import type {Remark} from "../../../src/lib/market/snapshot.js";
import {MINUTE_MS} from "../../../src/lib/time/grid.js";
import {formatInstant} from "../../../src/lib/time/instant.js";

export function gapsCommand(define: Define): void {
  define("gaps", "list the holes in the coverage ledger: open, confirmed missing and ambiguous", (command, run) =>
    command
      .option("--repair", "refetch the holes; a hole still empty after two refetches is confirmed missing")
      .action(({repair}: {repair?: boolean}) =>
        run(async (context) => {
          requireManifest(context.dataDir);
          const code = repair ? await repairHoles(context) : 0;
          if (!repair) list(context);
          return code;
        })
      )
  );
}

function list({dataDir, output}: Context): void {
  const manifest = requireManifest(dataDir);
  const gaps = manifest.series.flatMap(({venue, pair, series, timeframe, holes}) =>
    holes.map((hole) => ({venue, pair, series, timeframe, ...hole}))
  );
  const remarks = manifest.series.flatMap(({venue, pair, series, timeframe, remarks: own = []}) =>
    own.map((remark) => ({venue, pair, series, timeframe, ...findingOf(remark)}))
  );
  output.table<Finding>(
    [...gaps, ...remarks],
    [
      {title: "venue", value: (g) => g.venue},
      {title: "pair", value: (g) => g.pair},
      {title: "series", value: (g) => `${g.series} ${g.timeframe}`.trim()},
      {title: "from", value: (g) => formatInstant(g.from)},
      {title: "to", value: (g) => formatInstant(g.to)},
      {title: "rows", value: (g) => count(g.rows), align: "right"},
      {title: "state", value: stateOf}
    ]
  );
  const open = gaps.filter((gap) => gap.state === "open").length;
  output.note(
    gaps.length === 0
      ? `no holes in ${manifest.series.length} histories`
      : `${gaps.length} holes in ${manifest.series.length} histories${open > 0 ? "; next: npx carrybook gaps --repair, or import a file with the rows" : ""}`
  );
}

/** A hole, or what a remark of the ledger says of a stretch. */
interface Finding {
  venue: string;
  pair: string;
  series: string;
  timeframe: string;
  from: number;
  to: number;
  rows: number;
  state: string;
  was?: string | null;
  now?: string | null;
  reason?: string | null;
}

/** Returns a remark in the shape of a hole: it misses no row, but a rejected one. */
function findingOf({kind, ts, toTs, was, now, reason}: Remark) {
  const values = was !== null && now !== null ? {was, now} : {reason};
  return {from: ts, to: toTs ?? ts + MINUTE_MS, rows: kind === "doubt" ? 1 : 0, state: kind, ...values};
}

const stateOf = ({state, was, now, reason}: Finding): string =>
  was && now ? `${state}: ${was}, now ${now}` : reason ? `${state}: ${reason}` : state;

async function repairHoles(context: Context): Promise<number> {
  const {output} = context;
  const ended: Job[] = [];
  const code = await ingestWork(context, {
    here: async (ingest) => {
      const batches = await planRepairs(ingest);
      if (batches.length === 0) return nothing(context);
      const exit = await runBatches(ingest, batches);
      ended.push(...batches.map(({id}) => ingest.service.get(id)!));
      return exit;
    },
    there: async (engine) => {
      const submitted = await engine.submit("/gaps/repair", {});
      if (submitted.batches.length === 0) return nothing(context);
      return followSubmitted(engine, context, submitted, (batch) => ended.push(batch));
    }
  });
  if (ended.length === 0) return code;
  const sum = (name: string) => ended.reduce((n, {quality}) => n + (quality?.[name] ?? 0), 0);
  output.note(
    `${count(sum("filled"))} rows filled, ${sum("confirmed")} holes confirmed missing, ${sum("ambiguous")} still ambiguous`
  );
  return code;
}

function nothing({output}: Context): number {
  output.document({batches: [], jobs: [], usage: {}}, () => "no hole left to refetch");
  return 0;
}
