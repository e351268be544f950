import {spawn} from "node:child_process";
import {ROOT} from "./paths.js";

/** What a command sends to the process that started it: an engine its sign-in link, a failed command its error. */
export type CommandMessage = {link: string} | {error: string};

/** Result of a child process. */
export interface Exit {
  code: number;
  stdout: string;
  stderr: string;
  /** the error that ended a `carrybook` command, without its fix; null for none, and for other programs */
  error: string | null;
}

/**
 * Runs a Node script of this package to its end. Output goes to the terminal unless `capture` is set. Resolves with the
 * exit code (130 or 143 after a signal); a nonzero code does not reject.
 */
export function run(
  script: string,
  args: readonly string[],
  {env = process.env, capture = false}: {env?: NodeJS.ProcessEnv; capture?: boolean} = {}
): Promise<Exit> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    env,
    stdio: capture ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "inherit", "inherit"]
  });
  const output = {stdout: "", stderr: "", error: null as string | null};
  child.on("message", (message: CommandMessage) => {
    if ("error" in message) output.error = message.error;
  });
  child.stdout?.on("data", (chunk) => (output.stdout += chunk));
  child.stderr?.on("data", (chunk) => (output.stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({code: code ?? (signal === "SIGINT" ? 130 : 143), ...output}));
  });
}
