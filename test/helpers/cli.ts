import {spawn, type ChildProcess} from "node:child_process";
import {join} from "node:path";

const BIN = join(import.meta.dirname, "../../engine/cli/bin.js");

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts the command in its own process, as a shell would. */
export const startCli = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, [BIN, ...args], {env: {...process.env, CARRYBOOK_DATA: "", ...env, NO_COLOR: "1"}});

/** Collects the output of a process until it exits. */
export function finished(child: ChildProcess): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({code, signal, stdout, stderr})));
}

export const cli = (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult> =>
  finished(startCli(args, env));
