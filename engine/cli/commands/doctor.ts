import {runChecks} from "../../process/doctor.js";
import {drawTable} from "../output.js";
import type {Define} from "../define.js";

const GLYPH = {ok: "✓", warning: "!", failed: "✗"} as const;

export function doctorCommand(define: Define): void {
  define("doctor", "check this machine, the configuration, the store and every file of the lake", (command, run) =>
    command
      .option("--mend", "close the data directory, the store and the journals to other users of this machine")
      .action(({mend}: {mend?: boolean}) =>
        run(async ({config, dataDir, output, now}) => {
          const checks = await runChecks(dataDir, config, now(), {mend});
          output.document(checks, () =>
            drawTable(checks, [
              {title: "", value: (c) => GLYPH[c.state]},
              {title: "check", value: (c) => c.name},
              {title: "finding", value: (c) => c.text},
              {title: "what to do", value: (c) => c.fix ?? "–"}
            ])
          );
          return checks.some((check) => check.state === "failed") ? 4 : 0;
        })
      )
  );
}
