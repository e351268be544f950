/** Where text of a command goes: a stream of the process, or a test's buffer. */
export interface Sink {
  write: (text: string) => unknown;
  /** true when a person reads it on a terminal */
  isTTY?: boolean | undefined;
  /** width of the terminal, characters */
  columns?: number | undefined;
  hasColors?: (() => boolean) | undefined;
}

/** All that a command touches of the process it runs in. */
export interface Io {
  stdout: Sink;
  stderr: Sink;
  env: NodeJS.ProcessEnv;
  /** relative paths start here */
  cwd: string;
  /** aborted by the first Ctrl-C or SIGTERM */
  signal: AbortSignal;
}

/** One call of the command line. */
export interface Invocation extends Io {
  /** the words after `carrybook`, as typed */
  argv: readonly string[];
}
