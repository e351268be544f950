import type {CommandMessage} from "../site/run.js";

/** Destination of a command's text: a stream of the process, or a test's buffer. */
export interface Sink {
  write: (text: string) => unknown;
  /** true on a terminal */
  isTTY?: boolean | undefined;
  /** width of the terminal, characters */
  columns?: number | undefined;
  hasColors?: (() => boolean) | undefined;
}

/** Everything of the process that a command uses. */
export interface Io {
  stdout: Sink;
  stderr: Sink;
  env: NodeJS.ProcessEnv;
  /** base of relative paths */
  cwd: string;
  /** aborted by the first Ctrl-C or SIGTERM */
  signal: AbortSignal;
  /** sends to the process that started this one; undefined where nobody listens */
  send?: ((message: CommandMessage) => void) | undefined;
}

/** One invocation of the command line. */
export interface Invocation extends Io {
  /** the arguments after `carrybook`, as typed */
  argv: readonly string[];
}
