import {runCarrybook} from "./program.js";

// Connects the program to the process: signals, streams and exit code.
const interrupted = new AbortController();
function onSignal(): void {
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort(new Error("interrupted"));
}
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const {stdout, stderr, env} = process;
process.exitCode = await runCarrybook(process.argv.slice(2), {
  stdout,
  stderr,
  env,
  cwd: process.cwd(),
  signal: interrupted.signal,
  // A parent that has gone hears nothing; that is no error of this process.
  send: process.send && ((message) => void process.send!(message, undefined, {}, () => undefined))
});
