import {runCarrybook} from "../../engine/cli/program.js";

/** What a command said and how it ended. */
export interface CliResult {
  code: number | null;
  /** the signal that killed its process, where it had one of its own */
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command under way in this process. */
interface RunningCli {
  ended: Promise<CliResult>;
  /** resolves once the text stands on one of its streams; rejects when it ends without it */
  says: (text: string) => Promise<CliResult>;
  /** Ctrl-C */
  interrupt: () => void;
}

/** The environment of a command: no data directory and no colours of whoever runs the tests. */
export const cliEnvironment = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  CARRYBOOK_DATA: "",
  ...env,
  NO_COLOR: "1"
});

/** Starts a command in this process, its streams piped to the test. */
export function startCli(args: readonly string[], env?: NodeJS.ProcessEnv): RunningCli {
  const stop = new AbortController();
  const said = {stdout: "", stderr: ""};
  const listeners = new Set<() => void>();
  const sink = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text;
      for (const look of listeners) look();
    }
  });
  const io = {
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    env: cliEnvironment(env),
    cwd: process.cwd(),
    signal: stop.signal
  };
  const ended = runCarrybook(args, io).then((code): CliResult => ({code, signal: null, ...said}));
  return {
    ended,
    interrupt: () => stop.abort(new Error("interrupted")),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!said.stdout.includes(text) && !said.stderr.includes(text)) return;
          listeners.delete(look);
          resolve({code: null, signal: null, ...said});
        };
        listeners.add(look);
        look();
        ended.then(() => reject(new Error(`ended without ${JSON.stringify(text)}: ${said.stderr}`)), reject);
      })
  };
}

/** Runs a command to its end in this process. */
export const cli = (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult> => startCli(args, env).ended;
