import {spawn, type ChildProcess} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import {inject} from "vitest";
import {lockPath} from "../../loaders/store/database.js";
import {readHolder} from "../../loaders/store/lock.js";
import {cliEnvironment, type CliResult} from "./cli.js";

const BIN = join(import.meta.dirname, "../../engine/cli/bin.js");

/** Starts a command as a process of its own, as a shell would: for signals, deaths and locks between processes. */
export const spawnCli = (args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess =>
  spawn(process.execPath, [BIN, ...args], {env: cliEnvironment(env)});

/** The same of the program as JavaScript, which starts in half the time: for a command that is started hundreds of times. */
export const spawnCompiled = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [join(inject("compiled"), "engine/cli/main.js"), ...args], {env: cliEnvironment()});

/** Resolves with its instant once a process that runs holds a data directory, ms of `performance.now`. */
export async function holds(child: ChildProcess, data: string): Promise<number> {
  const path = lockPath(data);
  while (child.exitCode === null && child.signalCode === null && readHolder(path)?.pid !== child.pid)
    await new Promise((resolve) => setTimeout(resolve, 3));
  return performance.now();
}

/** Collects what a process says until it ends. */
export function finished(child: ChildProcess): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({code, signal, stdout, stderr})));
}

/** Resolves once a process has said something on one of its streams; rejects when it ends before. */
export function says(child: ChildProcess, text: string): Promise<void> {
  let said = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (data: Buffer) => {
        said += data.toString();
        if (said.includes(text)) resolve();
      });
    child.once("close", () => reject(new Error(`ended without ${JSON.stringify(text)}: ${said}`)));
  });
}

/** The link that signs a browser in, once an engine has printed it. */
export async function linkOf(engine: ChildProcess): Promise<string> {
  let said = "";
  for (;;) {
    const [chunk] = (await once(engine.stderr!, "data")) as [Buffer];
    said += String(chunk);
    const link = /open (http:\S+#ticket=\S+)/.exec(said)?.[1];
    if (link) return link;
    if (engine.exitCode !== null) throw new Error(said);
  }
}

/** Runs a command to its end in a process of its own. */
export const cliProcess = (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult> =>
  finished(spawnCli(args, env));
