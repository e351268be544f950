import {Command, CommanderError} from "commander";
import {
  CarrybookError,
  ConfigError,
  DataError,
  ExchangeError,
  isDiskFull,
  LockedError,
  UsageError
} from "../../loaders/errors.js";
import {auditCommand} from "./commands/audit.js";
import {backtestCommand} from "./commands/backtest.js";
import {backfillCommand} from "./commands/backfill.js";
import {configCommand} from "./commands/config.js";
import {createContext, withCommonFlags, type CommonFlags} from "./context.js";
import {engineCommand} from "./commands/engine.js";
import {demoCommand} from "./commands/demo.js";
import {doctorCommand} from "./commands/doctor.js";
import {exportCommand} from "./commands/export.js";
import {gapsCommand} from "./commands/gaps.js";
import {importCommand} from "./commands/import.js";
import {jobsCommand} from "./commands/jobs.js";
import {lakeCommands} from "./commands/lake.js";
import {pairsCommand} from "./commands/pairs.js";
import {sweepCommand} from "./commands/sweep.js";
import {simCommand} from "./commands/sim.js";
import {serveCommand} from "./commands/serve.js";
import {statusCommand} from "./commands/status.js";
import {stopCommand} from "./commands/stop.js";
import {trackCommands} from "./commands/track.js";
import {updateCommand} from "./commands/update.js";
import {VERSION} from "../version.js";
import type {Define} from "./define.js";

const interrupted = new AbortController();
let exitCode = 0;

function onSignal(): void {
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort(new Error("interrupted"));
}
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// A reader that has seen enough (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const program = new Command("carrybook")
  .description("History you can prove, a ledger that adds up, and a notebook to question it all.")
  .version(VERSION)
  .showSuggestionAfterError()
  .showHelpAfterError("(run with --help for what it takes)")
  .exitOverride();

const define: Define = (name, description, build) => {
  const command = withCommonFlags(program.command(name).description(description)).exitOverride();
  build(command, async (work) => {
    const context = createContext(command.opts<CommonFlags>(), interrupted.signal);
    const code = await work(context);
    exitCode = code ?? (interrupted.signal.aborted ? 130 : 0);
  });
};

for (const add of [
  demoCommand,
  backfillCommand,
  updateCommand,
  importCommand,
  backtestCommand,
  sweepCommand,
  statusCommand,
  pairsCommand,
  gapsCommand,
  jobsCommand,
  trackCommands,
  exportCommand,
  lakeCommands,
  engineCommand,
  serveCommand,
  stopCommand,
  simCommand,
  auditCommand,
  doctorCommand,
  configCommand
]) {
  add(define);
}

try {
  // `--no-data` would be read as the opposite of `--data DIR`, and the last of the two would win.
  await program.parseAsync(process.argv.map((word) => (word === "--no-data" ? "--no-store" : word)));
} catch (error) {
  exitCode = report(error);
}
process.exitCode = exitCode;

/** Tells the reader what went wrong and what to do, and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (interrupted.signal.aborted) {
    process.stderr.write("interrupted; what was finished is kept, run the same command again to go on\n");
    return 130;
  }
  if (error instanceof CarrybookError) {
    process.stderr.write(`error: ${error.message}\n${error.fix ? `  → ${error.fix}\n` : ""}`);
    if (error instanceof UsageError) return 2;
    if (error instanceof ConfigError) return 3;
    if (error instanceof DataError) return 4;
    if (error instanceof ExchangeError) return 5;
    if (error instanceof LockedError) return 6;
    return 1;
  }
  const {code, message, stack} = error as NodeJS.ErrnoException;
  if (isDiskFull(error)) {
    process.stderr.write(
      `error: the disk is full (${message.split("\n")[0]})\n  → free some space and run the same command again: what was committed is kept\n`
    );
    return 1;
  }
  process.stderr.write(`error: ${code ? message : (stack ?? message)}\n`);
  return 1;
}
