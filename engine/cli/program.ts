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
import type {Invocation, Io, Sink} from "./io.js";

/** In the order in which the help lists them. */
const COMMANDS: readonly ((define: Define) => void)[] = [
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
];

/**
 * Runs one command to its end. Nothing outlives the call, and several may run in one process, one after another or at
 * once: whatever a command touches of the process is in `io`.
 * @param argv the words after `carrybook`
 * @returns the exit code; what went wrong has been written to stderr
 */
export async function runCarrybook(argv: readonly string[], io: Io): Promise<number> {
  const invocation: Invocation = {...io, argv};
  let exitCode = 0;
  const program = createProgram(io);
  const define: Define = (name, description, build) => {
    const command = withCommonFlags(program.command(name).description(description)).exitOverride();
    build(command, async (work) => {
      const context = createContext(command.opts<CommonFlags>(), invocation);
      const code = await work(context);
      exitCode = code ?? (io.signal.aborted ? 130 : 0);
    });
  };
  for (const add of COMMANDS) add(define);
  try {
    // `--no-data` would be read as the opposite of `--data DIR`, and the last of the two would win.
    const words = argv.map((word) => (word === "--no-data" ? "--no-store" : word));
    await program.parseAsync(words, {from: "user"});
  } catch (error) {
    exitCode = report(error, io);
  }
  return exitCode;
}

/** The command line without its commands, which inherit where its text goes. */
function createProgram({stdout, stderr, env}: Io): Command {
  const widthOf = (sink: Sink) => (sink.isTTY ? sink.columns : undefined) as number;
  const colorsOf = (sink: Sink) => wantsColor(env) ?? Boolean(sink.isTTY && sink.hasColors?.());
  return new Command("carrybook")
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => widthOf(stdout),
      getErrHelpWidth: () => widthOf(stderr),
      getOutHasColors: () => colorsOf(stdout),
      getErrHasColors: () => colorsOf(stderr)
    })
    .description("History you can prove, a ledger that adds up, and a notebook to question it all.")
    .version(VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError("(run with --help for what it takes)")
    .exitOverride();
}

/** What the environment says of colours; undefined leaves it to the terminal. */
function wantsColor({NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE}: NodeJS.ProcessEnv): boolean | undefined {
  if (NO_COLOR || FORCE_COLOR === "0" || FORCE_COLOR === "false") return false;
  return FORCE_COLOR || CLICOLOR_FORCE !== undefined ? true : undefined;
}

/** Tells the reader what went wrong and what to do, and gives the exit code. */
function report(error: unknown, {stderr, signal}: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (signal.aborted) {
    stderr.write("interrupted; what was finished is kept, run the same command again to go on\n");
    return 130;
  }
  if (error instanceof CarrybookError) {
    stderr.write(`error: ${error.message}\n${error.fix ? `  → ${error.fix}\n` : ""}`);
    if (error instanceof UsageError) return 2;
    if (error instanceof ConfigError) return 3;
    if (error instanceof DataError) return 4;
    if (error instanceof ExchangeError) return 5;
    if (error instanceof LockedError) return 6;
    return 1;
  }
  const {code, message, stack} = error as NodeJS.ErrnoException;
  if (isDiskFull(error)) {
    stderr.write(
      `error: the disk is full (${message.split("\n")[0]})\n  → free some space and run the same command again: what was committed is kept\n`
    );
    return 1;
  }
  stderr.write(`error: ${code ? message : (stack ?? message)}\n`);
  return 1;
}
