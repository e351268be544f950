import {join} from "node:path";
import {UsageError} from "../../../loaders/errors.js";
import {formatInstant} from "../../../src/lib/time/instant.js";
import {auditJournal} from "../../loop/audit.js";
import {count} from "../output.js";
import type {Define} from "../define.js";

export function auditCommand(define: Define): void {
  define(
    "audit",
    "replay the engine's journal from its inputs and verify every line, decision and snapshot",
    (command, run) =>
      command
        .option("--mode <mode>", "journal to audit: paper or live", "paper")
        .addHelpText(
          "after",
          `
Examples:
  npx carrybook audit --demo        # the paper engine on the simulated market
  npx carrybook audit --mode live --json

The audit is read-only; the engine may keep running.`
        )
        .action(({mode}: {mode: string}) =>
          run(async ({dataDir, output}) => {
            if (mode !== "paper" && mode !== "live")
              throw new UsageError(`invalid mode: ${mode}`, {fix: "use paper or live"});
            const audit = await auditJournal(join(dataDir, "journal", mode));
            if (audit.torn !== null) output.note(`${audit.torn}; it is ignored`, "warn");
            output.document(
              audit,
              () =>
                `${count(audit.lines)} lines from ${formatInstant(audit.from)} to ${formatInstant(audit.to)}: all checksums match, ` +
                `${count(audit.decisions)} decisions and ${count(audit.trades)} trades are reproduced` +
                (mode === "paper"
                  ? ", ledger and venue agree"
                  : "; the engine reconciles with the venue in every cycle")
            );
            return 0;
          })
        )
  );
}
