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
import {editDistance} from "../../src/lib/strategy/suggest.js";
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
import {venuesCommand} from "./commands/venues.js";
import {VERSION} from "../version.js";
import type {Define} from "./define.js";
import type {Invocation, Io, Sink} from "./io.js";

/** The commands, in the order of the help. */
const COMMANDS: readonly ((define: Define) => void)[] = [
  demoCommand,
  backfillCommand,
  updateCommand,
  importCommand,
  backtestCommand,
  sweepCommand,
  statusCommand,
  pairsCommand,
  venuesCommand,
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
 * Runs one command to its end. Nothing outlives the call, and several calls may run in one process, even at once:
 * a command uses the process only through `io`.
 * @param argv the arguments after `carrybook`
 * @returns the exit code; errors have been written to stderr
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
    // Commander would parse `--no-data` as the negation of `--data DIR`, and the last of the two would win.
    const words = argv.map((word) => (word === "--no-data" ? "--no-store" : word));
    await program.parseAsync(words, {from: "user"});
  } catch (error) {
    exitCode = report(error, io);
  }
  return exitCode;
}

/** Creates the program without commands; they inherit its output. */
function createProgram({stdout, stderr, env}: Io): Command {
  const widthOf = (sink: Sink) => (sink.isTTY ? sink.columns : undefined) as number;
  const colorsOf = (sink: Sink) => wantsColor(env) ?? Boolean(sink.isTTY && sink.hasColors?.());
  return new Command("carrybook")
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(withoutFarSuggestion(text)),
      getOutHelpWidth: () => widthOf(stdout),
      getErrHelpWidth: () => widthOf(stderr),
      getOutHasColors: () => colorsOf(stdout),
      getErrHasColors: () => colorsOf(stderr)
    })
    .description("History you can prove, a ledger that adds up, and a notebook to question it all.")
    .version(VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError("(run with --help for usage)")
    .exitOverride();
}

/** Drops commander's suggestion of a name that shares hardly a letter, such as `--data` for `--rate`. */
export const withoutFarSuggestion = (text: string): string =>
  text.replace(/'-*([^']+)'\n\(Did you mean -*([^\s?]+)\?\)/, (all, typed: string, name: string) =>
    editDistance(typed, name) <= Math.max(1, Math.floor(typed.length / 3)) ? all : all.slice(0, all.indexOf("\n"))
  );

/** Reads the colour setting from the environment; undefined leaves it to the terminal. */
function wantsColor({NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE}: NodeJS.ProcessEnv): boolean | undefined {
  if (NO_COLOR || FORCE_COLOR === "0" || FORCE_COLOR === "false") return false;
  return FORCE_COLOR || CLICOLOR_FORCE !== undefined ? true : undefined;
}

/** Prints an error with its fix, sends it to a waiting parent process, and returns the exit code. */
function report(error: unknown, {stderr, signal, send}: Io): number {
  const print = (message: string, fix?: string) => {
    stderr.write(`error: ${message}\n${fix ? `  → ${fix}\n` : ""}`);
    send?.({error: message});
  };
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (signal.aborted) {
    stderr.write("interrupted; finished work is kept, run the same command again to resume\n");
    return 130;
  }
  if (error instanceof CarrybookError) {
    print(error.message, error.fix);
    if (error instanceof UsageError) return 2;
    if (error instanceof ConfigError) return 3;
    if (error instanceof DataError) return 4;
    if (error instanceof ExchangeError) return 5;
    if (error instanceof LockedError) return 6;
    return 1;
  }
  const {code, message, stack} = error as NodeJS.ErrnoException;
  if (isDiskFull(error)) {
    print(
      `the disk is full (${message.split("\n")[0]})`,
      "free disk space and run the same command again: committed data is kept"
    );
    return 1;
  }
  print(code ? message : (stack ?? message));
  return 1;
}
