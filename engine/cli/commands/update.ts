import {planUpdates} from "../../data/plan.js";
import {followBatches} from "../follow.js";
import {ingestWork, runBatches} from "../ingest.js";
import type {Define} from "../define.js";

export function updateCommand(define: Define): void {
  define("update", "update every tracked history; reselect the top pairs weekly", (command, run) =>
    command.action(() =>
      run(async (context) => {
        const code = await ingestWork(context, {
          here: async (ingest) => runBatches(ingest, await planUpdates(ingest)),
          there: (engine) => followBatches(engine, context, "/jobs", {kind: "update"})
        });
        if (code === 0) context.output.note("Next: npx carrybook gaps, npx carrybook status");
        return code;
      })
    )
  );
}
